"""Where the feet are, in every simulator."""

import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.robots.robot import reflect_state, rotation_matrix

from .hoppers import FOOT_DEPTH, HOPPERS, MOVING, bullet_hopper, state

MINITAURS = {"bullet": "MemAug/MinitaurVelocity-v0", "mujoco": "MemAug/MinitaurVelocity-MuJoCo-v0"}


@pytest.fixture(params=HOPPERS)
def robot(request):
    robot = HOPPERS[request.param](gravity=9.81)
    yield robot
    robot.close()


@pytest.fixture(params=MINITAURS)
def minitaur(request):
    pytest.importorskip({"bullet": "pybullet"}.get(request.param, request.param))
    with gym.make(MINITAURS[request.param], initial_spread=0.3) as env:
        env.reset(seed=0)
        yield env.unwrapped


def place(state):
    """Of the hopper's foot, at the end of a leg that turns about the base's y axis."""
    angle = state.joint_positions[0]
    leg = -FOOT_DEPTH * np.array((np.sin(angle), 0, np.cos(angle)))
    return state.base_position + rotation_matrix(state.base_orientation) @ leg


@pytest.mark.parametrize("where", [state(height=1.5), state(angle=0.7), MOVING], ids=["upright", "bent", "moving"])
def test_a_foot_is_where_the_state_puts_it(robot, where):
    robot.set_state(where)
    positions = robot.foot_positions()
    assert positions.shape == (1, 3)
    np.testing.assert_allclose(positions[0], place(where), atol=1e-7)


def test_a_foot_is_where_the_last_physics_step_has_brought_it(robot):
    robot.set_state(MOVING)
    before = robot.foot_positions()
    robot.advance(3)
    np.testing.assert_allclose(robot.foot_positions()[0], place(robot.get_state()), atol=1e-7)
    assert np.abs(robot.foot_positions() - before).max() > 1e-3


def test_looking_changes_nothing(robot):
    lives = []
    for look in (False, True):
        robot.set_state(MOVING._replace(base_position=np.array((0, 0, FOOT_DEPTH + 0.02))))
        for _ in range(60):
            robot.advance(1)
            if look:
                robot.foot_positions()
        lives.append(robot.get_state())
    for name, one, other in zip(MOVING._fields, *lives, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_a_foot_of_several_links_is_in_the_middle_of_what_can_touch_the_ground():
    robot = bullet_hopper(feet={"leg": ["leg", "antenna"], "antenna": ["antenna"]})
    robot.set_state(state(angle=0.3))
    # Nothing of an antenna can touch anything: as a foot, it is where the link is.
    np.testing.assert_allclose(robot.foot_positions(), [place(state(angle=0.3)), state().base_position], atol=1e-7)
    robot.close()


def test_a_foot_of_several_geoms_is_in_their_middle():
    mujoco = pytest.importorskip("mujoco")
    from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

    model = mujoco.MjModel.from_xml_string(
        """<mujoco><worldbody><body><freejoint/><geom size="0.1"/><body><joint axis="0 1 0"/>
        <geom name="heel" size="0.01" pos="-0.1 0.2 -0.5"/><geom name="toe" size="0.02" pos="0.3 0.2 -0.7"/>
        </body></body></worldbody></mujoco>"""
    )
    robot = MuJoCoRobot(model, mujoco.MjData(model), {"foot": ["heel", "toe"]})
    robot.set_state(state())
    np.testing.assert_allclose(robot.foot_positions() - state().base_position, [(0.1, 0.2, -0.6)], atol=1e-12)


def test_a_robot_whose_feet_are_not_known_has_none():
    pytest.importorskip("mujoco")
    from sb3_memaug.robots import find_robot

    with gym.make("Ant-v5") as env:
        assert find_robot(env).foot_positions().shape == (0, 3)


def test_feet_of_a_mirrored_state_are_where_the_mirror_shows_their_partners(minitaur):
    robot = minitaur.robot
    for _ in range(5):
        minitaur.step(minitaur.np_random.uniform(-1, 1, 8))
    before, positions = robot.get_state(), robot.foot_positions()
    assert positions.shape == (4, 3)
    for reflection in minitaur.reflections.values():
        robot.set_state(reflect_state(before, reflection, robot, minitaur.default))
        images = dict(zip(robot.foot_names, robot.foot_positions(), strict=True))
        for foot, position in zip(robot.foot_names, positions, strict=True):
            np.testing.assert_allclose(images[reflection.feet[foot]], reflection.axes * position, atol=1e-7)


def test_feet_are_under_their_corners_of_the_body(minitaur):
    for name, (x, y, z) in zip(minitaur.robot.foot_names, minitaur.robot.foot_positions(), strict=True):
        assert (x > 0) == name.startswith("front")
        assert (y > 0) == name.endswith("left")
        assert z < 0.1
