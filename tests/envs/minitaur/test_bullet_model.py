import tempfile
from xml.etree import ElementTree

import numpy as np
import pytest

from sb3_memaug.envs.minitaur.anatomy import KNEES, LEGS, LOWER_LENGTH, MOTORS, REFLECTIONS, SIDES
from sb3_memaug.envs.minitaur.minitaur_env import DAMPING, PHYSICS_DT, STIFFNESS, TORQUE_LIMIT, MinitaurEnv, make_robot
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.robots.robot import reflect_state, rotation_matrix

pytest.importorskip("pybullet")
from sb3_memaug.envs.minitaur.bullet_model import HALF_LAYER, minitaur_urdf

MOTOR_ARGUMENTS = {"stiffness": STIFFNESS, "damping": DAMPING, "torque_limit": TORQUE_LIMIT}


@pytest.fixture
def make():
    """Makes environments, and closes them."""
    made = []

    def make(simulator="bullet", **kwargs):
        made.append(MinitaurEnv(simulator, VelocityTask(), **kwargs))
        return made[-1]

    yield make
    for env in made:
        env.close()


def links(robot, field=12):
    """Index of each link by its name, or with field 1 by that of the joint on which it turns."""
    client, body = robot.client, robot.body
    return {client.getJointInfo(body, i)[field].decode(): i for i in range(client.getNumJoints(body))}


def pose(robot, link):
    """Position and rotation of a link in the world."""
    position, (x, y, z, w) = robot.client.getLinkState(robot.body, link, computeForwardKinematics=1)[4:6]
    return np.array(position), rotation_matrix(np.array((w, x, y, z)))


def foot_ends(robot, leg):
    """Where the two lower links of a leg meet, by either."""
    ends = []
    for side in SIDES:
        position, rotation = pose(robot, links(robot)[f"lower_leg_{leg}{side}_link"])
        ends.append(position + rotation @ (0, HALF_LAYER, LOWER_LENGTH))
    return ends


def test_the_angles_of_the_file_become_exact():
    angles = set()
    for origin in ElementTree.fromstring(minitaur_urdf(visuals=False)).iter("origin"):
        angles |= {abs(float(angle)) for angle in origin.get("rpy", "0").split()}
    assert sorted(angles) == pytest.approx([0, 0.0872665, np.pi / 2, np.pi], abs=1e-15)


