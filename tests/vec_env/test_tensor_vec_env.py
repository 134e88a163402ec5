"""A batch of environments in tensors, and the ``VecEnv`` that Stable-Baselines3 sees in it."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import gymnasium as gym
import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from gymnasium.wrappers import TimeLimit
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecMonitor, VecNormalize

from sb3_memaug.envs.rower import EPISODE_STEPS, Rower
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv

VECTOR = spaces.Box(-np.inf, np.inf, (3,), np.float32)
BY_KEY = spaces.Dict(who=spaces.Box(-np.inf, np.inf, (1,), np.float32), what=spaces.Box(-9, 9, (2,), np.float32))
ACTION = spaces.Box(-1, 2, (1,), np.float32)


class Script(NamedTuple):
    """
    :param rewards: of each step, (n_steps, n_envs)
    :param terminated: pairs of a step and an environment where an episode comes to its end
    :param truncated: likewise, where it is cut short
    """

    rewards: list[list[float]]
    terminated: set[tuple[int, int]] = set()
    truncated: set[tuple[int, int]] = set()

    def marks(self, pairs):
        marks = th.zeros(len(self.rewards), len(self.rewards[0]), dtype=th.bool)
        for pair in pairs:
            marks[pair] = True
        return marks


class Scripted(TensorVecEnv):
    """Plays a script over and over; observes the environment's number, its episode's steps, and the last action."""

    def __init__(self, script: Script, by_key: bool = False, with_last: bool = True) -> None:
        super().__init__(len(script.rewards[0]), BY_KEY if by_key else VECTOR, ACTION)
        self.script = th.tensor(script.rewards)
        self.terminated, self.truncated = script.marks(script.terminated), script.marks(script.truncated)
        self.by_key, self.with_last = by_key, with_last
        self.clock, self.taken = 0, []

    def _observe(self):
        x = th.stack((th.arange(self.num_envs).float(), self.steps.float(), self.last_action), dim=1)
        return {"who": x[:, :1], "what": x[:, 1:]} if self.by_key else x

    def _reset(self, seed):
        self.steps = th.zeros(self.num_envs)
        self.last_action = th.zeros(self.num_envs)
        return self._observe()

    def _step(self, actions):
        self.taken.append(actions.clone())
        now = self.clock % len(self.script)
        self.clock += 1
        self.steps, self.last_action = self.steps + 1, actions[:, 0]
        final = self._observe() if self.with_last else None
        goes_on = ~(self.terminated[now] | self.truncated[now])
        self.steps, self.last_action = self.steps * goes_on, self.last_action * goes_on
        rewards = self.script[now].clone()
        return TensorStep(self._observe(), rewards, self.terminated[now], self.truncated[now], final)


class OneOfScript(gym.Env):
    """One environment of the same, as Gymnasium has them."""

    observation_space, action_space = VECTOR, ACTION

    def __init__(self, script: Script, number: int) -> None:
        self.script, self.number, self.clock = script, number, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.array([self.number, 0, 0], np.float32), {}

    def step(self, action):
        now = self.clock, self.number
        self.clock += 1
        self.steps += 1
        observation = np.array([self.number, self.steps, action[0]], np.float32)
        reward = self.script.rewards[now[0]][now[1]]
        return observation, reward, now in self.script.terminated, now in self.script.truncated, {}


@st.composite
def scripts(draw):
    n_steps, n_envs = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    quarters = st.lists(st.integers(-8, 8).map(lambda n: n / 4), min_size=n_envs, max_size=n_envs)
    ends = st.sets(st.tuples(st.integers(0, n_steps - 1), st.integers(0, n_envs - 1)))
    return Script(draw(st.lists(quarters, min_size=n_steps, max_size=n_steps)), draw(ends), draw(ends))


ENDS = Script([[1.0, 2.0, 4.0]] * 4, terminated={(1, 0), (3, 2)}, truncated={(1, 1), (3, 2)})


def drive(env, n_steps=120):
    """What random actions lead to through numpy, the first observations too."""
    random = np.random.default_rng(0)
    yield env.reset(), None, None, None
    for _ in range(n_steps):
        yield env.step(random.uniform(-1, 1, (env.num_envs, *env.action_space.shape)).astype(np.float32))


def items(observation):
    return sorted(observation.items()) if isinstance(observation, dict) else [("", observation)]


def one_of(observations, i):
    """What environment i observes."""
    return {key: x[i] for key, x in observations.items()} if isinstance(observations, dict) else observations[i]


def assert_same(ours, theirs):
    """Arrays and tensors of the same values and types."""
    for (key, a), (other, b) in zip(items(ours), items(theirs), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert key == other and a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", [lambda: Rower(8), lambda: Scripted(ENDS, by_key=True)], ids=["rower", "dict"])
def test_arrays_hold_what_tensors_hold(make):
    arrays, tensors, random = make(), make(), np.random.default_rng(0)
    arrays.seed(5)
    assert_same(arrays.reset(), tensors.reset_tensors(5))
    ended = 0
    for _ in range(120):
        actions = random.uniform(-1, 1, (arrays.num_envs, *arrays.action_space.shape)).astype(np.float32)
        observations, rewards, dones, infos = arrays.step(actions)
        step = tensors.step_tensors(th.as_tensor(actions))
        assert_same(observations, step.observations)
        assert_same(rewards, step.rewards)
        assert_same(dones, step.dones)
        for i in np.flatnonzero(dones):
            assert_same(infos[i]["terminal_observation"], one_of(step.final_observations, i))
            assert infos[i]["episode"]["r"] == step.episode_returns[i]
            assert infos[i]["episode"]["l"] == step.episode_lengths[i]
            assert infos[i]["TimeLimit.truncated"] == (step.truncated[i] and not step.terminated[i])
            ended += 1
    assert ended >= 8


def test_actions_get_the_type_of_their_space():
    env = Rower(3)
    env.reset()
    observations, *_ = env.step(np.zeros((3, 2), np.float64))
    assert observations.dtype == env.observation_space.dtype


def test_an_ended_episode_is_in_its_info():
    env = Scripted(ENDS)
    env.reset()
    action = np.array([[0.25], [0.5], [0.75]], np.float32)
    assert env.step(action)[3] == [{}, {}, {}]
    observations, rewards, dones, infos = env.step(action)
    assert observations.tolist() == [[0, 0, 0], [1, 0, 0], [2, 2, 0.75]]
    assert rewards.tolist() == [1, 2, 4]
    assert dones.tolist() == [True, True, False]
    elapsed = [info["episode"].pop("t") for info in infos[:2]]
    assert all(isinstance(t, float) and t >= 0 for t in elapsed)
    last = [info.pop("terminal_observation").tolist() for info in infos[:2]]
    assert last == [[0, 2, 0.25], [1, 2, 0.5]]
    assert infos == [
        {"TimeLimit.truncated": False, "episode": {"r": 2.0, "l": 2}},
        {"TimeLimit.truncated": True, "episode": {"r": 4.0, "l": 2}},
        {},
    ]
    env.step(action)
    *_, dones, infos = env.step(action)
    # At its end and cut short at once: there is nothing that it would still have been worth.
    assert dones.tolist() == [False, False, True]
    assert infos[2]["TimeLimit.truncated"] is False
    assert (infos[2]["episode"]["r"], infos[2]["episode"]["l"]) == (16.0, 4)


@settings(deadline=None, max_examples=60)
@given(scripts())
def test_it_is_what_monitored_environments_of_gymnasium_are(script):
    n_envs = len(script.rewards[0])
    ours = Scripted(script)
    theirs = DummyVecEnv([lambda i=i: Monitor(OneOfScript(script, i)) for i in range(n_envs)])
    for (a, *step), (b, *other) in zip(
        drive(ours, len(script.rewards)), drive(theirs, len(script.rewards)), strict=True
    ):
        assert_same(a, b)
        if step[0] is None:
            continue
        (rewards, dones, infos), (their_rewards, their_dones, their_infos) = step, other
        assert_same(rewards, their_rewards)
        assert_same(dones, their_dones)
        for done, info, their_info in zip(dones, infos, their_infos, strict=True):
            assert done or info == {}
            if done:
                assert_same(info["terminal_observation"], their_info["terminal_observation"])
                assert info["TimeLimit.truncated"] == their_info["TimeLimit.truncated"]
                assert {k: info["episode"][k] for k in "rl"} == {k: their_info["episode"][k] for k in "rl"}
                assert set(info["episode"]) == set(their_info["episode"])


def test_last_observations_may_be_missing():
    env = Scripted(ENDS._replace(truncated=set()), with_last=False)
    infos = [info for *_, info in list(drive(env, 4))[1:]]
    assert set(infos[1][0]) == {"TimeLimit.truncated", "episode"}


def test_what_it_gave_can_be_written_into():
    class Keeps(Scripted):
        def _step(self, actions):
            return super()._step(actions)._replace(rewards=self.script[self.clock % 4], final_observations=None)

    env = Keeps(ENDS)
    env.reset()
    _, rewards, *_ = env.step(np.zeros((3, 1), np.float32))
    rewards += 1.0
    assert (env.script == th.tensor(ENDS.rewards)).all()


def test_a_reset_starts_to_count_anew():
    env = Scripted(ENDS)
    env.reset()
    env.step(np.zeros((3, 1), np.float32))
    env.clock = 0
    env.reset()
    infos = [env.step(np.zeros((3, 1), np.float32))[3] for _ in range(2)][1]
    assert (infos[0]["episode"]["r"], infos[0]["episode"]["l"]) == (2.0, 2)


def test_a_seed_repeats_everything_and_is_used_once():
    one, other = Rower(4, seed=1), Rower(4, seed=2)
    lives = []
    for env in (one, other, one):
        env.seed(5)
        lives.append([observation for observation, *_ in drive(env)])
    for steps in lives[1:]:
        np.testing.assert_array_equal(lives[0], steps)
    assert not np.array_equal(one.reset(), lives[0][0])


def test_attributes_are_those_of_all_environments():
    env = Rower(4)
    assert isinstance(env, VecEnv)
    assert env.get_attr("probability") == [0.8] * 4
    assert env.get_attr("probability", indices=[0, 2]) == [0.8] * 2
    assert env.get_attr("render_mode", indices=1) == [None]
    assert env.has_attr("symmetry_group")
    assert not env.has_attr("weather")
    env.set_attr("probability", 0.5)
    assert env.get_attr("probability", indices=[3]) == [0.5]


def test_a_method_is_called_once():
    class Counts(Rower):
        calls = 0

        def called(self, by, twice=False):
            self.calls += 1
            return self.calls, by, twice

    env = Counts(3)
    assert env.env_method("called", "me", indices=[0, 1], twice=True) == [(1, "me", True)] * 2
    assert env.env_method("called", "me") == [(2, "me", False)] * 3


def test_it_counts_episodes_as_a_monitor_and_has_no_other_wrapper():
    assert Rower(2).env_is_wrapped(Monitor) == [True, True]
    assert Rower(2).env_is_wrapped(TimeLimit, indices=[0]) == [False]


@pytest.mark.parametrize(("algorithm", "kwargs"), [(PPO, {"batch_size": 24}), (A2C, {})], ids=["ppo", "a2c"])
@pytest.mark.parametrize("by_key", [False, True], ids=["vector", "dict"])
def test_sb3_trains_on_it(algorithm, kwargs, by_key):
    env = Scripted(ENDS, by_key)
    policy = "MultiInputPolicy" if by_key else "MlpPolicy"
    model = algorithm(policy, env, n_steps=8, seed=0, device="cpu", **kwargs).learn(48)
    assert len(env.taken) == 16
    # An episode of each environment ends in the 4 steps of the script; two of the first ones are shorter.
    episodes = [(episode["r"], episode["l"]) for episode in model.ep_info_buffer]
    assert episodes == [(2, 2), (4, 2), (16, 4)] + [(4, 4), (8, 4), (16, 4)] * 3


def test_evaluate_policy_uses_its_episodes():
    env = Scripted(ENDS)
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=24, seed=0, device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        returns, lengths = evaluate_policy(model, env, n_eval_episodes=3, return_episode_rewards=True)
    assert sorted(zip(returns, lengths, strict=True)) == [(2, 2), (4, 2), (16, 4)]


@pytest.mark.filterwarnings("ignore:The environment is already wrapped with a `Monitor`")
def test_vec_monitor_counts_the_same():
    plain, monitored = Rower(4), VecMonitor(Rower(4))
    ended = 0
    for (*_, infos), (*_, counted) in zip(drive(plain), drive(monitored), strict=True):
        for info, other in zip(infos or [], counted or [], strict=True):
            if "episode" in info:
                assert other["episode"]["r"] == pytest.approx(info["episode"]["r"], rel=1e-5)
                assert other["episode"]["l"] == info["episode"]["l"] <= EPISODE_STEPS
                ended += 1
    assert ended >= 4


def test_vec_normalize_normalizes_last_observations_too():
    plain, normalized = Rower(4), VecNormalize(Rower(4))
    ended = 0
    for (raw, _, _, infos), (seen, *_, others) in zip(drive(plain), drive(normalized), strict=True):
        np.testing.assert_array_equal(normalized.get_original_obs(), raw)
        np.testing.assert_array_equal(normalized.normalize_obs(raw), seen)
        for info, other in zip(infos or [], others or [], strict=True):
            if info:
                ended += 1
                last = normalized.normalize_obs(info["terminal_observation"])
                np.testing.assert_array_equal(other["terminal_observation"], last)
    assert ended >= 4
