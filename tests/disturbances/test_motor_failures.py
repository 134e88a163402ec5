"""Failures of several motors, of any strength, locked ones, and those that come and go."""

import math

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.robots import Robot
from sb3_memaug.wrappers import JointFailure

from ..robots.models import arrays, changed

pytest.importorskip("mujoco")

LEGS = [[f"hip_{i}", f"ankle_{i}"] for i in range(1, 5)]
DT = 0.05


@pytest.fixture
def make():
    """Makes a failing Ant, and closes it."""
    made = []

    def make(*args, **kwargs):
        made.append(JointFailure(gym.make("Ant-v5"), *args, **kwargs))
        return made[-1]

    yield make
    for env in made:
        env.close()


def strengths(env):
    """What is left of each motor, by its name."""
    return dict(zip(env.robot.motor_names, env.robot.model.actuator_gainprm[:, 0].tolist(), strict=True))


def weak(env):
    return {name for name, strength in strengths(env).items() if strength < 1}


def test_a_group_fails_as_one(make):
    env = make(LEGS, probability=1.0)
    assert env.joints == tuple(map(tuple, LEGS))
    seen = set()
    for seed in range(20):
        _, info = env.reset(seed=seed)
        # In the order of the motors, which in the Ant begins with leg 4.
        assert info["failed_joint"] in {tuple(leg) for leg in LEGS}
        assert weak(env) == set(info["failed_joint"])
        seen.add(info["failed_joint"])
    assert len(seen) == 4


def test_names_and_groups_may_be_mixed_and_a_group_of_one_is_a_name(make):
    env = make(["hip_1", ["ankle_2"], ["hip_3", "ankle_3"]], probability=1.0)
    seen = {env.reset(seed=seed)[1]["failed_joint"] for seed in range(20)}
    assert seen == {"hip_1", "ankle_2", ("hip_3", "ankle_3")}


def test_as_many_fail_at_once_as_asked_and_none_twice(make):
    env = make(n_failures=3, probability=1.0)
    for seed in range(10):
        _, info = env.reset(seed=seed)
        assert len(set(info["failed_joint"])) == 3
        assert weak(env) == set(info["failed_joint"])
    env = make(LEGS, n_failures=(1, 3), probability=1.0)
    counts = {len(env.reset(seed=seed)[1]["failed_joint"]) for seed in range(30)}
    assert counts == {2, 4, 6}


def test_the_names_are_in_the_order_of_the_motors(make):
    env = make(n_failures=8, probability=1.0)
    assert env.reset(seed=0)[1]["failed_joint"] == env.robot.motor_names
    assert env.reset(options={"failed_joint": ["hip_1", "hip_4"]})[1]["failed_joint"] == ("hip_4", "hip_1")


@pytest.mark.parametrize("given", [["hip_1", "ankle_3"], ("ankle_3", "hip_1"), ["hip_1", "hip_1", "ankle_3"]])
def test_a_list_of_names_decides(make, given):
    env = make(probability=0.0)
    assert env.reset(seed=0, options={"failed_joint": given})[1]["failed_joint"] == ("hip_1", "ankle_3")
    assert weak(env) == {"hip_1", "ankle_3"}
    assert env.reset(options={"failed_joint": ["hip_2"]})[1]["failed_joint"] == "hip_2"
    assert env.reset(options={"failed_joint": []})[1]["failed_joint"] is None
    assert weak(env) == set()


def test_each_failure_draws_a_strength_of_its_own_that_a_group_shares(make):
    env = make(LEGS, n_failures=2, strength=(0.2, 0.6), probability=1.0)
    env.reset(seed=0)
    left = [strengths(env)[hip] for hip, _ in LEGS]
    assert left == [strengths(env)[ankle] for _, ankle in LEGS]
    drawn = sorted(left)[:2]
    assert sorted(left)[2:] == [1, 1]
    assert drawn[0] != drawn[1]
    assert all(0.2 <= strength <= 0.6 for strength in drawn)
    values = []
    for _ in range(30):
        env.reset(options={"failed_joint": "hip_1"})
        values.append(strengths(env)["hip_1"])
    assert min(values) < 0.3 < 0.5 < max(values)


