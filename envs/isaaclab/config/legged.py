"""What all tasks have in common: time, actions, physics, and the choice of robot, split and ground."""

from isaaclab.envs import ManagerBasedRLEnvCfg
from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass
from isaaclab_newton.physics import MJWarpSolverCfg
from isaaclab_tasks.core.velocity.velocity_env_cfg import ActionsCfg, RoughPhysicsCfg

from ...splits import of_split
from ..scene import FRICTION, LeggedSceneCfg, uneven_ground
from .events import EventsCfg, make_certain


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
    """Range of the ground's height [m], for policies that shall walk outside the simulation. By default it is flat."""

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
        varied = [event for event in (self.events.joint_failure, self.events.payload) if event is not None]
        if not varied:
            raise ValueError(f"the task has neither failures nor payloads, so no `split`; got {split!r}")
        for event in varied:
            of_split(event.params["splits"], split)
            event.params["split"] = split
