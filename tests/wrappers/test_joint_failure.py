import math
from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.robots import find_robot
from sb3_memaug.wrappers import JointFailure

pytest.importorskip("mujoco")

MAKERS = {"minitaur": lambda: MinitaurEnv("mujoco", VelocityTask()), "ant": lambda: gym.make("Ant-v5")}
#: Of each robot, one motor.
A_MOTOR = {"minitaur": "motor_back_leftR_joint", "ant": "ankle_2"}
ANT_MOTORS = ("hip_4", "ankle_4", "hip_1", "ankle_1", "hip_2", "ankle_2", "hip_3", "ankle_3")


@pytest.fixture
def make():
    """Makes environments by name, and closes them."""
    made = []

    def make(name="minitaur"):
        made.append(MAKERS[name]())
        return made[-1]

    yield make
    for env in made:
        env.close()


def failed_joints(env, n_resets, seed):
    return [env.reset(seed=seed if i == 0 else None)[1]["failed_joint"] for i in range(n_resets)]


def strengths(env):
    """What is left of each motor in MuJoCo's model."""
    model = env.robot.model
    full = 8.0 if isinstance(env.unwrapped, MinitaurEnv) else 1.0
    return (model.actuator_gainprm[:, 0] / full).tolist()


@pytest.mark.parametrize("name", MAKERS)
def test_any_motor_may_fail_by_default(make, name):
    env = JointFailure(make(name))
    assert env.joints == find_robot(env).motor_names
    assert (env.probability, env.strength) == (0.8, 0.0)
    if name == "ant":
        assert env.joints == ANT_MOTORS


@pytest.mark.parametrize("name", MAKERS)
def test_probability_zero_never_fails_and_one_always_does(make, name):
    env = make(name)
    assert failed_joints(JointFailure(env, probability=0.0), 20, seed=0) == [None] * 20
    assert None not in failed_joints(JointFailure(env, probability=1.0), 20, seed=0)


def test_failures_are_as_frequent_as_asked_and_spread_evenly(make):
    n, p = 200, 0.8
    env = JointFailure(make(), probability=p)
    counts = Counter(failed_joints(env, n, seed=0))
    assert abs(n - counts.pop(None) - n * p) < 4 * math.sqrt(n * p * (1 - p))
    each = p / len(env.joints)
    assert set(counts) == set(env.joints)
    assert all(abs(count - n * each) < 4 * math.sqrt(n * each * (1 - each)) for count in counts.values())


def test_only_the_named_joints_fail_by_themselves(make):
    env = JointFailure(make("ant"), joints=["hip_1", "ankle_4"], probability=1.0)
    assert set(failed_joints(env, 30, seed=0)) == {"hip_1", "ankle_4"}


def test_failures_repeat_with_the_seed_and_differ_between_seeds(make):
    env = JointFailure(make())
    first = failed_joints(env, 30, seed=7)
    assert failed_joints(env, 30, seed=7) == first
    assert failed_joints(env, 30, seed=8) != first
    assert failed_joints(JointFailure(make()), 30, seed=7) == first


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_the_motor_has_the_strength_asked_for_and_the_others_all_of_theirs(make, name, strength):
    env = JointFailure(make(name), strength=strength)
    env.reset(seed=0, options={"failed_joint": A_MOTOR[name]})
    expected = [strength if motor == A_MOTOR[name] else 1.0 for motor in env.robot.motor_names]
    assert strengths(env) == expected


@pytest.mark.parametrize("name", MAKERS)
def test_strength_comes_back_at_the_next_reset_without_failure(make, name):
    env = JointFailure(make(name), strength=0.5)
    env.reset(seed=0, options={"failed_joint": A_MOTOR[name]})
    env.reset(options={"failed_joint": env.joints[0]})
    assert strengths(env).count(0.5) == 1
    env.reset(options={"failed_joint": None})
    assert strengths(env) == [1.0] * 8


def test_strength_scales_all_of_a_position_motor(make):
    env = JointFailure(make(), strength=0.25)
    env.reset(seed=0, options={"failed_joint": env.joints[3]})
    model = env.robot.model
    np.testing.assert_allclose(model.actuator_gainprm[3, 0], 2.0)
    np.testing.assert_allclose(model.actuator_biasprm[3, :3], [0.0, -2.0, -0.05])
    np.testing.assert_allclose(model.actuator_forcerange[3], [-0.875, 0.875])


@pytest.mark.parametrize("name", MAKERS)
def test_a_dead_motor_gives_no_torque_whatever_the_action(make, name):
    env = JointFailure(make(name))
    env.reset(seed=0, options={"failed_joint": A_MOTOR[name]})
    dead = env.robot.motor_names.index(A_MOTOR[name])
    env.action_space.seed(0)
    for _ in range(5):
        env.step(env.action_space.sample())
        forces = env.robot.data.actuator_force
        assert forces[dead] == 0
        assert np.count_nonzero(forces) == 7


