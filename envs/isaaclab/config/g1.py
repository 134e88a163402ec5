"""Unitree G1: its weights of the rewards, its failures and its payloads."""

import re

from isaaclab.managers import RewardTermCfg as RewTerm
from isaaclab.managers import SceneEntityCfg
from isaaclab.utils import configclass
from isaaclab_tasks.core.velocity import mdp

from ... import splits
from . import robots
from .events import joint_failure, payload
from .position import PositionEnvCfg, PositionRewardsCfg
from .robots import G1_FINGERS, g1
from .velocity import VelocityEnvCfg, VelocityRewardsCfg

FEET = ".*_ankle_roll_link"


def joints(*names: str) -> dict[str, SceneEntityCfg]:
    """Tell a term which joints it is about.

    Args:
        names: Regular expressions of the joints.
    """
    return {"asset_cfg": SceneEntityCfg("robot", joint_names=list(names))}


def feet() -> SceneEntityCfg:
    """The contacts of the feet."""
    return SceneEntityCfg("contact_forces", body_names=FEET)


def feet_air_time(command_name: str) -> RewTerm:
    """Reward standing on one foot, for up to 0.4 s.

    Args:
        command_name: The command, which is no reason to step where its x and y are near zero.
    """
    return RewTerm(
        func=mdp.feet_air_time_positive_biped,
        weight=0.75,
        params={"command_name": command_name, "sensor_cfg": feet(), "threshold": 0.4},
    )


@configclass
class G1PostureRewardsCfg:
    """Reward terms that both tasks have, beside those of both robots."""

    joint_limits = RewTerm(func=mdp.joint_pos_limits, weight=-1.0, params=joints(".*_ankle_(pitch|roll)_joint"))
    hip_deviation = RewTerm(func=mdp.joint_deviation_l1, weight=-0.1, params=joints(".*_hip_(yaw|roll)_joint"))
    arms_deviation = RewTerm(func=mdp.joint_deviation_l1, weight=-0.1, params=joints(robots.G1_ARMS))
    fingers_deviation: RewTerm | None = RewTerm(
        func=mdp.joint_deviation_l1, weight=-0.05, params=joints(robots.G1_FINGERS)
    )
    torso_deviation = RewTerm(func=mdp.joint_deviation_l1, weight=-0.1, params=joints(robots.G1_TORSO))
    feet_slide = RewTerm(
        func=mdp.feet_slide,
        weight=-0.1,
        params={"sensor_cfg": feet(), "asset_cfg": SceneEntityCfg("robot", body_names=FEET)},
    )
    termination = RewTerm(func=mdp.is_terminated, weight=-200.0)

    def __post_init__(self):
        self.lin_vel_z.weight = -0.2
        self.flat_orientation.weight = -1.0
        self.action_rate.weight = -0.005
        self.joint_torques.weight = -2.0e-6
        self.joint_torques.params = joints(robots.G1_LEGS)
        self.joint_acc.weight = -1.0e-7
        self.joint_acc.params = joints(robots.G1_LEGS)


@configclass
class G1VelocityRewardsCfg(G1PostureRewardsCfg, VelocityRewardsCfg):
    """Reward terms for velocity tracking."""

    track_lin_vel_xy = RewTerm(
        func=mdp.track_lin_vel_xy_yaw_frame_exp, weight=1.0, params={"command_name": "base_velocity", "std": 0.5}
    )
    track_ang_vel_z = RewTerm(
        func=mdp.track_ang_vel_z_world_exp, weight=1.0, params={"command_name": "base_velocity", "std": 0.5}
    )
    feet_air_time = feet_air_time("base_velocity")


@configclass
class G1PositionRewardsCfg(G1PostureRewardsCfg, PositionRewardsCfg):
    """Reward terms for position tracking."""

    ang_vel_xy = RewTerm(func=mdp.ang_vel_xy_l2, weight=-0.005)
    joint_acc = RewTerm(func=mdp.joint_acc_l2, weight=-1.0e-7)
    feet_air_time = feet_air_time("target")

    def __post_init__(self):
        super().__post_init__()
        self.contact_forces.params["sensor_cfg"] = feet()


TORSO = "torso_link"


class G1:
    """Makes the robot of a configuration a Unitree G1."""

    def __post_init__(self):
        super().__post_init__()
        # Converted shapes touch the ground at more points than the few that Isaac Lab's has.
        solver = self.sim.physics.newton_mjwarp.solver_cfg
        solver.njmax, solver.nconmax = 200, 40
        self.terminations.base_contact.params["sensor_cfg"].body_names = TORSO
        self.events.add_base_mass.params["asset_cfg"].body_names = TORSO
        self.events.base_external_force_torque.params["asset_cfg"].body_names = TORSO
        self.events.base_com = None
        self.events.reset_robot_joints.params["position_range"] = (1.0, 1.0)

    def use_robot(self, file: str | None):
        self.scene.robot = g1(file)
        names = [name for motors in self.scene.robot.actuators.values() for name in motors.joint_names_expr]
        if file is not None and not any(re.fullmatch(G1_FINGERS, name) for name in names):
            self.rewards.fingers_deviation = None

    def let_joints_fail(self):
        """Let joints of the left hip fail, or of the right one, by split."""
        joint_failure(self.events, splits.G1_JOINTS)

    def lay_payloads(self):
        """Lay payloads on the left shoulder, or on the right one, by split."""
        payload(self.events, TORSO, splits.G1_PAYLOAD_MASS, splits.G1_PAYLOAD_Z, splits.G1_SECTIONS)


@configclass
class G1VelocityEnvCfg(G1, VelocityEnvCfg):
    """Configuration for velocity tracking."""

    rewards: G1VelocityRewardsCfg = G1VelocityRewardsCfg()

    def __post_init__(self):
        super().__post_init__()
        self.commands.base_velocity.ranges.lin_vel_x = (0.0, 1.0)
        self.commands.base_velocity.ranges.lin_vel_y = (0.0, 0.0)


@configclass
class G1PositionEnvCfg(G1, PositionEnvCfg):
    """Configuration for position tracking."""

    rewards: G1PositionRewardsCfg = G1PositionRewardsCfg()


@configclass
class G1VelocityJointFailureEnvCfg(G1VelocityEnvCfg):
    """Configuration for velocity tracking where joints fail."""

    def __post_init__(self):
        super().__post_init__()
        self.let_joints_fail()


@configclass
class G1VelocityPayloadEnvCfg(G1VelocityEnvCfg):
    """Configuration for velocity tracking under payloads."""

    def __post_init__(self):
        super().__post_init__()
        self.lay_payloads()


@configclass
class G1PositionJointFailureEnvCfg(G1PositionEnvCfg):
    """Configuration for position tracking where joints fail."""

    def __post_init__(self):
        super().__post_init__()
        self.let_joints_fail()


@configclass
class G1PositionPayloadEnvCfg(G1PositionEnvCfg):
    """Configuration for position tracking under payloads."""

    def __post_init__(self):
        super().__post_init__()
        self.lay_payloads()
