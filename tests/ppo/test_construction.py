"""What a user gets wrong fails at construction, with what was expected, what came and how to mend it."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from tests.ppo.worlds import ACTIONS, SWAP, RandomWorld, random_worlds

POLICIES = {MemAugRecurrentPPO: "MlpLstmPolicy", SymmetricPPO: "MlpPolicy"}
both = pytest.mark.parametrize("algorithm", POLICIES)


def group(observation=SWAP, action=ACTIONS["box"][1]):
    return SymmetryGroup({"left_right": Mirror(observation, action)})


@both
def test_group_comes_from_the_environment(algorithm):
    model = algorithm(POLICIES[algorithm], random_worlds())
    assert model.symmetry_group == group()
    assert model.group_size == 2


@both
def test_group_comes_from_the_argument(algorithm):
    model = algorithm(POLICIES[algorithm], random_worlds(symmetric=False), symmetry=group())
    assert model.symmetry_group == group()


@both
def test_without_a_group_it_warns_once(algorithm):
    with pytest.warns(UserWarning, match=r"no symmetry group.*MirrorSpec") as record:
        model = algorithm(POLICIES[algorithm], random_worlds(symmetric=False), n_steps=16, batch_size=32, n_epochs=1)
        model.learn(128)
    assert sum("symmetry" in str(warning.message) for warning in record) == 1
    assert record[-1].filename == __file__
    assert model.group_size == 1


@both
def test_symmetry_false_trains_without_mirrors_and_says_nothing(algorithm):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*symmetry.*")
        model = algorithm(POLICIES[algorithm], random_worlds(), symmetry=False)
    assert model.symmetry_group is None


@both
@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"symmetry": "left_right"}, "must be a SymmetryGroup.*got 'left_right'"),
        ({"symmetry": group(observation=SignedPermutation([1, 0]))}, "has 2 entries, but the space .*4"),
        ({"symmetry": group(action=SignedPermutation([2, 1, 0]))}, "has 3 entries, but the space .*2"),
        ({"mirror_loss_coef": -1.0}, "must not be negative, got -1"),
        ({"desired_kl": -0.01}, "must be positive"),
        ({"desired_kl": 0.01, "learning_rate": lambda progress: 1e-3 * progress}, "cannot follow a schedule"),
        ({"adapt_rate": "epoch"}, "'minibatch' or 'update', got 'epoch'"),
        ({"autocast": "fp16"}, "'bf16', or None for float32, got 'fp16'"),
    ],
)
def test_bad_arguments(algorithm, kwargs, message):
    with pytest.raises(ValueError, match=message):
        algorithm(POLICIES[algorithm], random_worlds(), **kwargs)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"n_minibatches": 5}, "between 1 and 4, got 5.*more environments"),
        ({"n_minibatches": 0}, "between 1 and 4, got 0"),
        ({"n_minibatches": 13, "sequence_length": 6}, "between 1 and 12, got 13"),
        ({"sequence_length": 0}, "between 1 and n_steps = 16, got 0"),
        ({"sequence_length": 17}, "between 1 and n_steps = 16, got 17"),
    ],
)
def test_bad_sequences(kwargs, message):
    with pytest.raises(ValueError, match=message):
        MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(4), n_steps=16, **kwargs)


def test_a_model_can_be_looked_at_with_fewer_environments_than_it_learns_from(tmp_path):
    MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(4), n_steps=16, n_minibatches=4).save(tmp_path / "model")
    model = MemAugRecurrentPPO.load(tmp_path / "model", random_worlds(1))
    assert model.predict(model.env.reset())[0].shape == (1, 2)
    with pytest.raises(ValueError, match=r"between 1 and 1, got 4.*more environments"):
        model.learn(16)
    MemAugRecurrentPPO.load(tmp_path / "model", random_worlds(1), n_minibatches=1).learn(16)


@pytest.mark.parametrize("symmetry", [None, False])
@pytest.mark.parametrize("way", ["forgotten", None, ["carried"]])
def test_unknown_ways_to_remember_are_refused(way, symmetry):
    with pytest.raises(ValueError, match=r"`mirrored_memory` must be 'carried', 'zeroed' or 'copied', got .+"):
        MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(4), symmetry=symmetry, mirrored_memory=way)


def test_short_batches_of_long_sequences_are_said():
    with pytest.warns(
        UserWarning, match=r"batch_size = 32 .* whole sequences of up to 64 steps.*sequence_length=32"
    ) as record:
        MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(4), n_steps=64, batch_size=32)
    assert record[0].filename == __file__


@both
def test_plain_normalization_is_refused_with_the_remedy(algorithm):
    with pytest.raises(ValueError, match="SymmetricVecNormalize"):
        algorithm(POLICIES[algorithm], VecNormalize(random_worlds()))


@both
def test_normalization_that_commutes_is_accepted(algorithm):
    algorithm(POLICIES[algorithm], VecNormalize(random_worlds(), norm_obs=False))
    algorithm(POLICIES[algorithm], SymmetricVecNormalize(random_worlds()))


@both
def test_normalization_by_another_group_is_refused(algorithm):
    other = group(observation=SignedPermutation([2, 3, 0, 1]))
    with pytest.raises(ValueError, match="give both the same group"):
        algorithm(POLICIES[algorithm], SymmetricVecNormalize(random_worlds(), symmetry=other))


@both
def test_asymmetric_bounds_are_refused(algorithm):
    class Asymmetric(RandomWorld):
        def __init__(self):
            super().__init__()
            self.action_space = spaces.Box(np.array([-1, -1], np.float32), np.array([1, 2], np.float32))

    with pytest.raises(ValueError, match="entry 1 onto entry 0, whose bounds"):
        algorithm(POLICIES[algorithm], make_vec_env(Asymmetric))


@both
def test_environments_that_disagree_are_refused(algorithm):
    env = random_worlds(2)
    env.envs[1].unwrapped.symmetry_group = group(observation=SignedPermutation([2, 3, 0, 1]))
    with pytest.raises(ValueError, match="must share one symmetry group"):
        algorithm(POLICIES[algorithm], env)


@both
def test_a_later_environment_is_checked_too(algorithm):
    model = algorithm(POLICIES[algorithm], random_worlds(4))
    with pytest.raises(ValueError, match="SymmetricVecNormalize"):
        model.set_env(VecNormalize(random_worlds(4)))


@both
def test_a_reward_that_is_not_finite_stops_the_training(algorithm):
    class Diverges(RandomWorld):
        def step(self, action):
            observation, reward, *rest = super().step(action)
            return observation, np.nan if self.np_random.random() < 0.2 else reward, *rest

    with pytest.raises(ValueError, match=r"reward of environment \[\d\] is not finite"):
        algorithm(POLICIES[algorithm], make_vec_env(Diverges, 2, seed=0), n_steps=32, batch_size=64).learn(256)


@both
def test_an_observation_that_is_not_finite_stops_the_training(algorithm):
    class Diverges(RandomWorld):
        def step(self, action):
            observation, *rest = super().step(action)
            return observation * (np.nan if self.np_random.random() < 0.2 else 1), *rest

    with pytest.raises(ValueError, match=r"observation of environment \[\d\] is not finite"):
        algorithm(POLICIES[algorithm], make_vec_env(Diverges, 2, seed=0), n_steps=32, batch_size=64).learn(256)


def test_environment_by_name():
    with pytest.warns(UserWarning, match="no symmetry group"):
        model = MemAugRecurrentPPO("MlpLstmPolicy", "Pendulum-v1")
    assert isinstance(model.env.envs[0].unwrapped, gym.Env)
