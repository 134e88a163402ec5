import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.robots.robot import rotation_matrix
from sb3_memaug.wrappers import JointFailure, Payload

from ..robots.models import arrays, changed

pytest.importorskip("mujoco")

AREA = {"mass": (1.0, 2.0), "x": (-0.1, 0.2), "y": (-0.05, 0.05)}
MAKERS = {
    "ant": lambda: gym.make("Ant-v5"),
    "walker": lambda: gym.make("Walker2d-v5"),
    "minitaur": lambda: MinitaurEnv("mujoco", VelocityTask()),
}


@pytest.fixture
def make():
    """Makes a loaded robot by its name, and closes it."""
    made = []

    def make(name="ant", **kwargs):
        made.append(Payload(MAKERS[name](), **kwargs))
        return made[-1]

    yield make
    for env in made:
        env.close()


def payloads(env, n, seed=0):
    return [env.reset(seed=seed if i == 0 else None)[1]["payload"] for i in range(n)]


def test_payloads_are_drawn_from_their_ranges_and_fill_them(make):
    drawn = payloads(make(**AREA, z=0.07), 200)
    for key, (low, high) in AREA.items():
        values = np.array([payload[key] for payload in drawn])
        assert low <= values.min() < low + (high - low) / 10
        assert high - (high - low) / 10 < values.max() <= high
    assert {payload["z"] for payload in drawn} == {0.07}


def test_numbers_are_taken_as_they_are(make):
    env = make(mass=1.5, x=0.1, y=-0.2, z=0.3)
    assert payloads(env, 2) == [{"mass": 1.5, "x": 0.1, "y": -0.2, "z": 0.3}] * 2


def test_sections_are_drawn_alike_whatever_their_size(make):
    sections = [{"x": (0.0, 0.3), "y": (0.0, 0.1)}, {"x": (-0.1, 0.0), "y": (-0.05, -0.04)}]
    drawn = payloads(make(mass=1.0, sections=sections), 200)
    front = [payload["x"] > 0 for payload in drawn]
    assert 70 < sum(front) < 130
    for payload, is_front in zip(drawn, front, strict=True):
        section = sections[0 if is_front else 1]
        assert all(section[key][0] <= payload[key] <= section[key][1] for key in "xy")


def test_payloads_are_as_frequent_as_asked(make):
    drawn = payloads(make(**AREA, probability=0.25), 200)
    assert 25 < sum(payload is not None for payload in drawn) < 75
    assert payloads(make(**AREA, probability=0.0), 20) == [None] * 20


def test_payloads_repeat_with_the_seed_and_differ_between_seeds(make):
    env = make(**AREA)
    first = payloads(env, 5, seed=7)
    assert payloads(env, 5, seed=7) == first
    assert payloads(env, 5, seed=8) != first


def test_options_decide_also_beyond_the_ranges(make):
    env = make(**AREA, z=0.05, probability=0.0)
    given = {"mass": 9.0, "x": -3.0, "y": 4.0}
    options = {"payload": given}
    assert env.reset(seed=0, options=options)[1]["payload"] == {**given, "z": 0.05}
    assert options == {"payload": {"mass": 9.0, "x": -3.0, "y": 4.0}}
    assert env.reset(options={"payload": {**given, "z": 1.0}})[1]["payload"]["z"] == 1.0
    env = make(**AREA)
    assert env.reset(options={"payload": None})[1]["payload"] is None
    assert env.reset(options={"payload": {"mass": 0, "x": 0, "y": 0}})[1]["payload"] is None
    payload = env.reset(seed=3)[1]["payload"]
    assert env.reset(options={"payload": payload})[1]["payload"] == payload


def test_info_tells_the_payload_until_the_next_reset(make):
    env = make(**AREA)
    _, info = env.reset(seed=0)
    action = np.zeros(8, dtype=np.float32)
    assert [env.step(action)[-1]["payload"] for _ in range(3)] == [info["payload"]] * 3
    env.reset(options={"payload": None})
    assert env.step(action)[-1]["payload"] is None


