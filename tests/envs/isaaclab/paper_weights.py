"""The weights of the rewards, as the paper's tables have them (arXiv 2502.01521, Section A.2.1)."""

ANYMAL_VELOCITY = {
    "track_lin_vel_xy": 1.0,
    "track_ang_vel_z": 0.5,
    "lin_vel_z": -2.0,
    "ang_vel_xy": -0.05,
    "flat_orientation": -5.0,
    "undesired_contacts": -1.0,
    "joint_torques": -2.5e-5,
    "joint_acc": -2.5e-7,
    "action_rate": -0.01,
    "feet_air_time": 0.5,
}

ANYMAL_POSITION = {
    "position_tracking": 10.0,
    "lin_vel_z": -2.0,
    "flat_orientation": -1.0,
    "applied_torque_limits": -0.2,
    "joint_vel": -0.001,
    "joint_vel_limits": -1.0,
    "contact_forces": -1.0e-5,
    "collision": -0.5,
    "joint_torques": -1.0e-5,
    "action_rate": -0.01,
    "feet_air_time": 0.1,
    "base_acceleration": -0.001,
    "feet_acceleration": -0.002,
    "termination": -200.0,
    "stalling": -1.0,
    "exploration": 1.0,
    "stand_still": -0.05,
}

G1_BOTH = {
    "lin_vel_z": -0.2,
    "flat_orientation": -1.0,
    "joint_limits": -1.0,
    "hip_deviation": -0.1,
    "arms_deviation": -0.1,
    "fingers_deviation": -0.05,
    "torso_deviation": -0.1,
    "feet_slide": -0.1,
    "joint_torques": -2.0e-6,
    "joint_acc": -1.0e-7,
    "action_rate": -0.005,
    "feet_air_time": 0.75,
    "termination": -200.0,
}

G1_VELOCITY = {
    **G1_BOTH,
    "track_lin_vel_xy": 1.0,
    "track_ang_vel_z": 1.0,
    "ang_vel_xy": -0.05,
}

G1_POSITION = {
    **G1_BOTH,
    "position_tracking": 10.0,
    "ang_vel_xy": -0.005,
    "applied_torque_limits": -0.2,
    "joint_vel": -0.001,
    "joint_vel_limits": -1.0,
    "contact_forces": -1.0e-5,
    "stalling": -1.0,
    "exploration": 1.0,
    "stand_still": -0.05,
}

WEIGHTS = {
    "AnymalD-Velocity": ANYMAL_VELOCITY,
    "AnymalD-Position": ANYMAL_POSITION,
    "G1-Velocity": G1_VELOCITY,
    "G1-Position": G1_POSITION,
}
