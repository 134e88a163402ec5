"""A number that is not finite stops the training before anything is learned from it; its environment is named."""

from __future__ import annotations

import re

import gymnasium as gym
import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from tests.ppo.worlds import OBSERVATIONS, RandomWorld
from tests.vec_env.test_steppers import Hidden, TensorWorld, act_asynchronously, both, make

N_STEPS = 8
#: What is not finite in float32.
BAD = {"nan": np.nan, "inf": np.inf, "minus_inf": -np.inf}
WAYS = ("tensors", "asynchronous", "arrays")
ways = pytest.mark.parametrize("way", WAYS)


class Planted(TensorWorld):
    """At one step, one number of its observation, its reward, or its last observation is not finite."""

    def __init__(self, where, number=np.nan, at=3, env=2, observation="vector", cut=True):
        super().__init__(4, observation)
        self.where, self.number, self.at, self.env, self.cut = where, number, at, env, cut
        self.clock = 0

    def _reset(self, seed):
        observations = super()._reset(seed)
        if self.clock == self.at == 0:
            self._plant(observations)
        return observations

    def _step(self, actions):
        step, self.clock = super()._step(actions), self.clock + 1
        if self.clock == self.at:
            if self.where == "observation":
                self._plant(step.observations)
            elif self.where == "reward":
                step.rewards[self.env] = self.number
            else:
                self._plant(step.final_observations)
                step.truncated[self.env], step.terminated[self.env] = self.cut, not self.cut
        return step

    def _plant(self, observations):
        x = observations["b"] if isinstance(observations, dict) else observations
        x[self.env, 1] = self.number


def message_of(env, way, monkeypatch, algorithm=MemAugRecurrentPPO, n_steps=N_STEPS):
    """Of the training, which learned nothing, and goes on when it is asked to."""
    with monkeypatch.context() as patch:
        if way == "asynchronous":
            act_asynchronously(patch)
        model = make(algorithm, Hidden(env) if way == "arrays" else env, n_steps=n_steps, batch_size=64)
        before = [parameter.clone() for parameter in model.policy.parameters()]
        with pytest.raises(ValueError, match="is not finite") as error:
            model.learn(4 * 64)
        assert all(th.equal(a, b) for a, b in zip(before, model.policy.parameters(), strict=True))
        model.learn(4 * n_steps, reset_num_timesteps=False)
        assert any(not th.equal(a, b) for a, b in zip(before, model.policy.parameters(), strict=True))
        assert all(np.isfinite(episode["r"]) for episode in model.ep_info_buffer)
    return str(error.value)


@both
@pytest.mark.parametrize("hide", [lambda env: env, Hidden], ids=["tensors", "arrays"])
def test_the_observation_after_the_last_step_is_checked_too(algorithm, hide):
    class Diverges(Rower):
        clock = 0

        def _step(self, actions):
            step, self.clock = super()._step(actions), self.clock + 1
            if self.clock == 8:
                step.observations[2] = th.nan
            return step

    model = make(algorithm, hide(Diverges(4)), n_steps=8)
    before = [parameter.clone() for parameter in model.policy.parameters()]
    with pytest.raises(ValueError, match=r"the observation of environment \[2\] is not finite"):
        model.learn(32)
    assert all(th.equal(a, b) for a, b in zip(before, model.policy.parameters(), strict=True))


@both
@pytest.mark.parametrize(
    ("where", "name"),
    [("observation", "observation"), ("reward", "reward"), ("last", "last observation")],
)
@pytest.mark.parametrize("bad", BAD)
def test_every_way_says_the_same(algorithm, where, name, bad, monkeypatch):
    messages = {message_of(Planted(where, BAD[bad]), way, monkeypatch, algorithm) for way in WAYS}
    (message,) = messages
    start = f"at step 3 of the rollout that began after 0 steps, the {name} of environment [2] is not finite: "
    assert message.startswith(start)
    assert "the last checkpoint is still good" in message
    assert "end its episodes before that happens" in message


