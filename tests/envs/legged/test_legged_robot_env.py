"""The registered environments of robots from files."""

import pickle
from pathlib import Path

import gymnasium as gym
import gymnasium.envs.mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env
from stable_baselines3.common.env_util import make_vec_env

import sb3_memaug.envs
from sb3_memaug.robots.robot import reflect_state
from sb3_memaug.wrappers import JointFailure

mujoco = pytest.importorskip("mujoco")

from sb3_memaug.envs.legged import tasks  # noqa: E402

VELOCITY, POSITION = "MemAug/LeggedVelocity-MuJoCo-v0", "MemAug/LeggedPosition-MuJoCo-v0"
ANT = Path(gymnasium.envs.mujoco.__file__).parent / "assets" / "ant.xml"
ELEMENTS = ("left_right", "front_back", "left_right*front_back")


@pytest.fixture
def make(dog):
    """Makes environments of the quadruped, unless told otherwise, and closes them."""
    made = []

    def make(env_id=VELOCITY, robot=None, **arguments):
        made.append(gym.make(env_id, robot=robot or dog(), **arguments))
        return made[-1]

    yield make
    for env in made:
        env.close()


def test_they_are_registered_once():
    sb3_memaug.envs.register_envs()
    assert sorted(name for name in gym.registry if name.startswith("MemAug/Legged")) == [POSITION, VELOCITY]


@pytest.mark.parametrize("env_id", [VELOCITY, POSITION])
def test_checkers_pass(make, env_id):
    env = make(env_id)
    check_env(env.unwrapped, skip_render_check=True)
    sb3_check_env(env)
    assert env.action_space.shape == (12,)
    assert env.observation_space.shape == (3 * 3 + 3 * 12 + 3 + 2,)
    assert env.get_wrapper_attr("symmetry_group").names == ("identity", *ELEMENTS)


def test_remade_from_its_spec_with_all_its_arguments(make):
    env = make(task={"speed": (0.1, 0.2)}, stiffness={".*": 30.0}, pose={".*HAA": 0.05}, action_scale=0.3)
    again = gym.make(env.spec)
    assert again.unwrapped.task.speed == (0.1, 0.2)
    assert again.unwrapped.action_scale == 0.3
    np.testing.assert_array_equal(env.reset(seed=1)[0], again.reset(seed=1)[0])
    again.close()


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("env_id", [VELOCITY, POSITION])
@pytest.mark.parametrize("robot", [None, ANT], ids=["dog", "ant"])
def test_a_mirrored_episode_is_the_mirror_image(make, env_id, element, robot):
    env, twin = make(env_id, robot), make(env_id, robot)
    mirror = env.get_wrapper_attr("symmetry_group")[element]
    before, _ = env.reset(seed=5)
    mirrored, _ = twin.reset(seed=5, options={"mirror": element})
    np.testing.assert_allclose(mirror.apply_observation(before), mirrored, atol=1e-6)
    rng = np.random.default_rng(0)
    for _ in range(25):
        action = rng.uniform(-0.5, 0.5, env.action_space.shape)
        after, reward, terminated, *_ = env.step(action)
        mirrored, mirrored_reward, mirrored_end, *_ = twin.step(mirror.apply_action(action))
        np.testing.assert_allclose(mirror.apply_observation(after), mirrored, atol=1e-3)
        assert mirrored_reward == pytest.approx(reward, abs=1e-3)
        assert mirrored_end == terminated


def test_an_episode_starts_near_the_default_pose_with_the_feet_on_the_ground(make):
    inner = make(initial_spread=0.2).unwrapped
    spread = []
    for seed in range(20):
        inner.reset(seed=seed)
        state = inner.robot.get_state()
        spread.append(state.joint_positions - inner.default)
        lowest = inner.robot.data.contact.dist.min() if inner.robot.data.ncon else 0.0
        assert abs(lowest) < 1e-6
        assert inner.robot.foot_contacts().sum() <= 4
    assert 0.15 < np.abs(spread).max() <= 0.2


def test_reflections_act_on_states_about_the_default_pose(make):
    inner = make().unwrapped
    inner.reset(seed=3)
    state = inner.robot.get_state()
    for reflection in inner.reflections.values():
        image = reflect_state(state, reflection, inner.robot, inner.default)
        absolute = reflection.joint_position_map(inner.robot.joint_names).apply(state.joint_positions)
        np.testing.assert_allclose(image.joint_positions, absolute)


@pytest.mark.parametrize("sinking", [0.55, 0.45])
def test_it_falls_when_its_base_comes_down(make, sinking):
    inner = make().unwrapped
    inner.reset(seed=0)
    state = inner.robot.get_state()
    # On stretched legs that were taken away.
    inner.robot.set_state(state._replace(base_position=np.array((0, 0, (1 - sinking) * inner.legged.hip_height))))
    _, _, terminated, _, info = inner.step(np.zeros(12))
    assert terminated == (sinking > 0.5)
    assert ("fall" in info["rewards"]) == terminated


