"""Joints whose motors fail: dead, weak and locked ones, alone and together, and those that come and go."""

import math
from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.wrappers import JointFailure

from ..robots.models import arrays, changed

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
    healthy, env = make(name), JointFailure(make(name), probability=1.0)
    assert env.observation_space == healthy.observation_space
    assert env.action_space == healthy.action_space
    expected, _ = healthy.reset(seed=11)
    for joint in (None, *env.joints):
        observation, _ = env.reset(seed=11, options={"failed_joint": joint})
        np.testing.assert_array_equal(observation, expected)
    np.testing.assert_array_equal(env.reset(seed=11)[0], expected)


def test_full_strength_changes_nothing(make):
    healthy, env = make(), JointFailure(make(), probability=1.0, strength=1.0)
    healthy.reset(seed=5)
    env.reset(seed=5)
    for action in np.random.default_rng(0).uniform(-1, 1, (5, 8)):
        for expected, given in zip(healthy.step(action)[:4], env.step(action)[:4], strict=True):
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


pytest.importorskip("mujoco")

LEGS = [[f"hip_{i}", f"ankle_{i}"] for i in range(1, 5)]
DT = 0.05


@pytest.fixture
def failing():
    """Makes a failing Ant, and closes it."""
    made = []

    def failing(*args, **kwargs):
        made.append(JointFailure(gym.make("Ant-v5"), *args, **kwargs))
        return made[-1]

    yield failing
    for env in made:
        env.close()


def strength_left(env):
    """What is left of each motor, by its name."""
    return dict(zip(env.robot.motor_names, env.robot.model.actuator_gainprm[:, 0].tolist(), strict=True))


def weak(env):
    return {name for name, strength in strength_left(env).items() if strength < 1}


def test_a_group_fails_as_one(failing):
    env = failing(LEGS, probability=1.0)
    assert env.joints == tuple(map(tuple, LEGS))
    seen = set()
    for seed in range(20):
        _, info = env.reset(seed=seed)
        # In the order of the motors, which in the Ant begins with leg 4.
        assert info["failed_joint"] in {tuple(leg) for leg in LEGS}
        assert weak(env) == set(info["failed_joint"])
        seen.add(info["failed_joint"])
    assert len(seen) == 4


def test_names_and_groups_may_be_mixed_and_a_group_of_one_is_a_name(failing):
    env = failing(["hip_1", ["ankle_2"], ["hip_3", "ankle_3"]], probability=1.0)
    seen = {env.reset(seed=seed)[1]["failed_joint"] for seed in range(20)}
    assert seen == {"hip_1", "ankle_2", ("hip_3", "ankle_3")}


def test_as_many_fail_at_once_as_asked_and_none_twice(failing):
    env = failing(n_failures=3, probability=1.0)
    for seed in range(10):
        _, info = env.reset(seed=seed)
        assert len(set(info["failed_joint"])) == 3
        assert weak(env) == set(info["failed_joint"])
    env = failing(LEGS, n_failures=(1, 3), probability=1.0)
    counts = {len(env.reset(seed=seed)[1]["failed_joint"]) for seed in range(30)}
    assert counts == {2, 4, 6}


def test_the_names_are_in_the_order_of_the_motors(failing):
    env = failing(n_failures=8, probability=1.0)
    assert env.reset(seed=0)[1]["failed_joint"] == env.robot.motor_names
    assert env.reset(options={"failed_joint": ["hip_1", "hip_4"]})[1]["failed_joint"] == ("hip_4", "hip_1")


@pytest.mark.parametrize("given", [["hip_1", "ankle_3"], ("ankle_3", "hip_1"), ["hip_1", "hip_1", "ankle_3"]])
def test_a_list_of_names_decides(failing, given):
    env = failing(probability=0.0)
    assert env.reset(seed=0, options={"failed_joint": given})[1]["failed_joint"] == ("hip_1", "ankle_3")
    assert weak(env) == {"hip_1", "ankle_3"}
    assert env.reset(options={"failed_joint": ["hip_2"]})[1]["failed_joint"] == "hip_2"
    assert env.reset(options={"failed_joint": []})[1]["failed_joint"] is None
    assert weak(env) == set()


def test_each_failure_draws_a_strength_of_its_own_that_a_group_shares(failing):
    env = failing(LEGS, n_failures=2, strength=(0.2, 0.6), probability=1.0)
    env.reset(seed=0)
    left = [strength_left(env)[hip] for hip, _ in LEGS]
    assert left == [strength_left(env)[ankle] for _, ankle in LEGS]
    drawn = sorted(left)[:2]
    assert sorted(left)[2:] == [1, 1]
    assert drawn[0] != drawn[1]
    assert all(0.2 <= strength <= 0.6 for strength in drawn)
    values = []
    for _ in range(30):
        env.reset(options={"failed_joint": "hip_1"})
        values.append(strength_left(env)["hip_1"])
    assert min(values) < 0.3 < 0.5 < max(values)


