"""Unitree G1: what it is rewarded for in both tasks, and in each."""

from isaaclab.managers import RewardTermCfg as RewTerm
from isaaclab.managers import SceneEntityCfg
from isaaclab.utils import configclass
from isaaclab_tasks.core.velocity import mdp

from .. import robots
from .position import PositionRewardsCfg
from .velocity import VelocityRewardsCfg

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