def test_speeds_and_distances_fit_the_size():
    small, large = tasks.make_task("velocity", 0.25, {}), tasks.make_task("velocity", 1.0, {})
    assert large.speed == pytest.approx(np.multiply(small.speed, 2), abs=0.02)
    small, large = tasks.make_task("position", 0.25, {}), tasks.make_task("position", 1.0, {"reached": 0.5})
    assert large.radius == pytest.approx(np.multiply(small.radius, 2), abs=0.02)
    assert large.slow == pytest.approx(2 * small.slow, abs=0.02)
    assert large.reached == 0.5
    assert tasks.make_task("velocity", 1.0, {"speed": (0.1, 0.2)}).speed == (0.1, 0.2)


def test_motors_that_fail_in_one_environment_are_sound_in_the_next(make):
    env, other = JointFailure(make(), probability=1.0), make()
    before = other.unwrapped.robot.model.actuator_gainprm.copy()
    env.reset(seed=0)
    assert (env.unwrapped.robot.model.actuator_gainprm != before).any()
    np.testing.assert_array_equal(other.unwrapped.robot.model.actuator_gainprm, before)
    np.testing.assert_array_equal(make().unwrapped.robot.model.actuator_gainprm, before)


def test_a_robot_is_built_once_until_its_file_or_an_argument_changes(make, dog, monkeypatch):
    from sb3_memaug.envs.legged import legged_model

    built = []
    build = legged_model.build_legged_model
    monkeypatch.setattr(legged_model, "build_legged_model", lambda *a, **k: built.append(a) or build(*a, **k))
    path = dog(effort=21.0)
    for _ in range(3):
        make(robot=path)
        make(POSITION, robot=path)
    assert len(built) == 1
    make(robot=path, stiffness=30.0)
    assert len(built) == 2
    path.write_text(path.read_text().replace('effort="21.0"', 'effort="22.0"'))
    assert make(robot=path).unwrapped.legged.servos[0].torque_limit == 22.0


def test_vectorized(dog):
    env = make_vec_env(f"sb3_memaug:{VELOCITY}", n_envs=3, seed=0, env_kwargs={"robot": str(dog())})
    assert len(set(env.get_attr("symmetry_group"))) == 1
    env.reset()
    _, rewards, _, infos = env.step(np.zeros((3, 12), np.float32))
    assert np.isfinite(rewards).all()
    assert "rewards" in infos[0]
    assert pickle.loads(pickle.dumps(env.get_attr("symmetry_group")[0])) == env.get_attr("symmetry_group")[0]
    env.close()


def test_time_limits(make):
    assert make().spec.max_episode_steps == 1000
    position = make(POSITION)
    assert position.spec.max_episode_steps * position.unwrapped.dt == position.unwrapped.task.duration


def test_pictures_show_the_robot(make):
    env = make(render_mode="rgb_array")
    env.reset(seed=0)
    with_robot = env.render().astype(int)
    assert with_robot.shape == (360, 480, 3)
    inner = env.unwrapped
    state = inner.robot.get_state()
    inner.robot.set_state(state._replace(base_position=np.array((0, 0, 9.0))))
    seen = np.abs(env.render().astype(int) - with_robot).max(axis=2) > 12
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert 20 < rows[0] < rows[-1] < 340
    assert 20 < columns[0] < columns[-1] < 460
    assert columns[-1] - columns[0] > 150


def test_a_robot_without_a_mirror_image_is_told_why(make, two_legs):
    path = two_legs()
    path.write_text(path.read_text().replace('pos="0 -0.1 0"', 'pos="0.1 -0.1 0"'))
    with pytest.raises(ValueError, match=r"(?s)has no mirror image in its default pose.*`tolerances`.*left-right: "):
        make(robot=path)


def test_arguments_that_do_not_fit_are_refused(make):
    with pytest.raises(ValueError, match=r"`control_dt` must be a multiple of 0\.005 s, got 0\.012"):
        make(control_dt=0.012)
    for name, value in (("max_sinking", -1.0), ("action_scale", float("nan")), ("gait_frequency", float("inf"))):
        with pytest.raises(ValueError, match=f"`{name}` must"):
            make(**{name: value})
    with pytest.raises(ValueError, match="`render_mode` must be None or one of"):
        make(render_mode="ansi")
    with pytest.raises(ValueError, match="`pose` names 'elbow'"):
        make(pose={"elbow": 1.0})
    with pytest.raises(TypeError):
        make(color="red")