@pytest.mark.parametrize("name", ["ant", "minitaur"])
def test_the_weight_presses_in_the_direction_of_gravity_and_turns_the_base(make, name):
    env = make(name, mass=2.0, x=0.1, y=0.05, z=0.02)
    env.reset(seed=0)
    data, base = env.robot.data, env.robot.get_state().base_orientation
    weight = rotation_matrix(base).T @ (0, 0, -2 * 9.81)
    np.testing.assert_allclose(data.qfrc_applied[:6], (0, 0, -2 * 9.81, *np.cross((0.1, 0.05, 0.02), weight)))
    assert not data.qfrc_applied[6:].any()


def test_the_weight_presses_on_a_base_that_does_not_float(make):
    env = make("walker", mass=2.0, x=0.0, y=0.0)
    env.reset(seed=0)
    # On the slide that goes up, and neither forwards nor about the point where the payload lies.
    np.testing.assert_allclose(env.robot.data.qfrc_applied[:3], (0, -2 * 9.81, 0), atol=1e-12)


@pytest.mark.parametrize("name", list(MAKERS))
@pytest.mark.parametrize("inertia", [False, True])
def test_without_payload_and_when_closed_everything_is_as_before_bit_for_bit(make, name, inertia):
    env, untouched = make(name, **AREA, inertia=inertia), MAKERS[name]()
    model = env.robot.model
    before = arrays(model)
    actions = env.action_space.high * np.random.default_rng(0).uniform(-1, 1, (10, *env.action_space.shape))

    def episode(env, options=None):
        return [env.reset(seed=4, options=options)[0], *(env.step(action.astype(np.float32))[0] for action in actions)]

    expected, loaded = episode(untouched), episode(env)
    np.testing.assert_array_equal(loaded[0], expected[0])
    assert np.abs(loaded[-1] - expected[-1]).max() > 1e-4
    np.testing.assert_array_equal(episode(env, {"payload": None}), expected)
    assert changed(model, before) == []
    env.reset()
    env.close()
    assert changed(model, before) == []
    untouched.close()


def test_a_mass_that_has_inertia_is_a_part_of_the_base(make):
    env = make(mass=3.0, x=0.2, y=0.0, z=0.1, inertia=True)
    mass = env.robot.model.body_mass[1]
    env.reset(seed=0)
    assert env.robot.model.body_mass[1] == pytest.approx(mass + 3)
    assert not env.robot.data.qfrc_applied.any()


def test_failure_and_payload_stack_in_either_order():
    def episodes(wrap):
        env = wrap(MinitaurEnv("mujoco", VelocityTask()))
        before, reported = arrays(env.robot.model), []
        options = {
            "failed_joint": "motor_back_leftR_joint",
            "payload": {"mass": 1.0, "x": 0.1, "y": 0.02},
            "mirror": "left_right",
        }
        observations = [env.reset(seed=1, options=options)[0]]
        for action in np.random.default_rng(0).uniform(-1, 1, (10, 8)):
            observation, *_, info = env.step(action)
            observations.append(observation)
            reported.append((info["failed_joint"], dict(info["payload"])))
        assert set(map(str, reported)) == {str((options["failed_joint"], {"z": 0.0, **options["payload"]}))}
        with pytest.raises(ValueError, match="options"):
            env.reset(options={"mirror": "upside_down"})
        env.reset(options={"failed_joint": None, "payload": None})
        assert changed(env.robot.model, before) == []
        env.close()
        return np.array(observations)

    first = episodes(lambda env: Payload(JointFailure(env), **AREA))
    np.testing.assert_array_equal(episodes(lambda env: JointFailure(Payload(env, **AREA))), first)


