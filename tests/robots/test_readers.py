"""Whatever a robot can be read from: files, models, environments."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.symmetry import RobotGeometry, read_geometry
from sb3_memaug.symmetry.derivation.geometry import posed

from .robot_files import quadruped_mjcf
from .same_robot import assert_same, skewed

mujoco = pytest.importorskip("mujoco")

PENDULUM = """
<mujoco model="pendulum">
  <worldbody><body pos="0 0 1"><joint name="swing" axis="0 1 0"/><geom size="0.1" pos="0 0 -0.5"/></body></worldbody>
</mujoco>
"""


def test_a_file_is_read_as_its_text_is(tmp_path):
    path = tmp_path / "pendulum.xml"
    path.write_text(PENDULUM)
    for robot in (path, str(path), mujoco.MjModel.from_xml_path(str(path))):
        assert_same(read_geometry(robot), read_geometry(PENDULUM))


def test_something_with_a_geometry_is_read():
    class Toy:
        def geometry(self) -> RobotGeometry:
            return robot

    robot = skewed()
    assert read_geometry(Toy()) is robot


@pytest.mark.parametrize(
    ("name", "floating", "n_joints", "n_actuators"),
    [("Humanoid-v5", True, 17, 17), ("Ant-v5", True, 8, 8), ("Walker2d-v5", False, 9, 6), ("Reacher-v5", False, 2, 2)],
)
def test_environments_of_gymnasium_have_robots(name, floating, n_joints, n_actuators):
    env = gym.make(name)
    env.reset(seed=0)
    before = env.unwrapped.data.qpos.copy()
    robot = read_geometry(env)
    np.testing.assert_array_equal(env.unwrapped.data.qpos, before)
    assert (robot.floating, len(robot.joints), len(robot.actuators)) == (floating, n_joints, n_actuators)
    model = env.unwrapped.model
    # The target that a reacher has to touch is no part of it.
    aside = sum(model.body_subtreemass[model.body(body).id] for body in robot.left_aside)
    assert robot.left_aside == (("target",) if name == "Reacher-v5" else ())
    assert sum(link.mass for link in robot.links) == pytest.approx(model.body_mass.sum() - aside)
    env.close()


def test_an_environment_without_a_robot_is_refused():
    with pytest.raises(ValueError, match="no robot found in CartPoleEnv"):
        read_geometry(gym.make("CartPole-v1"))


@pytest.mark.parametrize("name", ["go1", "go2", "aliengo"])
def test_real_quadrupeds_stand_on_level_feet(name):
    model = mujoco.MjModel.from_xml_path(str(quadruped_mjcf(name)))
    robot = read_geometry(model)
    assert len(robot.joints) == len(robot.actuators) == 12
    assert sum(link.mass for link in robot.links) == pytest.approx(model.body_mass.sum())
    standing = posed(robot, next(iter(robot.poses.values())))
    leaves = [link for i, link in enumerate(standing.links) if i not in [other.parent for other in standing.links]]
    soles = [min(shape.position[2] for shape in link.shapes) for link in leaves]
    assert len(soles) == 4
    assert np.ptp(soles) < 0.02
