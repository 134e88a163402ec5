"""sb3-contrib's recurrent policies, with the option of a skip connection around the LSTM."""

from __future__ import annotations

from typing import Any

import torch as th
from gymnasium import spaces
from sb3_contrib.common.recurrent.policies import (
    RecurrentActorCriticCnnPolicy,
    RecurrentActorCriticPolicy,
    RecurrentMultiInputActorCriticPolicy,
)
from stable_baselines3.common.torch_layers import MlpExtractor
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from sb3_memaug.ppo.evaluation import join_skip


class _JoinFeatures(nn.Module):
    """The critic's feed-forward layer beside its own input."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: th.Tensor) -> th.Tensor:
        return th.cat((self.layer(features), features), dim=-1)


class _LstmSkipConnection(RecurrentActorCriticPolicy):
    """
    :param lstm_skip_connection: let the heads of actor and critic read the features beside the latent of the LSTM, so
        that what the present observation tells need not pass through the memory; off by default, as in sb3-contrib
    """

    def __init__(
        self,
        observation_space: spaces.Space,
        action_space: spaces.Space,
        lr_schedule: Schedule,
        *args: Any,
        lstm_skip_connection: bool = False,
        **kwargs: Any,
    ) -> None:
        self.lstm_skip_connection = lstm_skip_connection
        super().__init__(observation_space, action_space, lr_schedule, *args, **kwargs)
        if lstm_skip_connection and self.critic is not None:
            # sb3-contrib makes it a linear layer, but only ever calls it.
            self.critic = _JoinFeatures(self.critic)  # type: ignore[assignment]

    def _build_mlp_extractor(self) -> None:
        skip_dim = self.features_dim if self.lstm_skip_connection else 0
        self.mlp_extractor = MlpExtractor(
            self.lstm_output_dim + skip_dim,
            net_arch=self.net_arch,
            activation_fn=self.activation_fn,
            device=self.device,
        )

    def _process_sequence(  # type: ignore[override]
        self,
        features: th.Tensor,
        lstm_states: tuple[th.Tensor, th.Tensor],
        episode_starts: th.Tensor,
        lstm: nn.LSTM,
    ) -> tuple[th.Tensor, th.Tensor]:
        n_sequences = lstm_states[0].shape[1]
        if len(features) == n_sequences:
            # One step of each sequence, as in a rollout. sb3-contrib would ask first whether any of them starts, and
            # on an accelerator wait for the answer.
            goes_on = (1.0 - episode_starts).view(1, -1, 1)
            output, after = lstm(features.unsqueeze(0), tuple(state * goes_on for state in lstm_states))
            return join_skip(self, output.squeeze(0), features), after
        latent, after = super()._process_sequence(features, lstm_states, episode_starts, lstm)
        return join_skip(self, latent, features), after


class MlpLstmPolicy(_LstmSkipConnection):
    __doc__ = f"Recurrent policy for vectors.\n{_LstmSkipConnection.__doc__}"


class CnnLstmPolicy(_LstmSkipConnection, RecurrentActorCriticCnnPolicy):
    __doc__ = f"Recurrent policy for images.\n{_LstmSkipConnection.__doc__}"


class MultiInputLstmPolicy(_LstmSkipConnection, RecurrentMultiInputActorCriticPolicy):
    __doc__ = f"Recurrent policy for dict observations.\n{_LstmSkipConnection.__doc__}"
