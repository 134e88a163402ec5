"""What all tasks share: scene, events, and observations (arXiv 2502.01521, Section A.2.1)."""

from isaaclab.envs import ManagerBasedRLEnvCfg
from isaaclab.managers import ObservationGroupCfg as ObsGroup
from isaaclab.managers import ObservationTermCfg as ObsTerm
from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass
from isaaclab.utils.noise import UniformNoiseCfg as Unoise
from isaaclab_newton.physics import MJWarpSolverCfg
from isaaclab_tasks.core.velocity import mdp
from isaaclab_tasks.core.velocity.velocity_env_cfg import ActionsCfg, RoughPhysicsCfg

from ...splits import of_split
from ..mdp.position import remaining_time
from ..scene import FRICTION, LeggedSceneCfg, uneven_ground
from .events import EventsCfg, make_certain


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


@configclass
class LeggedEnvCfg(ManagerBasedRLEnvCfg):
    """Configuration for an environment with a legged robot."""

    sim: SimulationCfg = SimulationCfg(physics=RoughPhysicsCfg())
    scene: LeggedSceneCfg = LeggedSceneCfg(num_envs=4096, env_spacing=2.5)
    actions: ActionsCfg = ActionsCfg()
    events: EventsCfg = EventsCfg()

    robot_file: str | None = None
    """Path of a USD or URDF file of the robot. By default Isaac Lab's, which is downloaded."""

    terrain_noise: tuple[float, float] | None = None
    """Range of the ground's height [m], for policies that are to walk outside the simulation. By default it is flat."""

    randomize: bool = True
    """Whether robots differ, observations are noisy and robots are pushed. What a reset draws is drawn in any case."""

    def __post_init__(self):
        self.decimation = 4
        self.sim.dt = 0.005
        self.sim.render_interval = self.decimation
        self.sim.physics_material = FRICTION
        self.scene.contact_forces.update_period = self.sim.dt
        self.sim.physics.default = self.sim.physics.newton_mjwarp
        self.use_robot(None)

    def settle(self):
        """Carry out the choices of robot, ground and chance, after they were made and before the environment is.

        Raises:
            ValueError: If the range of the ground's height is none.
        """
        if self.robot_file is not None:
            self.use_robot(self.robot_file)
            # Converted bodies lie within each other.
            self.scene.contact_forces.prim_path = "{ENV_REGEX_NS}/Robot/.*"
        if self.terrain_noise is not None:
            self.scene.ground, self.scene.terrain = None, uneven_ground(self.terrain_noise)
            solver = getattr(self.sim.physics, "solver_cfg", None)
            if isinstance(solver, MJWarpSolverCfg):
                # It touches a foot at more points than a plane. Where contacts are too many, feet sink in.
                solver.njmax, solver.nconmax = 200, 100
        if not self.randomize:
            make_certain(self.events)
            for group in vars(self.observations).values():
                group.enable_corruption = False

    def use_robot(self, file: str | None):
        """Set the robot, and what depends on its names.

        Args:
            file: Path of a USD or URDF file, None for Isaac Lab's.
        """
        raise NotImplementedError

    def use_split(self, split: str):
        """Choose which joints fail and where payloads lie.

        Args:
            split: "id", "ood" or "all".

        Raises:
            ValueError: If the task has no such split.
        """
        varied = [event for event in vars(self.events).values() if "splits" in (getattr(event, "params", None) or {})]
        if not varied:
            raise ValueError(f"the task has neither failures nor payloads, so no `split`; got {split!r}")
        for event in varied:
            of_split(event.params["splits"], split)
            event.params["split"] = split