@pytest.mark.parametrize("normalize", [SymmetricVecNormalize, lambda env: VecNormalize(env, norm_obs=False)])
@pytest.mark.parametrize("where", ["observation", "reward", "last"])
@pytest.mark.parametrize("bad", BAD)
def test_normalizers_hide_nothing_and_are_not_poisoned(normalize, where, bad, monkeypatch):
    plain = type(normalize(Rower(4))) is VecNormalize
    messages = set()
    for way in ("arrays",) if plain else ("tensors", "asynchronous", "arrays"):
        env = Planted(where, BAD[bad])
        normalizer = normalize(Hidden(env) if way == "arrays" else env)
        message = message_of(normalizer, "asynchronous" if way == "asynchronous" else "tensors", monkeypatch)
        messages.add(message)
        rms = [normalizer.ret_rms, *([] if plain else [normalizer.obs_rms])]
        assert all(np.isfinite([*np.atleast_1d(x.mean), *np.atleast_1d(x.var), x.count]).all() for x in rms)
    (message,) = messages
    name = {"last": "last observation"}.get(where, where)
    assert message.startswith(
        f"at step 3 of the rollout that began after 0 steps, the {name} of environment [2] is not finite"
    )


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize("where", ["observation", "reward"])
@pytest.mark.parametrize("observation", ["vector", "dict"])
@pytest.mark.parametrize("bad", BAD)
def test_statistics_are_bit_for_bit_those_before_the_step(on_device, where, observation, bad):
    env = Planted(where, BAD[bad], observation=observation)
    normalizer = SymmetricVecNormalize(env if on_device else Hidden(env), norm_reward=True)

    def statistics():
        rms = normalizer.obs_rms.values() if observation == "dict" else [normalizer.obs_rms]
        return [np.copy(x) for each in (*rms, normalizer.ret_rms) for x in (each.mean, each.var, each.count)]

    actions = np.zeros((4, 2), np.float32)
    normalizer.reset_tensors() if on_device else normalizer.reset()
    for _ in range(2):
        normalizer.step_tensors(th.as_tensor(actions)) if on_device else normalizer.step(actions)
    before = statistics()
    if on_device:
        step = normalizer.step_tensors(th.as_tensor(actions))
        given = step.rewards if where == "reward" else step.observations
        x = given["b"] if isinstance(given, dict) else given
        assert x.isnan().view(4, -1).any(1).tolist() == [False, False, True, False]
    else:
        key = " 'b'" if where == "observation" and observation == "dict" else ""
        with pytest.raises(ValueError, match=re.escape(f"the {where}{key} of environment [2] is not finite")):
            normalizer.step(actions)
    assert all(map(np.array_equal, before, statistics()))
    # And go on from there.
    step = normalizer.step_tensors(th.as_tensor(actions)) if on_device else normalizer.step(actions)
    assert all(np.isfinite(x).all() for x in statistics())
    assert not all(map(np.array_equal, before, statistics()))


@pytest.mark.parametrize("on_device", [False, True])
def test_a_reset_is_checked_before_statistics_learn_from_it(on_device, monkeypatch):
    env = Planted("observation", np.inf, at=0)
    normalizer = SymmetricVecNormalize(env if on_device else Hidden(env))
    message = message_of_start(normalizer)
    assert "the observation of environment [2] is not finite" in message
    assert np.isfinite(normalizer.obs_rms.mean).all()
    assert np.isfinite(normalizer.obs_rms.var).all()


@ways
def test_what_a_rollout_begins_with_is_checked(way, monkeypatch):
    with monkeypatch.context() as patch:
        if way == "asynchronous":
            act_asynchronously(patch)
        env = Planted("observation", at=0)
        message = message_of_start(Hidden(env) if way == "arrays" else env)
    start = "at step 0 of the rollout that began after 0 steps, the observation of environment [2] is not finite"
    assert message.startswith(start)


def message_of_start(env):
    model = make(MemAugRecurrentPPO, env, n_steps=N_STEPS)
    with pytest.raises(ValueError, match="is not finite") as error:
        model.learn(4 * N_STEPS)
    return str(error.value)


