"""What the policy observes (arXiv 2502.01521, Section A.2.1): the robot with noise, then the command."""

from isaaclab.managers import ObservationGroupCfg as ObsGroup
from isaaclab.managers import ObservationTermCfg as ObsTerm
from isaaclab.utils import configclass
from isaaclab.utils.noise import UniformNoiseCfg as Unoise
from isaaclab_tasks.core.velocity import mdp

from ..mdp.observations import remaining_time


@configclass
class RobotObservationsCfg(ObsGroup):
    """Observations of the robot itself, in this order."""

    base_lin_vel = ObsTerm(func=mdp.base_lin_vel, noise=Unoise(n_min=-0.1, n_max=0.1))
    base_ang_vel = ObsTerm(func=mdp.base_ang_vel, noise=Unoise(n_min=-0.2, n_max=0.2))
    projected_gravity = ObsTerm(func=mdp.projected_gravity, noise=Unoise(n_min=-0.05, n_max=0.05))
    joint_pos = ObsTerm(func=mdp.joint_pos_rel, noise=Unoise(n_min=-0.01, n_max=0.01))
    joint_vel = ObsTerm(func=mdp.joint_vel_rel, noise=Unoise(n_min=-1.5, n_max=1.5))
    actions = ObsTerm(func=mdp.last_action)

    def __post_init__(self):
        self.enable_corruption = True
        self.concatenate_terms = True


@configclass
class VelocityObservationsCfg:
    """Observation specifications for velocity tracking."""

    @configclass
    class PolicyCfg(RobotObservationsCfg):
        """Observations for the policy."""

        velocity_commands = ObsTerm(func=mdp.generated_commands, params={"command_name": "base_velocity"})

    policy: PolicyCfg = PolicyCfg()


@configclass
class PositionObservationsCfg:
    """Observation specifications for position tracking."""

    @configclass
    class PolicyCfg(RobotObservationsCfg):
        """Observations for the policy."""

        remaining_time = ObsTerm(func=remaining_time)
        target_position = ObsTerm(func=mdp.generated_commands, params={"command_name": "target"})

    policy: PolicyCfg = PolicyCfg()