@pytest.mark.parametrize("order", ["payload last", "failure last"])
def test_locks_and_loads_of_many_episodes_leave_nothing_behind(order):
    env = gym.make("Ant-v5")
    before = arrays(env.unwrapped.model)

    def failing(env):
        return JointFailure(env, mode="locked", onset=(0, 0.2), duration=0.1, n_failures=(1, 3))

    def loaded(env):
        return Payload(env, **AREA, inertia=True, probability=0.7)

    env = loaded(failing(env)) if order == "payload last" else failing(loaded(env))
    for seed in range(10):
        env.reset(seed=seed)
        for _ in range(seed):
            env.step(env.action_space.high)
    env.close()
    assert changed(env.unwrapped.model, before) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mass": -1.0}, "`mass` must lie between 0 and inf, got -1.0"),
        ({"mass": (2, 1)}, "with low <= high"),
        ({"mass": 1e308}, r"`mass` must not exceed 1e\+09 in size"),
        ({"mass": True}, "`mass` must be a number or a pair"),
        ({"y": (-1e308, 1e308)}, "`y` must not exceed"),
        ({"z": "high"}, "`z` must be a number"),
        ({"x": (0, np.nan)}, "`x` must be finite"),
        ({"z": (0, 1)}, "`z` must be a number"),
        ({"probability": 1.5}, "`probability` must lie between 0 and 1, got 1.5"),
        ({"x": None}, "either by `x` and `y` or by `sections`"),
        ({"sections": [{"x": 0, "y": 0}]}, "either by `x` and `y` or by `sections`"),
        ({"x": None, "y": None, "sections": []}, "`sections` is empty"),
        ({"x": None, "y": None, "sections": [{"x": 0}]}, r"a section must have the keys \['x', 'y'\]"),
        ({"x": None, "y": None, "sections": [{"x": 0, "y": 0, "z": 0}]}, "a section must have the keys"),
    ],
)
def test_what_makes_no_sense_is_refused(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**{**AREA, **arguments})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mass": 1.0, "x": 0.0}, r"must have the keys \['mass', 'x', 'y'\], got \{'mass': 1.0, 'x': 0.0\}"),
        ({"mass": 1.0, "x": 0.0, "y": 0.0, "weight": 3}, "must have the keys"),
        ({"mass": -1.0, "x": 0.0, "y": 0.0}, r"`options\['payload'\]\['mass'\]` must lie between 0 and inf, got -1.0"),
        ({"mass": 1e308, "x": 0.0, "y": 0.0}, r"`options\['payload'\]\['mass'\]` must not exceed"),
        ({"mass": 1.0, "x": True, "y": 0.0}, "must be a number, got True"),
        ({"mass": 1.0, "x": np.inf, "y": 0.0}, r"`options\['payload'\]\['x'\]` must be finite"),
        ({"mass": 1.0, "x": (0, 1), "y": 0.0}, "must be a number"),
        (3.0, r"must be \{'mass': …, 'x': …, 'y': …\} or None, got 3.0"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_changes(make, given, message):
    env = make(**AREA)
    env.reset(seed=0)
    state = env.robot.get_state()
    with pytest.raises(ValueError, match=message):
        env.reset(options={"payload": given})
    np.testing.assert_array_equal(env.robot.get_state().joint_positions, state.joint_positions)


def test_the_spec_makes_the_same_wrapper_again(make):
    env = make(mass=[1.0, 2.0], sections=[{"x": [0.0, 0.1], "y": 0.0}], z=0.1, probability=0.5, inertia=True)
    restored = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
    with gym.make(restored) as again:
        assert again.spec.additional_wrappers == env.spec.additional_wrappers
        assert payloads(again, 5) == payloads(env, 5)


@pytest.mark.parametrize("name", list(MAKERS))
@pytest.mark.filterwarnings("ignore:.*WARN.*:UserWarning")
def test_gymnasium_accepts_the_environment(make, name):
    check_env(make(name, **AREA, probability=0.5), skip_render_check=True)
