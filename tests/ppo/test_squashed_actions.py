"""Squashed actions lie between -1 and 1, and are mirrored there, whatever the bounds of the environment."""

from __future__ import annotations

import io

import gymnasium as gym
import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from stable_baselines3.common.env_util import make_vec_env

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.ppo.augmentation import on_squashed_actions
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from tests.ppo.worlds import evaluated_parts

POLICIES = {MemAugRecurrentPPO: "MlpLstmPolicy", SymmetricPPO: "MlpPolicy"}
both = pytest.mark.parametrize("algorithm", POLICIES)
FLIP = SignedPermutation([0, 1], [-1, 1])

#: Bounds and mirror in the environment's units; the same mirror between -1 and 1.
WORLDS = {
    "0 to 1, a -> 1 - a": ([0], [1], SignedPermutation([0], [-1], [1]), SignedPermutation([0], [-1])),
    "-1 to 3, a -> 2 - a": ([-1], [3], SignedPermutation([0], [-1], [2]), SignedPermutation([0], [-1])),
    "shifted partners": (
        [0, 1],
        [1, 2],
        SignedPermutation([1, 0], [1, 1], [-1, 1]),
        SignedPermutation([1, 0]),
    ),
    "shifted and turned partners": (
        [0, -7, -2],
        [4, -3, 2],
        SignedPermutation([1, 0, 2], [-1, -1, -1], [-3, -3, 0]),
        SignedPermutation([1, 0, 2], [-1, -1, -1]),
    ),
    "no offset": ([-4, -4], [4, 4], SignedPermutation([1, 0], [-1, -1]), SignedPermutation([1, 0], [-1, -1])),
}
worlds = pytest.mark.parametrize("world", WORLDS)


class World(gym.Env):
    observation_space = spaces.Box(-1, 1, (2,), np.float32)

    def __init__(self, world):
        low, high, action, _ = WORLDS[world]
        self.action_space = spaces.Box(np.array(low, np.float32), np.array(high, np.float32))
        self.symmetry_group = SymmetryGroup({"left_right": Mirror(FLIP, action)})

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), float(np.sum(action)), False, False, {}


def make(algorithm, world, squash=True, **kwargs):
    policy_kwargs = {"net_arch": [8], "log_std_init": 0.0, "squash_output": squash}
    return algorithm(
        POLICIES[algorithm],
        make_vec_env(World, 2, env_kwargs={"world": world}),
        n_steps=8,
        batch_size=16,
        n_epochs=1,
        use_sde=True,
        seed=0,
        device="cpu",
        policy_kwargs=policy_kwargs,
        **kwargs,
    )


@worlds
def test_the_mirror_between_minus_one_and_one_is_the_mirror_within_the_bounds(world):
    low, high, action, squashed = WORLDS[world]
    low, high = np.array(low), np.array(high)
    actions = np.random.default_rng(0).uniform(-1, 1, (20, len(low)))
    taken = low + (actions + 1) / 2 * (high - low)
    group = on_squashed_actions(World(world).symmetry_group)
    assert group["left_right"].action == squashed
    mirrored = group["left_right"].apply_action(actions)
    np.testing.assert_allclose(low + (mirrored + 1) / 2 * (high - low), action.apply(taken), atol=1e-12)


@both
@worlds
def test_minibatches_hold_the_mirror_images_of_what_was_done(algorithm, world):
    *_, squashed = WORLDS[world]
    model = make(algorithm, world, learning_rate=0.0).learn(16)
    actions = model.rollout_buffer.rollout().actions
    assert actions.abs().max() <= 1
    orbit = model.augmentation.action_orbit(actions)
    th.testing.assert_close(orbit[0::2], actions, atol=0, rtol=0)
    th.testing.assert_close(orbit[1::2], squashed.apply(actions), atol=0, rtol=0)
    for evaluation, targets in evaluated_parts(model):
        th.testing.assert_close(evaluation.log_prob[:, 0], targets.log_prob, atol=1e-4, rtol=1e-4)
        assert evaluation.log_prob.isfinite().all()


@both
def test_a_mean_that_is_its_own_mirror_image_is_half_way(algorithm):
    """In the environment: a policy that always means 1/2 of 0 to 1 is equivariant, and its mirror loss is 0."""
    model = make(algorithm, "0 to 1, a -> 1 - a", mirror_loss_coef=1.0)
    with th.no_grad():
        for parameter in model.policy.action_net.parameters():
            parameter.zero_()
    taken, _ = model.predict(np.zeros((3, 2), np.float32), deterministic=True)
    assert (taken == 0.5).all()
    model.learn(16)
    assert model.logger.name_to_value["train/mirror_equivariance_error"] == pytest.approx(0.0, abs=1e-6)
    assert model.logger.name_to_value["train/mirror_first_ratio"] == pytest.approx(1.0, rel=0.5)


@both
def test_the_mirror_loss_by_hand(algorithm):
    model = make(algorithm, "-1 to 3, a -> 2 - a")
    means = th.tensor([[[0.3], [0.5]], [[-1.2], [0.1]]])  # before squashing
    th.testing.assert_close(model.augmentation.mirrored_means(means)[:, 1], th.tensor([[-0.3], [1.2]]))


@both
def test_actions_that_are_not_squashed_are_mirrored_in_the_environments_units(algorithm):
    model = make(algorithm, "0 to 1, a -> 1 - a", squash=False).learn(16)
    actions = th.tensor([[0.25], [1.5]])
    th.testing.assert_close(model.augmentation.action_orbit(actions), th.tensor([[0.25], [0.75], [1.5], [-0.5]]))
    means = th.tensor([[[0.3], [0.5]]])
    th.testing.assert_close(model.augmentation.mirrored_means(means)[:, 1], th.tensor([[0.7]]))


@both
def test_it_is_so_after_loading_too(algorithm):
    file = io.BytesIO()
    make(algorithm, "0 to 1, a -> 1 - a").save(file)
    file.seek(0)
    loaded = algorithm.load(file, make_vec_env(World, 2, env_kwargs={"world": "0 to 1, a -> 1 - a"}), device="cpu")
    assert loaded.augmentation.action_orbit(th.tensor([[0.25]])).tolist() == [[0.25], [-0.25]]
    loaded.learn(16)
