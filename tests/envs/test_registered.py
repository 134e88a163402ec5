import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv

import sb3_memaug.envs

BULLET = [
    f"MemAug/Minitaur{goal}{variation}-v0"
    for goal in ("Velocity", "Position")
    for variation in ("", "JointFailure", "Payload")
]
MUJOCO = [name.replace("-v0", "-MuJoCo-v0") for name in BULLET]
FAILURES = [name for name in MUJOCO + BULLET if "JointFailure" in name]
PAYLOADS = [name for name in MUJOCO + BULLET if "Payload" in name]
FRONT_LEFT = ("motor_front_leftL_joint", "motor_front_leftR_joint")


def of(simulators):
    return pytest.mark.parametrize("env_id", simulators)


@pytest.fixture(autouse=True)
def needs_its_simulator(request):
    if "env_id" in request.fixturenames:
        pytest.importorskip("pybullet" if request.getfixturevalue("env_id") in BULLET else "mujoco")


def test_all_are_registered_once_however_often_they_are_asked_for():
    sb3_memaug.envs.register_envs()
    assert sorted(name for name in gym.registry if name.startswith("MemAug/Minitaur")) == sorted(MUJOCO + BULLET)


@of(MUJOCO + BULLET)
def test_checkers_pass(env_id):
    env = gym.make(env_id)
    check_env(env.unwrapped, skip_render_check=True)
    check_env(env, skip_render_check=True)
    sb3_check_env(env.unwrapped)
    sb3_check_env(env)
    env.close()


@of(MUJOCO + BULLET)
def test_remade_from_its_spec(env_id):
    env = gym.make(env_id, **({"split": "ood", "probability": 1.0} if env_id in FAILURES + PAYLOADS else {}))
    again = gym.make(env.spec)
    layers = []
    for made in (env, again):
        names = []
        while made is not made.unwrapped:
            names.append(type(made).__name__)
            made = made.env
        layers.append(names)
    assert layers[0] == layers[1]
    assert "MirrorSpec" in layers[0]
    assert again.get_wrapper_attr("symmetry_group") == env.get_wrapper_attr("symmetry_group")
    if env_id in FAILURES:
        assert again.get_wrapper_attr("joints") == env.get_wrapper_attr("joints")
        assert again.get_wrapper_attr("probability") == 1.0
    if env_id in PAYLOADS:
        assert again.get_wrapper_attr("sections") == env.get_wrapper_attr("sections")
    np.testing.assert_array_equal(env.reset(seed=1)[0], again.reset(seed=1)[0])
    env.close(), again.close()


@of(MUJOCO + BULLET)
def test_the_group_has_four_elements(env_id):
    env = gym.make(env_id)
    assert env.get_wrapper_attr("symmetry_group").names == (
        "identity",
        "left_right",
        "front_back",
        "left_right*front_back",
    )
    env.close()


@of(FAILURES)
def test_splits(env_id):
    seen = {}
    for split in ("id", "ood", "all"):
        env = gym.make(env_id, split=split, probability=1.0)
        seen[split] = {env.reset(seed=seed)[1]["failed_joint"] for seed in range(60)}
        env.close()
    assert seen["id"] == set(FRONT_LEFT)
    assert len(seen["ood"]) == 6
    assert not seen["ood"] & seen["id"]
    assert seen["all"] == seen["id"] | seen["ood"]


@of(PAYLOADS)
def test_payloads_lie_in_the_sections_of_their_split(env_id):
    seen = {}
    for split in ("id", "ood", "all"):
        env = gym.make(env_id, split=split, probability=1.0)
        payloads = [env.reset(seed=seed)[1]["payload"] for seed in range(60)]
        env.close()
        seen[split] = {(payload["x"] > 0, payload["y"] > 0) for payload in payloads}
        assert all(3 <= payload["mass"] <= 6 for payload in payloads)
        assert all(abs(payload["x"]) <= 0.16 and abs(payload["y"]) <= 0.1 for payload in payloads)
    assert seen["id"] == {(True, True)}
    assert seen["ood"] == {(True, False), (False, True), (False, False)}
    assert seen["all"] == seen["id"] | seen["ood"]


@of(PAYLOADS)
def test_a_payload_presses_its_corner_down(env_id):
    env, tilts = gym.make(env_id), {}
    for x, y in ((0.1, 0.1), (0.1, -0.1), (-0.1, 0.1)):
        env.reset(seed=0, options={"payload": {"mass": 4.0, "x": x, "y": y}})
        for _ in range(20):
            env.step(np.zeros(8, np.float32))
        tilts[x, y] = env.unwrapped.robot.get_motion().gravity[:2]
    env.close()
    for place, tilt in tilts.items():
        # Down has moved towards the payload.
        np.testing.assert_array_equal(np.sign(tilt), np.sign(place))
        assert 0.02 < np.hypot(*tilt) < 0.2


@of(FAILURES + PAYLOADS)
def test_an_unknown_split_is_refused(env_id):
    with pytest.raises(ValueError, match=r"must be one of \['id', 'ood', 'all'\], got 'test'"):
        gym.make(env_id, split="test")


@of([FAILURES[0], PAYLOADS[-1]])
def test_in_subprocesses(env_id):
    env = make_vec_env(f"sb3_memaug:{env_id}", n_envs=2, seed=0, vec_env_cls=SubprocVecEnv)
    assert env.has_attr("symmetry_group")
    first, second = env.get_attr("symmetry_group")
    assert first == second
    env.reset()
    _, rewards, _, infos = env.step(np.zeros((2, 8), np.float32))
    assert np.isfinite(rewards).all()
    assert {"failed_joint" if env_id in FAILURES else "payload", "rewards"} <= set(infos[0])
    env.close()


@of(MUJOCO + BULLET)
def test_same_seed_same_episode(env_id):
    env = gym.make(env_id)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (20, 8)).astype(np.float32)

    def episode(seed):
        observations = [env.reset(seed=seed)[0]]
        return np.array(observations + [env.step(action)[0] for action in actions])

    first, other, again = episode(3), episode(4), episode(3)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    env.close()


@of(MUJOCO)
def test_time_limit(env_id):
    env, limit = gym.make(env_id), 200 if "Position" in env_id else 125
    env.reset(seed=0)
    for step in range(1, limit + 1):
        observation, _, terminated, truncated, _ = env.step(np.zeros(8, np.float32))
        assert not terminated
        assert truncated == (step == limit)
        if "Position" in env_id:
            assert observation[35] == pytest.approx(1 - step / limit)
    env.close()
