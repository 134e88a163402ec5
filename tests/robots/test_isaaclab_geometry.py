"""Robots of Isaac Lab: which are read, and the skewed one against its URDF file."""

import pytest

from sb3_memaug.symmetry import read_geometry

from .same_robot import SKEWED, assert_same

#: Isaac Lab's converter knows no capsules, takes an unknown limit for none and an unknown centre of mass for that of
#: the surface.
TEXT = (
    SKEWED.replace('<capsule radius="0.1" length="0.7"/>', '<box size="1 2 3"/>')
    .replace('<mass value="0.25"/>', '<origin xyz="0 0 -0.1"/><mass value="0.25"/>')
    .replace('xyz="-0.2 0.1 0"/>', 'xyz="-0.2 0.1 0"/><limit effort="5" velocity="9"/>')
)


def of_isaaclab(name, **attributes):
    """An object of a class that Isaac Lab could have."""
    return type(name, (), {"__module__": "isaaclab.somewhere", **attributes})()


def test_a_robot_of_another_simulator_is_refused():
    robot = of_isaaclab("BaseArticulation", root_view=object())
    with pytest.raises(ValueError, match=r"that Newton simulates, .* got isaaclab\.somewhere\.BaseArticulation"):
        read_geometry(robot)


def test_a_robot_is_refused_before_the_simulation_starts():
    with pytest.raises(ValueError, match="in a simulation that has started"):
        read_geometry(of_isaaclab("BaseArticulation"))


@pytest.mark.parametrize("kind", ["ManagerBasedEnv", "DirectRLEnv"])
@pytest.mark.parametrize("names", [("cart",), ("cart", "robot")])
def test_of_an_environment_its_robot_is_read(kind, names):
    robots = {name: type(name, (), {})() for name in names}
    env = of_isaaclab(kind, scene=of_isaaclab("InteractiveScene", articulations=robots))
    with pytest.raises(ValueError, match=rf"got .*\.{names[-1]}:"):
        read_geometry(env)


def test_of_several_articulations_one_must_be_chosen():
    env = of_isaaclab("ManagerBasedEnv", scene=of_isaaclab("InteractiveScene", articulations={"left": 1, "right": 2}))
    with pytest.raises(ValueError, match=r"got \['left', 'right'\]: give `env\.unwrapped\.scene\[name\]`"):
        read_geometry(env)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Two environments with the skewed robot on a CPU; the first time ever, Warp compiles for a minute."""
    pytest.importorskip("isaaclab")
    pytest.importorskip("isaacsim.asset.importer.urdf")
    import isaaclab.sim as sim_utils
    from isaaclab.actuators import ImplicitActuatorCfg
    from isaaclab.assets import ArticulationCfg
    from isaaclab.scene import InteractiveScene, InteractiveSceneCfg
    from isaaclab_newton.physics import MJWarpSolverCfg, NewtonCfg

    from sb3_memaug.envs.isaaclab.usd import find_usd

    file = tmp_path_factory.mktemp("skewed") / "skewed.urdf"
    file.write_text(TEXT)
    simulation = sim_utils.SimulationContext(
        sim_utils.SimulationCfg(device="cpu", physics=NewtonCfg(solver_cfg=MJWarpSolverCfg()))
    )
    cfg = InteractiveSceneCfg(num_envs=2, env_spacing=3.0)
    cfg.robot = ArticulationCfg(
        prim_path="{ENV_REGEX_NS}/Robot",
        spawn=sim_utils.UsdFileCfg(usd_path=str(find_usd(file, keep=".*"))),
        init_state=ArticulationCfg.InitialStateCfg(joint_pos={"hip": 0.3, "(stretch|axle)": 0.1}),
        actuators={
            "legs": ImplicitActuatorCfg(joint_names_expr=["hip", "str.*"], stiffness={"h.*": 20, ".*h": 30}, damping=2)
        },
    )
    scene = InteractiveScene(cfg)
    simulation.reset()
    yield scene
    simulation.clear_instance()


def test_a_robot_is_that_of_its_urdf_file(scene):
    robot = read_geometry(scene["robot"])
    assert_same(robot, read_geometry(TEXT), atol=1e-5)
    assert robot.name == "Robot"
    assert robot.floating
    assert {joint.name for joint in robot.joints} == set(scene["robot"].joint_names)
    assert {name for link in robot.links for name in link.frames} == set(scene["robot"].body_names)


def test_actuators_and_pose_are_those_of_the_configuration(scene):
    robot = read_geometry(scene["robot"])
    assert [actuator.name for actuator in robot.actuators] == ["hip", "stretch"]
    assert [dict(actuator.properties) for actuator in robot.actuators] == [
        {"stiffness": 20, "damping": 2}, {"stiffness": 30, "damping": 2}
    ]  # fmt: skip
    assert robot.poses == {"default": {"hip": 0.3, "stretch": 0.1, "axle": 0.1}}


def test_masses_that_events_changed_are_not_read(scene):
    robot = scene["robot"]
    robot.set_masses_index(masses=2 * robot.data.body_mass.torch)
    assert sum(robot.data.body_mass.torch[0]).item() == pytest.approx(2 * 3.85)
    assert sum(link.mass for link in read_geometry(robot).links) == pytest.approx(3.85)