def test_loading_leaves_no_file_behind(make, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make()
    assert not list(tmp_path.iterdir())


def test_joints_and_feet_have_the_names_of_the_anatomy(make):
    robot = make().robot
    assert set(robot.joint_names) == set(MOTORS + KNEES)
    assert robot.motor_names == MOTORS
    assert robot.foot_names == LEGS


@pytest.mark.parametrize("kind", ["motor", "upper", "lower"])
def test_all_legs_have_the_same_masses_and_inertias(make, kind):
    robot = make().robot
    infos = [robot.client.getDynamicsInfo(robot.body, i) for name, i in links(robot).items() if name.startswith(kind)]
    assert len(infos) == len(MOTORS)
    assert len({(info[0], info[2], info[3], info[4]) for info in infos}) == 1


def test_both_simulators_have_the_same_mass(make):
    robot, twin = make().robot, make("mujoco").robot
    mass = sum(robot.client.getDynamicsInfo(robot.body, link)[0] for link in (-1, *links(robot).values()))
    assert mass == pytest.approx(twin.model.body_mass.sum())


@pytest.mark.parametrize("name", REFLECTIONS)
def test_mirrored_angles_put_every_link_where_the_mirror_shows_its_partner(make, name):
    env, reflection = make(initial_spread=0.3), REFLECTIONS[name]
    robot, axes = env.robot, np.array(reflection.axes)

    def places():
        index = links(robot, field=1)
        joints = {name: pose(robot, index[name])[0] for name in robot.joint_names}
        return joints, {leg: foot_ends(robot, leg)[0] for leg in LEGS}

    env.reset(seed=0)
    joints, feet = places()
    robot.set_state(reflect_state(robot.get_state(), reflection, robot, env.default))
    mirrored_joints, mirrored_feet = places()
    for joint, position in joints.items():
        np.testing.assert_allclose(mirrored_joints[reflection.joints[joint][0]], axes * position, atol=1e-6)
    for leg, position in feet.items():
        np.testing.assert_allclose(mirrored_feet[reflection.feet[leg]], axes * position, atol=1e-6)


@pytest.mark.parametrize("leg", LEGS)
def test_the_linkages_are_closed_and_stay_so(make, leg):
    env = make(initial_spread=0.3)
    env.reset(seed=0)
    np.testing.assert_allclose(*foot_ends(env.robot, leg), atol=1e-6)
    rng = np.random.default_rng(0)
    for _ in range(20):
        env.step(rng.uniform(-1, 1, len(MOTORS)))
        # They open by 2 mm where the motors turn fastest.
        np.testing.assert_allclose(*foot_ends(env.robot, leg), atol=4e-3)
    for _ in range(25):
        env.step(np.zeros(len(MOTORS)))
    np.testing.assert_allclose(*foot_ends(env.robot, leg), atol=1e-4)


def test_it_stands_still_on_its_four_feet(make):
    env = make()
    env.reset(seed=0)
    assert not env.robot.foot_contacts().any()
    for _ in range(50):
        env.step(np.zeros(len(MOTORS)))
    state = env.robot.get_state()
    assert env.robot.foot_contacts().all()
    assert rotation_matrix(state.base_orientation)[2, 2] > 0.9999
    assert np.abs(state.base_position[:2]).max() < 0.01
    assert np.abs(state.joint_velocities).max() < 0.01
    angles = np.abs(state.joint_positions[env.robot.motor_indices])
    assert np.ptp(angles) < 0.02


def test_both_simulators_stand_alike(make):
    heights, motors = [], []
    for simulator in ("bullet", "mujoco"):
        env = make(simulator)
        env.reset(seed=0)
        for _ in range(50):
            env.step(np.zeros(len(MOTORS)))
        state = env.robot.get_state()
        heights.append(state.base_position[2])
        motors.append(state.joint_positions[env.robot.motor_indices])
    assert heights[0] == pytest.approx(heights[1], abs=0.005)
    np.testing.assert_allclose(*motors, atol=0.05)


def test_both_simulators_move_their_legs_alike_in_the_air(make):
    histories = []
    for simulator in ("bullet", "mujoco"):
        env = make(simulator, initial_spread=0.0)
        env.reset(seed=0)
        robot, rng = env.robot, np.random.default_rng(0)
        robot.set_state(robot.get_state()._replace(base_position=np.array((0, 0, 5.0))))
        order = [robot.joint_names.index(name) for name in MOTORS + KNEES]
        history = []
        for _ in range(20):
            env.step(rng.uniform(-0.5, 0.5, len(MOTORS)))
            history.append(robot.get_state().joint_positions[order])
        histories.append(history)
    np.testing.assert_allclose(*np.array(histories), atol=0.06)


def test_many_live_in_one_process_without_touching_each_other(make):
    alone, actions = make(), np.random.default_rng(0).uniform(-1, 1, (5, len(MOTORS)))

    def life(env, others=()):
        seen = [env.reset(seed=4)[0]]
        for action in actions:
            for other in others:
                other.step(-action)
            seen.append(env.step(action)[0])
        return seen

    expected = life(alone)
    crowd = [make() for _ in range(8)]
    for i, env in enumerate(crowd):
        env.reset(seed=i)
    np.testing.assert_array_equal(life(crowd[3], crowd[:3] + crowd[4:]), expected)


def test_closing_twice_is_harmless_and_closes_no_other(make):
    env, other = make(), make()
    env.close()
    env.close()
    other.reset(seed=0)
    other.step(np.zeros(len(MOTORS)))


def test_the_time_step_is_the_one_that_was_asked_for():
    robot = make_robot("bullet", PHYSICS_DT / 2, **MOTOR_ARGUMENTS)
    assert robot.client.getPhysicsEngineParameters()["fixedTimeStep"] == PHYSICS_DT / 2
    robot.close()