@ways
@pytest.mark.parametrize("where", ["observation", "last"])
def test_the_key_is_named(way, where, monkeypatch):
    message = message_of(Planted(where, observation="dict"), way, monkeypatch)
    assert f"the {'last ' if where == 'last' else ''}observation 'b' of environment [2] is not finite" in message


@ways
def test_the_last_observation_of_an_episode_that_ended_of_its_own_is_worth_nothing(way, monkeypatch):
    """And may be anything: that is how an environment ends where its simulation has diverged."""
    if way == "asynchronous":
        act_asynchronously(monkeypatch)
    env = Planted("last", cut=False)
    model = make(MemAugRecurrentPPO, Hidden(env) if way == "arrays" else env, n_steps=N_STEPS)
    model.learn(4 * N_STEPS)
    assert all(parameter.isfinite().all() for parameter in model.policy.parameters())


class Large(gym.Env):
    """Observes and earns in float64."""

    observation_space = spaces.Box(-np.inf, np.inf, (4,), np.float64)
    action_space = spaces.Box(-1, 1, (2,), np.float32)
    symmetry_group = RandomWorld().symmetry_group

    def __init__(self, observed=1.0, earned=1.0):
        self.observed, self.earned = observed, earned

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return np.zeros(4), {}

    def step(self, action):
        self.steps += 1
        now = self.steps == 3
        return np.full(4, self.observed if now else 0.5), self.earned if now else 0.5, False, False, {}


def large(**kwargs):
    return DummyVecEnv([Large, lambda: Large(**kwargs)])


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("name", ["observed", "earned"])
@pytest.mark.parametrize("normalize", [lambda env: env, SymmetricVecNormalize])
def test_a_float64_that_is_too_large_for_float32_is_refused(name, normalize):
    message = message_of_start(normalize(large(**{name: 1e300})))
    assert f"the {'observation' if name == 'observed' else 'reward'} of environment [1] is not finite" in message


def test_the_square_of_a_large_number_does_not_poison_the_statistics():
    normalizer = SymmetricVecNormalize(DummyVecEnv([lambda: RandomWorld()] * 2))
    normalizer.obs_rms.update(np.full((2, 4), 1e30, np.float32))
    assert np.isfinite(normalizer.obs_rms.var).all()


def test_a_time_limit_is_checked_in_the_infos():
    class Diverges(RandomWorld):
        steps = 0

        def step(self, action):
            self.steps += 1
            observation, reward, *_ = super().step(action)
            return np.where(self.steps == 5, np.nan, observation).astype(np.float32), reward, False, False, {}

    env = DummyVecEnv([lambda: RandomWorld(end=0.0), lambda: TimeLimit(Diverges(), 5)])
    message = message_of_start(env)
    start = "at step 5 of the rollout that began after 0 steps, the last observation of environment [1] is not finite"
    assert message.startswith(start)


@pytest.mark.parametrize("which", [0, 1], ids=["actor", "critic"])
@ways
def test_a_memory_that_is_not_finite_is_named_and_reset(which, way, monkeypatch):
    if way == "asynchronous":
        act_asynchronously(monkeypatch)
    env = TensorWorld(4)
    model = make(MemAugRecurrentPPO, Hidden(env) if way == "arrays" else env, n_steps=N_STEPS)
    model.learn(4 * N_STEPS)
    model._last_lstm_states[which][1][:, 3] = th.nan
    name = ("actor", "critic")[which]
    start = f"at step 0 of the rollout that began after 32 steps, the memory of the {name} of environment [3] is not"
    with pytest.raises(ValueError, match=start.replace("[", r"\[").replace("]", r"\]")):
        model.learn(4 * N_STEPS, reset_num_timesteps=False)
    model.learn(4 * N_STEPS, reset_num_timesteps=False)
    assert all(x.isfinite().all() for pair in model._last_lstm_states for x in pair)
    assert all(x.isfinite().all() for states in model._last_mirrored_lstm_states for pair in states for x in pair)


class Overflows(FlattenExtractor):
    """Of large observations it makes inf - inf."""

    def forward(self, observations):
        return observations + observations * 1e30 - observations * 1e30


