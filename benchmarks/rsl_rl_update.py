"""rsl_rl's recurrent PPO, on the rollout that the others train on."""

from __future__ import annotations

from typing import NamedTuple

import torch as th
from noise import LEARNING_RATE, Sizes, collected
from rsl_rl.algorithms import PPO
from rsl_rl.models import RNNModel
from rsl_rl.storage import RolloutStorage
from sb3_contrib import RecurrentPPO
from tensordict import TensorDict
from torch.distributions import Distribution


class Rollout(NamedTuple):
    """A rollout, (n_steps, n_envs, …), and where it led."""

    observations: th.Tensor
    actions: th.Tensor
    rewards: th.Tensor
    dones: th.Tensor
    last_observations: th.Tensor


class RslRlUpdate:
    """
    Its loss and its step are set to what sb3-contrib does by default: unclipped value loss, advantages normalised in
    each minibatch, a fixed rate. Mixed precision is bfloat16.
    """

    def __init__(self, sizes: Sizes, device: str, mixed_precision: bool = False) -> None:
        self.rollout = recorded(sizes, device)
        observations = self._named(self.rollout.observations[0])

        def network(name: str, outputs: int, distribution: dict[str, str] | None) -> RNNModel:
            return RNNModel(
                observations,
                {name: ["policy"]},
                name,
                outputs,
                hidden_dims=list(sizes.head),
                activation="elu",
                distribution_cfg=distribution,
                rnn_type="lstm",
                rnn_hidden_dim=sizes.hidden,
                rnn_num_layers=1,
            )

        self.algorithm = PPO(
            network("actor", sizes.n_actions, {"class_name": "GaussianDistribution"}),
            network("critic", 1, None),
            RolloutStorage("rl", sizes.n_envs, sizes.n_steps, observations, [sizes.n_actions], device),
            num_learning_epochs=sizes.n_epochs,
            num_mini_batches=sizes.n_minibatches,
            value_loss_coef=0.5,
            entropy_coef=0.0,
            learning_rate=LEARNING_RATE,
            max_grad_norm=0.5,
            use_clipped_value_loss=False,
            schedule="fixed",
            normalize_advantage_per_mini_batch=True,
            use_mixed_precision=mixed_precision,
            device=device,
        )
        # It has turned off, for all, a check of torch that SB3 leaves on: only its own updates shall go without.
        Distribution.set_default_validate_args(True)

    def _named(self, observations: th.Tensor) -> TensorDict:
        return TensorDict({"policy": observations}, batch_size=[len(observations)])

    @th.inference_mode()
    def refill(self) -> None:
        """An update empties the storage, so the same rollout is collected again, with the actions that were taken."""
        algorithm, rollout = self.algorithm, self.rollout
        for step, actions in enumerate(rollout.actions):
            algorithm.act(self._named(rollout.observations[step]))
            algorithm.transition.actions = actions
            algorithm.transition.actions_log_prob = algorithm.actor.get_output_log_prob(actions)
            following = rollout.observations[step + 1] if step + 1 < len(rollout.actions) else rollout.last_observations
            algorithm.process_env_step(self._named(following), rollout.rewards[step], rollout.dones[step], {})
        algorithm.compute_returns(self._named(rollout.last_observations))

    def update(self) -> None:
        Distribution.set_default_validate_args(False)
        self.algorithm.update()
        Distribution.set_default_validate_args(True)


def recorded(sizes: Sizes, device: str) -> Rollout:
    """The rollout that ``collected(RecurrentPPO, sizes, device)`` trains on."""
    model = collected(RecurrentPPO, sizes, device)
    buffer = model.rollout_buffer

    def tensor(values: object) -> th.Tensor:
        return th.as_tensor(values, dtype=th.float32, device=device)

    ends = th.cat([tensor(buffer.episode_starts)[1:], tensor(model._last_episode_starts)[None]])
    return Rollout(
        tensor(buffer.observations), tensor(buffer.actions), tensor(buffer.rewards), ends, tensor(model._last_obs)
    )
