from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import sb3_memaug
from sb3_memaug.wrappers.vector import JointFailure, Payload

pytest.importorskip("mujoco")

N = 3
AREA = {"mass": (1.0, 2.0), "x": (-0.1, 0.2), "y": (-0.05, 0.05)}


@pytest.fixture
def make():
    """Makes three Ants whose episodes last four steps, and closes them."""
    made = []

    def make(mode=AutoresetMode.NEXT_STEP, wrappers=(), vectorization_mode="sync"):
        made.append(
            gym.make_vec(
                "Ant-v5",
                num_envs=N,
                vectorization_mode=vectorization_mode,
                vector_kwargs={"autoreset_mode": mode},
                wrappers=[*wrappers, partial(gym.wrappers.TimeLimit, max_episode_steps=4)],
            )
        )
        return made[-1]

    yield make
    for env in made:
        env.close()


def weak(env):
    """Which motors are weak, in each environment."""
    robots = [sb3_memaug.robots.find_robot(each) for each in env.unwrapped.envs]
    return [
        tuple(name for name, gain in zip(r.motor_names, r.model.actuator_gainprm[:, 0], strict=True) if gain < 1)
        for r in robots
    ]


def episodes(env, n_steps=15):
    found = [env.reset(seed=5)]
    for actions in np.random.default_rng(0).uniform(-1, 1, (n_steps, N, 8)):
        found.append(env.step(actions.astype(np.float32)))
    return found


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(found, dict):
        assert set(found) == set(expected)
        for key, value in found.items():
            assert_same(value, expected[key])
    elif isinstance(found, tuple | list) or (isinstance(found, np.ndarray) and found.dtype.hasobject):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_it_is_as_if_each_environment_had_been_wrapped_where_it_was_made(make, mode):
    failing = {"probability": 0.6, "onset": (0.0, 0.1), "n_failures": (1, 3)}
    loaded = {**AREA, "probability": 0.5}
    wrapped = make(mode, [partial(sb3_memaug.JointFailure, **failing), partial(sb3_memaug.Payload, **loaded)])
    env = Payload(JointFailure(make(mode), **failing), **loaded)
    # Here the time limit lies within.
    assert_same(episodes(env), episodes(wrapped))


def test_infos_are_as_gymnasium_has_them(make):
    env = Payload(JointFailure(make(), probability=0.5), **AREA, probability=0.5)
    seen = set()
    for seed in range(0, 30, 3):
        _, infos = env.reset(seed=seed)
        assert infos["_failed_joint"].all() and infos["_payload"].all()
        assert infos["failure_active"].dtype == bool
        for i in range(N):
            assert infos["failure_active"][i] == (infos["failed_joint"][i] is not None)
            assert weak(env)[i] == ((infos["failed_joint"][i],) if infos["failed_joint"][i] else ())
            payload = infos["payload"][i]
            assert payload is None or set(payload) == {"mass", "x", "y", "z"}
            seen.add((infos["failed_joint"][i] is None, payload is None))
    assert len(seen) == 4


def test_options_decide_for_all_or_for_each(make):
    env = Payload(JointFailure(make(), probability=0.0), **AREA)
    failed = ["hip_1", None, ["ankle_2", "hip_2"]]
    loads = [{"mass": 3, "x": 0, "y": 0}, None, {"mass": 5, "x": 1, "y": 0, "z": 1}]
    options = {"failed_joint": failed, "payload": loads}
    _, infos = env.reset(seed=0, options=options)
    assert options == {"failed_joint": failed, "payload": loads}
    assert infos["failed_joint"].tolist() == ["hip_1", None, ("hip_2", "ankle_2")]
    assert weak(env) == [("hip_1",), (), ("hip_2", "ankle_2")]
    assert [load and load["mass"] for load in infos["payload"]] == [3, None, 5]
    _, infos = env.reset(options={"failed_joint": ("hip_1", "ankle_1"), "payload": None})
    assert weak(env) == [("hip_1", "ankle_1")] * N
    assert infos["payload"].tolist() == [None] * N
    env.reset()
    assert weak(env) == [()] * N


def test_only_those_that_are_reset_are_decided_for(make):
    env = JointFailure(make(AutoresetMode.DISABLED), probability=0.0)
    env.reset(seed=0, options={"failed_joint": "hip_3"})
    for _ in range(4):
        *_, truncated, _ = env.step(np.zeros((N, 8), dtype=np.float32))
    assert truncated.all()
    mask = np.array((True, False, True))
    _, infos = env.reset(options={"reset_mask": mask, "failed_joint": ["hip_1", "hip_2", None]})
    assert weak(env) == [("hip_1",), ("hip_3",), ()]
    np.testing.assert_array_equal(infos["_failed_joint"], mask)
    env.reset(options={"reset_mask": ~mask})
    assert weak(env) == [("hip_1",), (), ()]


def test_unknown_joints_and_lists_of_the_wrong_length_are_refused_before_anything_changes(make):
    env = JointFailure(make(), probability=0.0)
    env.reset(seed=0, options={"failed_joint": "hip_1"})
    with pytest.raises(ValueError, match="must be a list with one entry for each of 3"):
        env.reset(options={"failed_joint": ["hip_1", "ankle_1"]})
    with pytest.raises(ValueError, match="'hip' is no motor of the robot"):
        env.reset(options={"failed_joint": ["hip_2", None, "hip"]})
    assert weak(env) == [("hip_1",)] * N


def test_wrapped_vector_environments_are_as_good(make):
    env = JointFailure(RecordEpisodeStatistics(make()), joints=["hip_1"], probability=1.0)
    env.reset(seed=0)
    assert weak(env) == [("hip_1",)] * N


def test_closing_leaves_every_simulator_as_it_was(make):
    inner = make()
    models = [each.unwrapped.model for each in inner.envs]
    env = JointFailure(inner, probability=1.0)
    env.reset(seed=0)
    assert all((model.actuator_gainprm[:, 0] == 0).any() for model in models)
    env.close()
    assert all((model.actuator_gainprm[:, 0] == 1).all() for model in models)


def test_environments_in_other_processes_are_out_of_reach(make):
    env = make(vectorization_mode="async")
    with pytest.raises(ValueError, match=r"got AsyncVectorEnv, .* wrappers=\[functools.partial\(sb3_memaug.Payload"):
        Payload(env, **AREA)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_environments_in_other_processes_can_be_wrapped_where_they_are_made(make, mode):
    wrappers = [partial(sb3_memaug.JointFailure, probability=0.5), partial(sb3_memaug.Payload, **AREA, probability=0.5)]
    assert_same(episodes(make(mode, wrappers, "async")), episodes(make(mode, wrappers)))