def test_of_groups_that_overlap_the_weaker_strength_holds(failing):
    env = failing([["hip_1", "hip_2"], ["hip_2", "hip_3"]], n_failures=2, strength=(0.1, 0.9), probability=1.0)
    env.reset(seed=0)
    left = strength_left(env)
    assert left["hip_2"] == min(left["hip_1"], left["hip_3"])


def activity(env, n_steps):
    """In which control steps the failure is active, by the info and by the model."""
    reported, found = [], []
    for _ in range(n_steps):
        reported.append(env.step(np.zeros(8, dtype=np.float32))[-1]["failure_active"])
        found.append(bool(weak(env)))
    assert reported == found
    return [i for i, active in enumerate(reported) if active]


@pytest.mark.parametrize(
    ("onset", "duration", "expected"),
    [
        (0, None, range(20)),
        (3 * DT, None, range(3, 20)),
        (3 * DT, 5 * DT, range(3, 8)),
        (0, DT, range(1)),
        (0, DT / 10, range(1)),
        ((2 * DT, 2 * DT), (2.4 * DT, 2.4 * DT), range(2, 4)),
        (30 * DT, None, []),
    ],
)
def test_a_failure_comes_and_goes_when_asked(failing, onset, duration, expected):
    env = failing(["hip_1"], probability=1.0, onset=onset, duration=duration)
    for _ in range(2):
        _, info = env.reset(seed=0)
        assert info["failed_joint"] == "hip_1"
        assert info["failure_active"] == bool(weak(env)) == (0 in expected)
        assert activity(env, 20) == list(expected)
    env.reset(options={"failed_joint": None})
    assert activity(env, 20) == []


def test_onset_and_duration_are_drawn_in_each_episode(failing):
    env = failing(probability=1.0, onset=(0.1, 0.6), duration=(0.1, 0.3))
    episodes = []
    for seed in range(10):
        env.reset(seed=seed)
        episodes.append(activity(env, 20))
    assert len({episode[0] for episode in episodes}) > 3
    assert len({len(episode) for episode in episodes}) > 2
    assert all(2 <= episode[0] <= 12 and 2 <= len(episode) <= 6 for episode in episodes)


def test_a_reset_in_the_middle_forgets_what_was_to_come(failing):
    env = failing(["hip_1"], probability=1.0, onset=4 * DT, duration=4 * DT)
    env.reset(seed=0)
    activity(env, 6)
    env.reset(options={"failed_joint": None})
    assert weak(env) == set()
    assert activity(env, 10) == []
    env.reset()
    assert activity(env, 10) == [4, 5, 6, 7]


def test_a_locked_joint_stays_where_it_stands_at_the_onset_and_is_free_again(failing):
    env = failing(["ankle_2"], mode="locked", probability=1.0, onset=2 * DT, duration=30 * DT)
    before = arrays(env.robot.model)
    env.reset(seed=0)
    joint, rng, angles = env.robot.joint_names.index("ankle_2"), np.random.default_rng(0), []
    for step in range(60):
        info = env.step(rng.choice((-1, 1), 8).astype(np.float32))[-1]
        assert info["failed_joint"] == "ankle_2"
        assert info["failure_active"] == (2 <= step < 32)
        angles.append(env.robot.get_state().joint_positions[joint])
    np.testing.assert_allclose(angles[8:32], angles[1], atol=2e-3)
    assert np.abs(np.array(angles[32:]) - angles[1]).max() > 0.05
    assert changed(env.robot.model, before) == []


@pytest.mark.parametrize("mode", ["weak", "locked"])
def test_without_failure_and_when_closed_the_model_is_as_before_bit_for_bit(mode):
    env = gym.make("Ant-v5")
    model = env.unwrapped.model
    before = arrays(model)
    env = JointFailure(env, LEGS, mode=mode, probability=1.0)
    assert changed(model, before) == []
    env.reset(seed=0)
    assert changed(model, before)
    env.reset(options={"failed_joint": None})
    assert changed(model, before) == []
    env.reset()
    env.close()
    assert changed(model, before) == []


def test_the_environment_is_reset_with_healthy_motors(failing):
    env = failing(["hip_1"], probability=1.0)
    inner, seen = env.unwrapped, []
    reset_model = inner.reset_model

    def noting():
        seen.append(weak(env))
        return reset_model()

    inner.reset_model = noting
    for _ in range(3):
        env.reset()
    assert seen == [set()] * 3
    assert weak(env) == {"hip_1"}


