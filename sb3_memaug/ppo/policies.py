"""sb3-contrib's recurrent policies, with a choice of the memory and of a skip connection around it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib.common.recurrent.policies import (
    RecurrentActorCriticCnnPolicy,
    RecurrentActorCriticPolicy,
    RecurrentMultiInputActorCriticPolicy,
)
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.torch_layers import MlpExtractor
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from sb3_memaug.ppo.evaluation import extract_features, join_skip
from sb3_memaug.ppo.memory import MEMORIES, Rectangle, State, memory_of


class _JoinFeatures(nn.Module):
    """The critic's feed-forward layer beside its own input."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: th.Tensor) -> th.Tensor:
        return th.cat((self.layer(features), features), dim=-1)


class _MemoryPolicy(RecurrentActorCriticPolicy):
    """
    :param memory: ``"lstm"`` or ``"gru"``, the module in ``lstm_actor`` and ``lstm_critic``; the arguments
        ``lstm_hidden_size``, ``n_lstm_layers``, ``enable_critic_lstm``, ``shared_lstm`` and ``lstm_kwargs`` hold for
        either
    :param lstm_skip_connection: let the heads of actor and critic read the features beside the output of the memory, so
        that what they need of the present observation need not pass through it; off by default, as in sb3-contrib
    :raises ValueError: if the memory is unknown
    """

    def __init__(
        self,
        observation_space: spaces.Space,
        action_space: spaces.Space,
        lr_schedule: Schedule,
        *args: Any,
        memory: str = "lstm",
        lstm_skip_connection: bool = False,
        **kwargs: Any,
    ) -> None:
        if not isinstance(memory, str) or memory not in MEMORIES:
            known = ", ".join(repr(name) for name in MEMORIES)
            raise ValueError(f"`memory` of the policy must be one of {known}, got {memory!r}")
        self.memory = memory
        self.lstm_skip_connection = lstm_skip_connection
        module_type = MEMORIES[memory].module_type
        lstm_kwargs = kwargs.pop("lstm_kwargs", None) or {}
        # sb3-contrib makes LSTMs first, which may not take the arguments of another module.
        of_lstm = lstm_kwargs if module_type is nn.LSTM else None
        kwargs["lstm_kwargs"] = of_lstm
        super().__init__(observation_space, action_space, lr_schedule, *args, **kwargs)
        self.lstm_kwargs = lstm_kwargs
        if type(self.lstm_actor) is not module_type:
            self._replace_memories(module_type, lr_schedule)
        if lstm_skip_connection and self.critic is not None:
            # sb3-contrib makes it a linear layer, but only ever calls it.
            self.critic = _JoinFeatures(self.critic)  # type: ignore[assignment]

    def _replace_memories(self, module_type: type[nn.Module], lr_schedule: Schedule) -> None:
        n_layers, _, hidden_size = self.lstm_hidden_state_shape
        for name in ("lstm_actor", "lstm_critic"):
            if getattr(self, name) is not None:
                setattr(self, name, module_type(self.features_dim, hidden_size, n_layers, **self.lstm_kwargs))
        self.optimizer = self.optimizer_class(
            self.parameters(),
            lr=lr_schedule(1),  # type: ignore[call-arg]
            **self.optimizer_kwargs,
        )

    def _get_constructor_parameters(self) -> dict[str, Any]:
        # sb3-contrib leaves out its own, so that a policy that is saved alone would be loaded with another size.
        n_layers, _, hidden_size = self.lstm_hidden_state_shape
        return super()._get_constructor_parameters() | {
            "memory": self.memory,
            "lstm_skip_connection": self.lstm_skip_connection,
            "lstm_hidden_size": hidden_size,
            "n_lstm_layers": n_layers,
            "shared_lstm": self.shared_lstm,
            "enable_critic_lstm": self.enable_critic_lstm,
            "lstm_kwargs": self.lstm_kwargs,
        }

    def _build_mlp_extractor(self) -> None:
        skip_dim = self.features_dim if self.lstm_skip_connection else 0
        self.mlp_extractor = MlpExtractor(
            self.lstm_output_dim + skip_dim,
            net_arch=self.net_arch,
            activation_fn=self.activation_fn,
            device=self.device,
        )

    def _process_sequence(  # type: ignore[override]
        self, features: th.Tensor, lstm_states: State, episode_starts: th.Tensor, lstm: nn.Module
    ) -> tuple[th.Tensor, State]:
        memory, n_sequences = memory_of(lstm), lstm_states[0].shape[1]
        if len(features) == n_sequences:
            # One step of each sequence, as in a rollout. Whether any of them starts is not looked at, for which the
            # host would have to wait for an accelerator.
            latent, after = memory.step(features, lstm_states, episode_starts)
            return join_skip(self, latent, features), after
        # Else as in sb3-contrib, one sequence behind another.
        by_step = features.unflatten(0, (n_sequences, -1)).transpose(0, 1)
        starts = episode_starts.view(n_sequences, -1).T
        if (starts == 0.0).all():
            rectangle = Rectangle(len(by_step), n_sequences, None)
            latent, after = memory.unroll(by_step.flatten(0, 1), lstm_states, rectangle)
        else:
            latents, after = [], lstm_states
            for of_step, start in zip(by_step, starts, strict=True):
                latent, after = memory.step(of_step, after, start)
                latents.append(latent)
            latent = th.cat(latents)
        latent = latent.unflatten(0, (-1, n_sequences)).transpose(0, 1).flatten(0, 1)
        return join_skip(self, latent, features), after

    def forward(  # type: ignore[override]
        self, obs: Any, lstm_states: RNNStates, episode_starts: th.Tensor, deterministic: bool = False
    ) -> tuple[th.Tensor, th.Tensor, th.Tensor, RNNStates]:
        """
        :param obs: (n_envs, …), or a dict of them
        :param lstm_states: of actor and critic before it, each tensor (n_layers, n_envs, …)
        :param episode_starts: 1.0 where it is the first of an episode, else 0.0, (n_envs,)
        :param deterministic: whether to take the mean action, or the likeliest
        :return: actions, values, log-probabilities and the states after it
        """
        pi_features, vf_features = extract_features(self, obs)
        latent_pi, pi = self._process_sequence(pi_features, lstm_states.pi, episode_starts, self.lstm_actor)
        if self.lstm_critic is not None:
            latent_vf, vf = self._process_sequence(vf_features, lstm_states.vf, episode_starts, self.lstm_critic)
        elif self.shared_lstm:
            latent_vf, vf = latent_pi.detach(), tuple(x.detach() for x in pi)
        else:
            assert self.critic is not None
            latent_vf, vf = self.critic(vf_features), pi
        latent_pi = self.mlp_extractor.forward_actor(latent_pi)
        latent_vf = self.mlp_extractor.forward_critic(latent_vf)
        values = self.value_net(latent_vf)
        distribution = self._get_action_dist_from_latent(latent_pi)
        actions = distribution.get_actions(deterministic=deterministic)
        log_prob = distribution.log_prob(actions)
        return actions.reshape(-1, *self.action_space.shape), values, log_prob, RNNStates(pi, vf)  # type: ignore[misc]

    def predict(
        self,
        observation: Any,
        state: tuple[np.ndarray, ...] | None = None,
        episode_start: np.ndarray | None = None,
        deterministic: bool = False,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...] | None]:
        """
        :param observation: of one environment or of several, (n_envs, …), or a dict of them
        :param state: of the actor's memory before it, as returned by the last call; that of the start of an episode by
            default
        :param episode_start: whether the observation is the first of an episode, (n_envs,); not so by default
        :param deterministic: whether to take the mean action, or the likeliest
        :return: actions within the action space, and the state after the observation
        """
        self.set_training_mode(False)
        observation, vectorized = self.obs_to_tensor(observation)
        n_envs = len(next(iter(observation.values())) if isinstance(observation, dict) else observation)
        if state is None:
            states = memory_of(self.lstm_actor).initial(n_envs)
        else:
            states = tuple(th.as_tensor(x, dtype=th.float32, device=self.device) for x in state)
        starts = th.zeros(n_envs) if episode_start is None else th.as_tensor(episode_start)
        with th.no_grad():
            tensor, after = self._predict(
                observation,
                lstm_states=states,  # type: ignore[arg-type]
                episode_starts=starts.float().to(self.device),
                deterministic=deterministic,
            )
        actions = tensor.cpu().numpy().reshape(-1, *self.action_space.shape)  # type: ignore[misc]
        if isinstance(self.action_space, spaces.Box):
            if self.squash_output:
                actions = self.unscale_action(actions)
            else:
                actions = np.clip(actions, self.action_space.low, self.action_space.high)
        return actions if vectorized else actions.squeeze(axis=0), tuple(x.cpu().numpy() for x in after)


class MlpLstmPolicy(_MemoryPolicy):
    __doc__ = f"Recurrent policy for vectors.\n{_MemoryPolicy.__doc__}"


class CnnLstmPolicy(_MemoryPolicy, RecurrentActorCriticCnnPolicy):
    __doc__ = f"Recurrent policy for images.\n{_MemoryPolicy.__doc__}"


class MultiInputLstmPolicy(_MemoryPolicy, RecurrentMultiInputActorCriticPolicy):
    __doc__ = f"Recurrent policy for dict observations.\n{_MemoryPolicy.__doc__}"
