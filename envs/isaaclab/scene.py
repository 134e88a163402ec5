"""Where robots walk: a plane, or uneven ground, and a light. Nothing of it is downloaded."""

from dataclasses import MISSING
from pathlib import Path

import isaaclab.sim as sim_utils
from isaaclab.assets import ArticulationCfg, AssetBaseCfg
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.sensors import ContactSensorCfg
from isaaclab.terrains import HfRandomUniformTerrainCfg, TerrainGeneratorCfg, TerrainImporterCfg
from isaaclab.utils import configclass

GROUND = Path(__file__).with_name("ground.usda")
FRICTION = sim_utils.RigidBodyMaterialCfg(
    friction_combine_mode="multiply", restitution_combine_mode="multiply", static_friction=1.0, dynamic_friction=1.0
)


@configclass
class LeggedSceneCfg(InteractiveSceneCfg):
    """Configuration for a scene with a legged robot."""

    ground: AssetBaseCfg | None = AssetBaseCfg(
        prim_path="/World/ground",
        # Wide enough to be seen; what carries the robots has no end.
        spawn=sim_utils.GroundPlaneCfg(usd_path=str(GROUND), size=(400.0, 400.0), physics_material=FRICTION),
    )
    terrain: TerrainImporterCfg | None = None
    robot: ArticulationCfg = MISSING
    contact_forces = ContactSensorCfg(prim_path="{ENV_REGEX_NS}/Robot/[^/]*", history_length=3, track_air_time=True)
    light = AssetBaseCfg(prim_path="/World/light", spawn=sim_utils.DomeLightCfg(intensity=750.0))


def uneven_ground(noise: tuple[float, float]) -> TerrainImporterCfg:
    """Make ground of random height, for policies that shall walk outside the simulation.

    Args:
        noise: Range of the height [m].

    Returns:
        The terrain, in place of the plane.

    Raises:
        ValueError: If the range is none.
    """
    low, high = noise
    if not low < high:
        raise ValueError(f"`terrain_noise` must be a range of heights in m, the lower one first, got {noise}")
    patch = HfRandomUniformTerrainCfg(proportion=1.0, noise_range=noise, noise_step=0.005, border_width=0.25)
    return TerrainImporterCfg(
        prim_path="/World/ground",
        terrain_type="generator",
        terrain_generator=TerrainGeneratorCfg(
            size=(20.0, 20.0), border_width=20.0, num_rows=5, num_cols=5, sub_terrains={"uneven": patch}
        ),
        physics_material=FRICTION,
        collision_group=-1,
        debug_vis=False,
    )