def test_of_groups_that_overlap_the_weaker_strength_holds(make):
    env = make([["hip_1", "hip_2"], ["hip_2", "hip_3"]], n_failures=2, strength=(0.1, 0.9), probability=1.0)
    env.reset(seed=0)
    left = strengths(env)
    assert left["hip_2"] == min(left["hip_1"], left["hip_3"])


def activity(env, n_steps):
    """In which control steps the failure is active, by the info and by the model."""
    told, found = [], []
    for _ in range(n_steps):
        told.append(env.step(np.zeros(8, dtype=np.float32))[-1]["failure_active"])
        found.append(bool(weak(env)))
    assert told == found
    return [i for i, active in enumerate(told) if active]


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
def test_a_failure_comes_and_goes_when_asked(make, onset, duration, expected):
    env = make(["hip_1"], probability=1.0, onset=onset, duration=duration)
    for _ in range(2):
        _, info = env.reset(seed=0)
        assert info["failed_joint"] == "hip_1"
        assert info["failure_active"] == bool(weak(env)) == (0 in expected)
        assert activity(env, 20) == list(expected)
    env.reset(options={"failed_joint": None})
    assert activity(env, 20) == []


def test_onset_and_duration_are_drawn_in_each_episode(make):
    env = make(probability=1.0, onset=(0.1, 0.6), duration=(0.1, 0.3))
    lives = []
    for seed in range(10):
        env.reset(seed=seed)
        lives.append(activity(env, 20))
    assert len({life[0] for life in lives}) > 3
    assert len({len(life) for life in lives}) > 2
    assert all(2 <= life[0] <= 12 and 2 <= len(life) <= 6 for life in lives)


def test_a_reset_in_the_middle_forgets_what_was_to_come(make):
    env = make(["hip_1"], probability=1.0, onset=4 * DT, duration=4 * DT)
    env.reset(seed=0)
    activity(env, 6)
    env.reset(options={"failed_joint": None})
    assert weak(env) == set()
    assert activity(env, 10) == []
    env.reset()
    assert activity(env, 10) == [4, 5, 6, 7]


def test_a_locked_joint_stays_where_it_stands_at_the_onset_and_is_free_again(make):
    env = make(["ankle_2"], mode="locked", probability=1.0, onset=2 * DT, duration=30 * DT)
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


def test_the_environment_is_reset_with_sound_motors(make):
    env = make(["hip_1"], probability=1.0)
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


def test_the_draws_of_one_failing_joint_are_those_of_the_seed(make):
    """As they were before groups, strengths and times could be drawn: experiments are repeated by their seeds."""
    env = make(["hip_1", "hip_2", "hip_3"], probability=0.7)
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
def test_what_makes_no_sense_is_refused(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


@pytest.mark.parametrize("given", [3, {"hip_1": 1}, ["hip_1", 3]])
def test_options_that_make_no_sense_are_refused(make, given):
    with pytest.raises(ValueError, match=r"expected the name of a joint|is no motor"):
        make().reset(options={"failed_joint": given})


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


def test_the_spec_makes_all_of_it_again(make):
    arguments = {
        "joints": [["hip_1", "ankle_1"], "hip_2"],
        "probability": 0.9,
        "strength": [0.1, 0.5],
        "n_failures": [1, 2],
        "onset": [0.0, 0.2],
        "duration": 0.5,
    }
    env = make(**arguments)
    restored = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
    with gym.make(restored) as again:
        assert again.spec.additional_wrappers == env.spec.additional_wrappers
        for seed in range(5):
            assert again.reset(seed=seed)[1] == env.reset(seed=seed)[1]
