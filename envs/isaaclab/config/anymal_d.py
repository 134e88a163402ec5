"""ANYmal D: its weights of the rewards, its failures and its payloads."""

from isaaclab.managers import RewardTermCfg as RewTerm
from isaaclab.managers import SceneEntityCfg
from isaaclab.managers import TerminationTermCfg as DoneTerm
from isaaclab.utils import configclass
from isaaclab_tasks.core.velocity import mdp

from ... import splits
from ..mdp import rewards as motion_rewards
from .events import joint_failure, payload
from .position import PositionEnvCfg, PositionRewardsCfg, TerminationsCfg
from .robots import anymal_d
from .velocity import VelocityEnvCfg, VelocityRewardsCfg

FEET_FORCES = SceneEntityCfg("contact_forces", body_names=".*FOOT")


def feet_air_time(weight: float, command_name: str) -> RewTerm:
    """Reward long steps.

    Args:
        weight: Of the reward.
        command_name: The command, which is no reason to step where its x and y are near zero.
    """
    return RewTerm(
        func=mdp.feet_air_time,
        weight=weight,
        params={"sensor_cfg": FEET_FORCES, "command_name": command_name, "threshold": 0.5},
    )


@configclass
class AnymalDVelocityRewardsCfg(VelocityRewardsCfg):
    """Reward terms for velocity tracking."""

    track_lin_vel_xy = RewTerm(
        func=mdp.track_lin_vel_xy_exp, weight=1.0, params={"command_name": "base_velocity", "std": 0.5}
    )
    track_ang_vel_z = RewTerm(
        func=mdp.track_ang_vel_z_exp, weight=0.5, params={"command_name": "base_velocity", "std": 0.5}
    )
    feet_air_time = feet_air_time(0.5, "base_velocity")
    undesired_contacts = RewTerm(
        func=mdp.undesired_contacts,
        weight=-1.0,
        params={"sensor_cfg": SceneEntityCfg("contact_forces", body_names=".*THIGH"), "threshold": 1.0},
    )


@configclass
class AnymalDPositionRewardsCfg(PositionRewardsCfg):
    """Reward terms for position tracking."""

    collision = RewTerm(
        func=motion_rewards.collision,
        weight=-0.5,
        params={"sensor_cfg": SceneEntityCfg("contact_forces", body_names=[".*THIGH", ".*SHANK"])},
    )
    feet_air_time = feet_air_time(0.1, "target")
    base_acceleration = RewTerm(
        func=motion_rewards.base_acceleration,
        weight=-0.001,
        params={"asset_cfg": SceneEntityCfg("robot", body_names="base")},
    )
    feet_acceleration = RewTerm(
        func=mdp.body_lin_acc_l2, weight=-0.002, params={"asset_cfg": SceneEntityCfg("robot", body_names=".*FOOT")}
    )


@configclass
class AnymalDPositionTerminationsCfg(TerminationsCfg):
    """Termination terms for position tracking: hard blows as well."""

    feet_blow = DoneTerm(func=mdp.illegal_contact, params={"sensor_cfg": FEET_FORCES, "threshold": 1500.0})
    any_blow = DoneTerm(
        func=mdp.illegal_contact,
        params={"sensor_cfg": SceneEntityCfg("contact_forces", body_names=".*"), "threshold": 5000.0},
    )


class AnymalD:
    """Makes the robot of a configuration an ANYmal D."""

    def __post_init__(self):
        super().__post_init__()
        # What Isaac Lab gives it on flat ground.
        solver = self.sim.physics.newton_mjwarp.solver_cfg
        solver.njmax, solver.nconmax, solver.cone, solver.impratio = 60, 25, "elliptic", 100.0

    def use_robot(self, file: str | None):
        self.scene.robot = anymal_d(file)

    def let_joints_fail(self):
        """Let joints of the left front leg fail, or of others, by split."""
        joint_failure(self.events, splits.ANYMAL_D_JOINTS)

    def lay_payloads(self):
        """Lay payloads on the left front section of the base, or on others, by split."""
        mass, z = splits.ANYMAL_D_PAYLOAD_MASS, splits.ANYMAL_D_PAYLOAD_Z
        payload(self.events, "base", mass, z, splits.ANYMAL_D_SECTIONS)


@configclass
class AnymalDVelocityEnvCfg(AnymalD, VelocityEnvCfg):
    """Configuration for velocity tracking."""

    rewards: AnymalDVelocityRewardsCfg = AnymalDVelocityRewardsCfg()


@configclass
class AnymalDPositionEnvCfg(AnymalD, PositionEnvCfg):
    """Configuration for position tracking."""

    rewards: AnymalDPositionRewardsCfg = AnymalDPositionRewardsCfg()
    terminations: AnymalDPositionTerminationsCfg = AnymalDPositionTerminationsCfg()


@configclass
class AnymalDVelocityJointFailureEnvCfg(AnymalDVelocityEnvCfg):
    """Configuration for velocity tracking where joints fail."""

    def __post_init__(self):
        super().__post_init__()
        self.let_joints_fail()


@configclass
class AnymalDVelocityPayloadEnvCfg(AnymalDVelocityEnvCfg):
    """Configuration for velocity tracking under payloads."""

    def __post_init__(self):
        super().__post_init__()
        self.lay_payloads()


@configclass
class AnymalDPositionJointFailureEnvCfg(AnymalDPositionEnvCfg):
    """Configuration for position tracking where joints fail."""

    def __post_init__(self):
        super().__post_init__()
        self.let_joints_fail()


@configclass
class AnymalDPositionPayloadEnvCfg(AnymalDPositionEnvCfg):
    """Configuration for position tracking under payloads."""

    def __post_init__(self):
        super().__post_init__()
        self.lay_payloads()