def test_the_draws_of_one_failing_joint_are_those_of_the_seed(failing):
    """As they were before groups, strengths and times could be drawn: experiments are repeated by their seeds."""
    env = failing(["hip_1", "hip_2", "hip_3"], probability=0.7)
    with gym.make("Ant-v5") as untouched:
        for seed in range(20):
            untouched.reset(seed=seed)
            rng = untouched.unwrapped.np_random
            expected = env.joints[rng.integers(3)] if rng.random() < 0.7 else None
            assert env.reset(seed=seed)[1]["failed_joint"] == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"joints": [["hip_1"], []]}, "holds an empty group"),
        ({"joints": [3]}, "expected the name of a joint, a list of names, or None, got 3"),
        ({"joints": [["hip_1", "hip1"]]}, "'hip1' is no motor of the robot; did you mean 'hip_1'"),
        ({"mode": "stuck"}, r"`mode` must be one of \['weak', 'locked'\], got 'stuck'"),
        ({"mode": "locked", "strength": 0.5}, "a locked motor has no strength"),
        ({"strength": (0.5, 1.5)}, r"`strength` must lie between 0 and 1, got \(0.5, 1.5\)"),
        ({"strength": (0.5, 0.2)}, "with low <= high"),
        ({"strength": (0.1, 0.2, 0.3)}, r"`strength` must be a number or a pair \(low, high\)"),
        ({"strength": "none"}, "`strength` must be a number or a pair"),
        ({"probability": (0.1, 0.2)}, "`probability` must be a number"),
        ({"n_failures": 0}, "`n_failures` must lie between 1 and 8, got 0"),
        ({"n_failures": (1, 9)}, "`n_failures` must lie between 1 and 8"),
        ({"n_failures": 1.5}, "`n_failures` must be whole numbers"),
        ({"onset": -1}, "`onset` must lie between 0 and inf"),
        ({"onset": (0, math.inf)}, "`onset` must lie between"),
        ({"onset": 1e308}, r"`onset` must not exceed 1e\+09 in size, got 1e\+308"),
        ({"onset": (0, 1e12)}, r"`onset` must not exceed 1e\+09"),
        ({"onset": math.nan}, "`onset` must lie between 0 and inf, got nan"),
        ({"onset": True}, "`onset` must be a number or a pair"),
        ({"onset": np.array(1.0)}, "`onset` must be a number or a pair"),
        ({"onset": {0: 1, 1: 2}}, "`onset` must be a number or a pair"),
        ({"onset": (0, [1])}, "`onset` must be a number or a pair"),
        ({"duration": 1e308}, "`duration` must not exceed"),
        ({"probability": False}, "`probability` must be a number, got False"),
        ({"strength": None}, "`strength` must be a number or a pair"),
        ({"n_failures": math.inf}, "`n_failures` must lie between 1 and 8, got inf"),
        ({"n_failures": 10**400}, "`n_failures` must lie between 1 and 8"),
        ({"duration": (2, 1)}, "`duration` must be a number or a pair"),
    ],
)
def test_what_makes_no_sense_is_refused(failing, arguments, message):
    with pytest.raises(ValueError, match=message):
        failing(**arguments)


@pytest.mark.parametrize("given", [3, {"hip_1": 1}, ["hip_1", 3]])
def test_options_that_make_no_sense_are_refused(failing, given):
    with pytest.raises(ValueError, match=r"expected the name of a joint|is no motor"):
        failing().reset(options={"failed_joint": given})


class Still(Robot):
    """A robot that can do no more than it must."""

    def __init__(self):
        super().__init__(["knee"], ["knee"], [])
        self.scale = np.ones(1)

    def set_motor_strength(self, scale):
        self.scale = scale


class Room(gym.Env):
    observation_space, action_space = gym.spaces.Box(-1, 1, (1,)), gym.spaces.Box(-1, 1, (1,))

    def __init__(self):
        self.robot = Still()

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action):
        return np.zeros(1, dtype=np.float32), 0.0, False, False, {}


def test_times_need_the_length_of_a_control_step():
    JointFailure(Room())
    for times in ({"onset": 1.0}, {"duration": 1.0}, {"onset": (0, 1)}):
        with pytest.raises(ValueError, match=r"give the environment the attribute `env.unwrapped.dt`, in seconds"):
            JointFailure(Room(), **times)
    room = Room()
    room.dt = 0.5
    for dt in (0.0, -0.5, math.nan, math.inf, "0.5"):
        room.dt = dt
        JointFailure(room)
        with pytest.raises(ValueError, match=r"`env\.unwrapped\.dt` must be"):
            JointFailure(room, onset=1.0)
    room.dt = np.float32(0.5)
    env = JointFailure(room, probability=np.float32(1.0), onset=np.array([1.0, 1.0]))
    env.reset(seed=0)
    assert [env.step(np.zeros(1))[-1]["failure_active"] for _ in range(4)] == [False, False, True, True]


def test_an_adapter_that_cannot_lock_is_named_at_once():
    with pytest.raises(NotImplementedError, match=r"adapter Still cannot lock motors: implement `Still.lock_motors`"):
        JointFailure(Room(), mode="locked")


def test_the_spec_makes_all_of_it_again(failing):
    arguments = {
        "joints": [["hip_1", "ankle_1"], "hip_2"],
        "probability": 0.9,
        "strength": [0.1, 0.5],
        "n_failures": [1, 2],
        "onset": [0.0, 0.2],
        "duration": 0.5,
    }
    env = failing(**arguments)
    restored = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
    with gym.make(restored) as again:
        assert again.spec.additional_wrappers == env.spec.additional_wrappers
        for seed in range(5):
            assert again.reset(seed=seed)[1] == env.reset(seed=seed)[1]
