import gymnasium as gym
import numpy as np
import pytest
import torch as th
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO, SAC

from sb3_memaug.evaluation.agents import has_memory
from sb3_memaug.evaluation.episodes import Episode, SeparateEnvs, run_episodes, succeeded

from .policies import Still


class Waning(gym.Env):
    """Observes a counter; ends after as many steps as its options say."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (8,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = (options or {}).get("steps", 3)
        self.actions = []
        return self.observe(), {}

    def observe(self):
        return np.array((self.left,), np.float32)

    def step(self, action):
        self.left -= 1
        self.actions.append(action)
        return self.observe(), 0.5, self.left == 0, False, {}


class Notes:
    def begin(self, envs, episodes):
        self.begun = [(env.left, episode.seed) for env, episode in zip(envs, episodes, strict=True)]
        self.seen = []

    def after_step(self, index, memory):
        self.seen.append((index, memory))


@pytest.fixture(scope="module")
def model():
    return RecurrentPPO("MlpLstmPolicy", Waning(), seed=0, policy_kwargs={"lstm_hidden_size": 4, "n_lstm_layers": 2})


def episodes(*lengths):
    return [Episode(i, {"steps": n}) for i, n in enumerate(lengths)]


def test_each_episode_ends_by_itself():
    outcomes = run_episodes(Still(), SeparateEnvs([Waning(), Waning()]), episodes(2, 5))
    assert [outcome.length for outcome in outcomes] == [2, 5]
    assert [outcome.episode_return for outcome in outcomes] == [1.0, 2.5]
    assert all(outcome.terminated and outcome.distance is outcome.success is None for outcome in outcomes)


def test_watchers_are_told_of_the_start_and_of_each_step_of_those_that_still_run():
    notes = Notes()
    run_episodes(Still(), SeparateEnvs([Waning(), Waning()]), episodes(1, 3), watchers=(notes,))
    assert notes.begun == [(1, 0), (3, 1)]
    assert notes.seen == [(0, None), (1, None), (1, None), (1, None)]


def test_watchers_see_the_recurrent_state_that_the_action_came_from(model):
    notes, env = Notes(), Waning()
    run_episodes(model, SeparateEnvs([env]), episodes(3), watchers=(notes,))
    state, start = None, True
    for (_, memory), action, left in zip(notes.seen, env.actions, (3, 2, 1), strict=True):
        seen = np.array([[left]], np.float32)
        expected, state = model.predict(seen, state, np.array([start]), deterministic=True)
        start = False
        np.testing.assert_array_equal(action, expected[0])
        for one, other in zip(memory, state, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.shape == (2, 1, 4)


def test_a_zeroed_memory_knows_the_present_alone(model):
    kept, zeroed = Waning(), Waning()
    run_episodes(model, SeparateEnvs([kept]), episodes(3))
    run_episodes(model, SeparateEnvs([zeroed]), episodes(3), memory="zeroed")
    for left, action in zip((3, 2, 1), zeroed.actions, strict=True):
        expected, _ = model.predict(np.array([[left]], np.float32), None, np.array([True]), deterministic=True)
        np.testing.assert_array_equal(action, expected[0])
    np.testing.assert_array_equal(kept.actions[0], zeroed.actions[0])
    assert np.abs(kept.actions[2] - zeroed.actions[2]).max() > 0


def test_sampled_actions_depend_on_the_seed_and_leave_the_generator_alone(model):
    drawn = []
    for seed in (0, 0, 1):
        env = Waning()
        before = th.get_rng_state()
        run_episodes(model, SeparateEnvs([env]), [Episode(seed, {})], deterministic=False)
        assert th.equal(before, th.get_rng_state())
        drawn.append(np.array(env.actions))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


def test_another_memory_is_refused():
    with pytest.raises(ValueError, match=r"`memory` must be one of \['kept', 'zeroed'\], got 'lost'"):
        run_episodes(Still(), SeparateEnvs([Waning()]), episodes(1), memory="lost")


@pytest.mark.parametrize(
    ("distance", "terminated", "success"),
    [(None, False, None), (None, True, None), (0.25, False, True), (0.26, False, False), (0.1, True, False)],
)
def test_success_is_to_end_near_the_target_and_upright(distance, terminated, success):
    assert succeeded(distance, terminated) is success


def test_recurrent_policies_have_memory(model):
    assert has_memory(model)
    assert not has_memory(Still())


def noise_of(model, n_episodes, seed=3, **kwargs):
    """What sampled actions differ from mean ones by in the first steps, (n_episodes, steps, entries)."""
    envs = [Waning() for _ in range(n_episodes)]
    starts = [Episode(seed + i, {"steps": 4}) for i in range(n_episodes)]
    run_episodes(model, SeparateEnvs(envs), starts, deterministic=False, **kwargs)
    sampled = np.array([env.actions for env in envs])
    run_episodes(model, SeparateEnvs(envs), starts, deterministic=True)
    return sampled - np.array([env.actions for env in envs])


@pytest.mark.parametrize("algorithm", [PPO, RecurrentPPO, SAC])
def test_state_dependent_noise_is_drawn_for_each_episode(algorithm):
    policy = "MlpLstmPolicy" if algorithm is RecurrentPPO else "MlpPolicy"
    model = algorithm(policy, Waning(), seed=0, use_sde=True)
    noise = noise_of(model, 3)
    assert np.abs(noise).max() > 1e-3
    assert not np.allclose(noise[0], noise[1], atol=1e-4)
    assert not np.allclose(noise[1], noise[2], atol=1e-4)
    np.testing.assert_array_equal(noise_of(model, 3), noise)


def test_state_dependent_noise_is_drawn_anew_as_often_as_in_training():
    model = PPO("MlpPolicy", Waning(), seed=0, use_sde=True, sde_sample_freq=2)
    drawn = []
    reset = model.policy.reset_noise
    model.policy.reset_noise = lambda n: (drawn.append(n), reset(n))
    noise_of(model, 3)
    assert drawn == [3, 3]


def test_a_model_in_training_keeps_its_noise():
    model = PPO("MlpPolicy", Waning(), seed=0, use_sde=True)
    before = model.policy.action_dist.exploration_matrices
    noise_of(model, 2)
    assert model.policy.action_dist.exploration_matrices is before
