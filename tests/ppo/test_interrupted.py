"""Whatever ends a training in its middle, the mirrored life of the next one has no gap."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch as th
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.ppo.buffer import TensorRolloutBuffer
from sb3_memaug.ppo.update import PolicyUpdate
from tests.ppo.lives import LIVES, CarriedLife
from tests.ppo.worlds import RandomWorld
from tests.vec_env.test_steppers import TensorWorld

N_ENVS, N_STEPS = 3, 12
ROLLOUT = N_ENVS * N_STEPS


class Counted(RandomWorld):
    """Its episodes do not end; what it observes tells how many resets and steps there were."""

    def __init__(self, number: int = 0) -> None:
        super().__init__(end=0.0)
        self.resets, self.steps = 100 * number, 0

    def _observe(self):
        return np.sin(np.array([self.resets, self.steps, 2 * self.steps, 3.0 * self.resets + self.steps], np.float32))

    def reset(self, *, seed=None, options=None):
        self.resets, self.steps = self.resets + 1, 0
        return super().reset(seed=seed)

    def step(self, action):
        self.steps += 1
        return super().step(action)


class Interrupted(BaseException):
    """Like a KeyboardInterrupt, which pytest would take for its own."""


def small(**kwargs):
    env = DummyVecEnv([lambda i=i: Counted(i) for i in range(N_ENVS)])
    arguments = {"n_steps": N_STEPS, "n_epochs": 2, "n_minibatches": 2, "learning_rate": 1e-2, "seed": 0, **kwargs}
    return MemAugRecurrentPPO("MlpLstmPolicy", env, policy_kwargs={"lstm_hidden_size": 8}, **arguments)


class Raises(BaseCallback):
    def __init__(self, at):
        super().__init__()
        self.at = at

    def _on_training_start(self):
        self._now("training start")

    def _on_rollout_start(self):
        self._now("rollout start")

    def _on_step(self):
        self._now("step" if self.n_calls == 7 else "")
        return not (self.at == "stop" and self.n_calls == 7)

    def _on_rollout_end(self):
        self._now("rollout end")

    def _now(self, name):
        if name == self.at:
            raise Interrupted


def raise_at(monkeypatch, target, name, at=1, after=False):
    """The call of a function with this number, from 1, is interrupted: before it, or after it."""
    real, calls = getattr(target, name), []

    def function(*args, **kwargs):
        calls.append(1)
        if len(calls) == at and not after:
            raise Interrupted
        result = real(*args, **kwargs)
        if len(calls) == at:
            raise Interrupted
        return result

    monkeypatch.setattr(target, name, function)


#: Where it happens: what to patch in the model.
PLACES = {
    **dict.fromkeys(("training start", "rollout start", "step", "rollout end", "stop")),
    "reset": lambda model, patch: raise_at(patch, RandomWorld, "reset", at=2),
    "env.step": lambda model, patch: raise_at(patch, RandomWorld, "step", at=5 * N_ENVS + 2),
    "after env.step": lambda model, patch: raise_at(patch, RandomWorld, "step", at=5 * N_ENVS + 2, after=True),
    "policy": lambda model, patch: raise_at(patch, model.policy, "forward", at=6),
    "after policy": lambda model, patch: raise_at(patch, model.policy, "forward", at=6, after=True),
    "buffer": lambda model, patch: raise_at(patch, TensorRolloutBuffer, "add", at=6, after=True),
    "values": lambda model, patch: raise_at(patch, model.policy, "predict_values"),
    "returns": lambda model, patch: raise_at(patch, TensorRolloutBuffer, "compute_returns_and_advantage", after=True),
    "collected": lambda model, patch: raise_at(patch, model, "collect_rollouts", after=True),
    "log": lambda model, patch: raise_at(patch, model, "dump_logs"),
    "train": lambda model, patch: raise_at(patch, model, "train"),
    "mirrored": lambda model, patch: raise_at(patch, MemAugRecurrentPPO, "_mirrored_states", after=True),
    "not mirrored": lambda model, patch: raise_at(patch, MemAugRecurrentPPO, "_mirrored_states"),
    "first minibatch": lambda model, patch: raise_at(patch, PolicyUpdate, "accumulate_gradients"),
    "later minibatch": lambda model, patch: raise_at(patch, model.policy.optimizer, "step", at=3, after=True),
    "trained": lambda model, patch: raise_at(patch, PolicyUpdate, "record", after=True),
}


def interrupt(model, place, monkeypatch, **kwargs):
    with monkeypatch.context() as patch:
        if PLACES[place] is not None:
            PLACES[place](model, patch)
        arguments = {"reset_num_timesteps": place == "reset", "callback": Raises(place), **kwargs}
        if place == "stop":
            model.learn(2 * ROLLOUT, **arguments)
        else:
            with pytest.raises(Interrupted):
                model.learn(2 * ROLLOUT, **arguments)


@pytest.mark.parametrize(
    ("place", "sequence_length"), [*((place, None) for place in PLACES), ("step", 5), ("mirrored", 5), ("trained", 5)]
)
def test_the_mirrored_memory_is_that_of_a_policy_that_lived_in_the_mirror(place, sequence_length, monkeypatch):
    model = small(sequence_length=sequence_length)
    life = CarriedLife()
    model.learn(2 * ROLLOUT, callback=life)
    life.compare()
    interrupt(model, place, monkeypatch)
    began_anew = model._collector.interrupted
    assert began_anew == (place not in ("training start",))
    if began_anew:
        life = CarriedLife()
    life.at_starts = []
    observed = []

    class Watch(BaseCallback):
        def _on_step(self):
            observed.append((np.array(self.model._last_obs), np.array(self.model._last_episode_starts)))
            return True

    model.learn(3 * ROLLOUT, callback=[life, Watch()], reset_num_timesteps=False)
    life.compare()
    # The stream is one of an environment: nothing was observed twice, and nothing left out.
    starts = observed[0][1]
    resets = [env.unwrapped.resets for env in model.env.envs]
    steps = 0 if began_anew else 2 * N_STEPS
    assert starts.all() == began_anew
    for k, (seen, starts) in enumerate(observed):
        assert (began_anew and k == 0) or not starts.any()
        expected = [np.sin(np.array([r, steps + k, 2 * (steps + k), 3.0 * r + steps + k], np.float32)) for r in resets]
        np.testing.assert_allclose(seen, expected, atol=1e-5)


@pytest.mark.parametrize("way", LIVES)
@pytest.mark.parametrize("place", ["step", "later minibatch", "log"])
def test_so_it_is_with_every_memory(way, place, monkeypatch):
    model = small(mirrored_memory=way)
    model.learn(ROLLOUT)
    interrupt(model, place, monkeypatch)
    life = LIVES[way]()
    model.learn(3 * ROLLOUT, callback=life, reset_num_timesteps=False)
    life.compare()
    assert life.compared == 3


def test_interrupted_twice(monkeypatch):
    model = small()
    for place in ("step", "log", "env.step", "mirrored"):
        interrupt(model, place, monkeypatch)
    life = CarriedLife()
    model.learn(2 * ROLLOUT, callback=life, reset_num_timesteps=False)
    life.compare()


@pytest.mark.parametrize("force_reset", [False, True])
def test_another_environment_in_between(force_reset, monkeypatch):
    model = small()
    model.learn(ROLLOUT)
    interrupt(model, "step", monkeypatch)
    model.set_env(DummyVecEnv([lambda i=i: Counted(i) for i in range(N_ENVS)]), force_reset=force_reset)
    life = CarriedLife()
    model.learn(2 * ROLLOUT, callback=life, reset_num_timesteps=False)
    life.compare()


def test_another_group_without_a_reset_begins_with_new_episodes():
    """The original would go on with what it remembers, and its images with nothing."""
    model = small(symmetry=False)
    model.learn(ROLLOUT)
    model.symmetry = None
    model.set_env(model.env, force_reset=False)
    life = CarriedLife()
    model.learn(2 * ROLLOUT, callback=life, reset_num_timesteps=False)
    life.compare()


@pytest.mark.parametrize("place", ["step", "later minibatch", None])
def test_a_model_that_was_saved_then_goes_on_without_a_gap(place, tmp_path, monkeypatch):
    model = small()
    model.learn(ROLLOUT)
    if place is not None:
        interrupt(model, place, monkeypatch)
    model.save(tmp_path / "robot")
    loaded = MemAugRecurrentPPO.load(tmp_path / "robot", model.env)
    assert not loaded._collector.interrupted
    life = CarriedLife()
    loaded.learn(2 * ROLLOUT, callback=life, reset_num_timesteps=False)
    life.compare()
    if place is None:
        # Saving changes nothing.
        life = CarriedLife()
        life.states = copy.deepcopy(model._last_mirrored_lstm_states[0])
        model._last_obs = model.env.reset()
        model._last_episode_starts = np.ones(N_ENVS, dtype=bool)
        model.learn(ROLLOUT, callback=life, reset_num_timesteps=False)
        life.compare()


def test_a_training_that_begins_anew_without_an_interruption_has_no_gap():
    model = small()
    for _ in range(3):
        life = CarriedLife()
        model.learn(2 * ROLLOUT, callback=life)
        life.compare()


def test_what_ended_well_goes_on():
    model = small()
    life = CarriedLife()
    for _ in range(3):
        model.learn(ROLLOUT, callback=life, reset_num_timesteps=False)
        life.compare()
    assert [env.unwrapped.resets - 100 * i for i, env in enumerate(model.env.envs)] == [1] * N_ENVS


@pytest.mark.parametrize("place", ["step", "env.step", "log", "stop"])
def test_without_memory_no_step_is_left_out(place, monkeypatch):
    env = DummyVecEnv([lambda i=i: Counted(i) for i in range(N_ENVS)])
    model = SymmetricPPO("MlpPolicy", env, n_steps=N_STEPS, batch_size=ROLLOUT, n_epochs=1, seed=0)
    interrupt(model, place, monkeypatch)
    model.learn(ROLLOUT, reset_num_timesteps=False)
    assert model.rollout_buffer.episode_starts[0].all()
    assert [env.unwrapped.steps for env in env.envs] == [N_STEPS] * N_ENVS


def test_environments_on_a_device_go_on_too(monkeypatch):
    model = MemAugRecurrentPPO(
        "MlpLstmPolicy", TensorWorld(4), n_steps=8, n_epochs=1, batch_size=None, policy_kwargs={"lstm_hidden_size": 8}
    )
    model.learn(32)
    with pytest.raises(Interrupted):
        model.learn(64, callback=Raises("step"), reset_num_timesteps=False)
    life = CarriedLife()
    model.learn(96, callback=life, reset_num_timesteps=False)
    life.compare()


def test_without_the_new_episodes_there_is_a_gap(monkeypatch):
    """How large it would be: the comparison sees it."""
    model = small()
    model.learn(ROLLOUT)
    interrupt(model, "step", monkeypatch)
    model._collector.interrupted = False
    life = CarriedLife()
    life.states = copy.deepcopy(model._last_mirrored_lstm_states[0])
    # The mirrored life as it should be: it has lived the steps that the original remembers.
    buffer = model.rollout_buffer
    for step in range(buffer.pos):
        seen = model.symmetry_group["left_right"].apply_observation(buffer.observations[step])
        with th.no_grad():
            _, _, _, life.states = model.policy(seen, life.states, buffer.episode_starts[step].float())
    model.learn(ROLLOUT, callback=life, reset_num_timesteps=False)
    with pytest.raises(AssertionError, match="not close"):
        life.compare()
