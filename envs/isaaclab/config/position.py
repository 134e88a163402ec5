"""Position tracking."""

from isaaclab.managers import RewardTermCfg as RewTerm
from isaaclab.managers import SceneEntityCfg
from isaaclab.utils import configclass
from isaaclab_tasks.core.velocity import mdp

from ..mdp import position as position_rewards
from ..mdp import rewards as motor_rewards
from ..mdp.position import PolarPositionCommandCfg
from .legged import LeggedEnvCfg, PositionObservationsCfg
from .velocity import TerminationsCfg

#: s: how long before the end of an episode the target has to be reached.
WINDOW = 3.0
LATE = {"command_name": "target", "window": WINDOW}


@configclass
class CommandsCfg:
    """Command specifications."""

    target = PolarPositionCommandCfg(debug_vis=False)


@configclass
class PositionRewardsCfg:
    """Reward terms that both robots have; their weights are each robot's."""

    # -- task
    position_tracking = RewTerm(func=position_rewards.position_tracking, weight=10.0, params=LATE)
    # -- stability
    lin_vel_z = RewTerm(func=mdp.lin_vel_z_l2, weight=-2.0)
    flat_orientation = RewTerm(func=mdp.flat_orientation_l2, weight=-1.0)
    applied_torque_limits = RewTerm(func=motor_rewards.AppliedTorqueLimits, weight=-0.2)
    joint_vel = RewTerm(func=mdp.joint_vel_l2, weight=-0.001)
    joint_vel_limits = RewTerm(func=motor_rewards.joint_vel_limits, weight=-1.0, params={"soft_ratio": 0.9})
    contact_forces = RewTerm(
        func=mdp.contact_forces,
        weight=-1.0e-5,
        params={"sensor_cfg": SceneEntityCfg("contact_forces", body_names=".*FOOT"), "threshold": 700.0},
    )
    # -- smoothness
    joint_torques = RewTerm(func=mdp.joint_torques_l2, weight=-1.0e-5)
    action_rate = RewTerm(func=mdp.action_rate_l2, weight=-0.01)
    # -- auxiliary
    termination = RewTerm(func=mdp.is_terminated, weight=-200.0)
    stalling = RewTerm(func=position_rewards.stalling, weight=-1.0, params={"command_name": "target"})
    exploration = RewTerm(func=position_rewards.exploration, weight=1.0, params={"command_name": "target"})
    stand_still = RewTerm(func=position_rewards.stand_still, weight=-0.05, params=LATE)


@configclass
class PositionEnvCfg(LeggedEnvCfg):
    """Configuration for position tracking, for episodes of 8 s."""

    observations: PositionObservationsCfg = PositionObservationsCfg()
    commands: CommandsCfg = CommandsCfg()
    rewards: PositionRewardsCfg = PositionRewardsCfg()
    terminations: TerminationsCfg = TerminationsCfg()

    def __post_init__(self):
        super().__post_init__()
        self.episode_length_s = 8.0