@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize("joint", [None, "motor_front_rightL_joint"])
def test_options_decide_whatever_the_probability(make, probability, joint):
    env = JointFailure(make(), joints=["motor_back_leftR_joint"], probability=probability)
    for _ in range(5):
        assert env.reset(seed=0, options={"failed_joint": joint})[1]["failed_joint"] == joint
        assert strengths(env).count(0.0) == (joint is not None)


def test_other_options_reach_the_environment_and_the_callers_dict_is_left_alone(make):
    env = JointFailure(make())
    options = {"mirror": "front_back", "failed_joint": None}
    observation, _ = env.reset(seed=3, options=options)
    assert options == {"mirror": "front_back", "failed_joint": None}
    np.testing.assert_array_equal(observation, make().reset(seed=3, options={"mirror": "front_back"})[0])
    with pytest.raises(ValueError, match="options"):
        env.reset(options={"mirror": "upside_down", "failed_joint": None})


def test_info_tells_which_joint_failed_until_the_next_reset(make):
    env = JointFailure(make(), probability=0.0)
    _, info = env.reset(seed=0, options={"failed_joint": env.joints[5]})
    assert info["failed_joint"] == env.joints[5]
    action = np.zeros(8, dtype=np.float32)
    for _ in range(3):
        info = env.step(action)[-1]
        assert info["failed_joint"] == env.joints[5]
        assert "rewards" in info
    assert env.reset()[1]["failed_joint"] is None
    assert env.step(action)[-1]["failed_joint"] is None


@pytest.mark.parametrize("name", MAKERS)
def test_the_observation_does_not_tell(make, name):
    sound, env = make(name), JointFailure(make(name), probability=1.0)
    assert env.observation_space == sound.observation_space
    assert env.action_space == sound.action_space
    expected, _ = sound.reset(seed=11)
    for joint in (None, *env.joints):
        observation, _ = env.reset(seed=11, options={"failed_joint": joint})
        np.testing.assert_array_equal(observation, expected)
    np.testing.assert_array_equal(env.reset(seed=11)[0], expected)


def test_full_strength_changes_nothing(make):
    sound, env = make(), JointFailure(make(), probability=1.0, strength=1.0)
    sound.reset(seed=5)
    env.reset(seed=5)
    for action in np.random.default_rng(0).uniform(-1, 1, (5, 8)):
        for expected, given in zip(sound.step(action)[:4], env.step(action)[:4], strict=True):
            np.testing.assert_array_equal(given, expected)


def test_an_unknown_joint_is_refused_with_the_near_names(make):
    env = make("ant")
    with pytest.raises(ValueError, match="'hip1' is no motor of the robot; did you mean 'hip_1'") as error:
        JointFailure(env, joints=["ankle_1", "hip1"])
    assert str(list(ANT_MOTORS)) in str(error.value)
    with pytest.raises(ValueError, match="'zzz' is no motor of the robot"):
        JointFailure(env, joints=["zzz"])
    with pytest.raises(ValueError, match="is no motor"):
        JointFailure(env, joints="hip_1")


def test_an_unknown_joint_in_the_options_is_refused_before_anything_changes(make):
    env = JointFailure(make(), probability=0.0)
    env.reset(seed=0)
    state = env.robot.get_state()
    with pytest.raises(ValueError, match="'motor_front_left_joint' is no motor of the robot; did you mean"):
        env.reset(seed=1, options={"failed_joint": "motor_front_left_joint"})
    np.testing.assert_array_equal(env.robot.get_state().joint_positions, state.joint_positions)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
@pytest.mark.parametrize("argument", ["probability", "strength"])
def test_numbers_outside_zero_to_one_are_refused(make, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must lie between 0 and 1, got {value}"):
        JointFailure(make(), **{argument: value})


def test_no_joints_at_all_are_refused(make):
    with pytest.raises(ValueError, match="`joints` is empty"):
        JointFailure(make(), joints=[])


def test_an_environment_without_a_robot_is_refused():
    with pytest.raises(ValueError, match="no robot found in CartPoleEnv"):
        JointFailure(gym.make("CartPole-v1"))


def test_the_spec_makes_the_same_wrapper_again(make):
    env = JointFailure(make("ant"), joints=["hip_1", "ankle_2"], probability=1.0, strength=0.5)
    again = gym.make(env.spec)
    assert type(again) is JointFailure
    assert (again.joints, again.probability, again.strength) == (("hip_1", "ankle_2"), 1.0, 0.5)
    assert again.spec == env.spec
    assert failed_joints(again, 5, seed=0) == failed_joints(env, 5, seed=0)
    again.close()
    restored = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
    with gym.make(restored) as env:
        assert env.joints == ("hip_1", "ankle_2")


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.filterwarnings("ignore:.*WARN.*:UserWarning")
def test_gymnasium_accepts_the_environment(make, name):
    check_env(JointFailure(make(name)), skip_render_check=True)