@both
@ways
def test_what_the_policy_makes_of_finite_observations_is_checked(algorithm, way, monkeypatch):
    if way == "asynchronous":
        act_asynchronously(monkeypatch)

    class Far(Planted):
        def _step(self, actions):
            assert actions.isfinite().all() or way != "arrays"  # on the host a simulation never sees them
            return super()._step(actions)

    env = Far("observation", 1e38, at=4, env=1)
    model = make(
        algorithm,
        Hidden(env) if way == "arrays" else env,
        n_steps=N_STEPS,
        policy_kwargs={"features_extractor_class": Overflows},
    )
    with pytest.raises(ValueError, match=r"at step 5 .* of environment \[1\] is not finite: the policy computed it"):
        model.learn(4 * N_STEPS)


class Passive(Planted):
    """Shows what is done to it."""

    def _step(self, actions):
        step = super()._step(actions)
        step.observations[:, :2] = actions
        return step


@both
@pytest.mark.parametrize("hide", [lambda env: env, Hidden], ids=["tensors", "arrays"])
def test_an_environment_is_not_named_for_an_action_that_is_not_finite(algorithm, hide):
    class Destroy(BaseCallback):
        def _on_step(self):
            if self.n_calls == 5:
                self.model.policy.action_net.weight.data.fill_(np.nan)
            return True

    model = make(algorithm, hide(Passive("reward", at=99)), n_steps=N_STEPS)
    with pytest.raises(
        ValueError, match=r"at step 6 of .*, the action of environment \[0, 1, 2, 3\] is not finite: the po"
    ):
        model.learn(4 * N_STEPS, callback=Destroy())


@ways
def test_the_value_of_the_last_observation_is_checked(way, monkeypatch):
    if way == "asynchronous":
        act_asynchronously(monkeypatch)
    env = Planted("last", 1e38)
    model = make(
        SymmetricPPO,
        Hidden(env) if way == "arrays" else env,
        n_steps=N_STEPS,
        policy_kwargs={"features_extractor_class": Overflows},
    )
    with pytest.raises(
        ValueError, match=r"at step 3 .*, the value of the last observation of environment \[2\] is not"
    ):
        model.learn(4 * N_STEPS)


@both
def test_a_policy_that_is_not_finite_is_not_used(algorithm):
    model = make(algorithm, TensorWorld(4), n_steps=N_STEPS)
    with th.no_grad():
        model.policy.action_net.weight[0, 0] = th.inf
    with pytest.raises(ValueError, match=r"after 0 steps the policy holds .* not finite, in action_net.weight"):
        model.learn(32)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_plain_normalizer_of_rewards_is_put_back(number):
    env = VecNormalize(Hidden(Planted("reward", number)), norm_obs=False)
    kept = []

    class Keep(BaseCallback):
        def _on_step(self):
            kept.append((env.ret_rms.mean, env.ret_rms.var, env.ret_rms.count))
            return True

    model = make(MemAugRecurrentPPO, env, n_steps=N_STEPS)
    with pytest.raises(ValueError, match=r"at step 3 .* the reward of environment \[2\] is not finite"):
        model.learn(32, callback=Keep())
    assert len(kept) == 2
    assert (env.ret_rms.mean, env.ret_rms.var, env.ret_rms.count) == kept[-1]
    assert np.isfinite(env.returns).all()


def test_a_plain_normalizer_of_observations_is_put_back_at_a_reset():
    env = VecNormalize(Hidden(Planted("observation", at=0)))
    model = make(MemAugRecurrentPPO, env, n_steps=N_STEPS, symmetry=False)
    with pytest.raises(ValueError, match="at step 0") as error:
        model.learn(32)
    message = str(error.value)
    assert "the observation of environment [2] is not finite" in message
    assert np.isfinite(env.obs_rms.mean).all()
    assert env.obs_rms.count == 1e-4


def test_integers_are_finite():
    assert OBSERVATIONS["image"][0].dtype == np.uint8
    model = make(MemAugRecurrentPPO, TensorWorld(4, "discrete", "discrete"), n_steps=N_STEPS)
    model.learn(32)
