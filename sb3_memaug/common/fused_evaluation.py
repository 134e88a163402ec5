"""Running a recurrent policy over whole packed sequences, in one call of each LSTM."""

from __future__ import annotations

from typing import Any

import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from sb3_memaug.common.evaluation import Evaluation, evaluate_latents, extract_features


def evaluate_sequences(
    policy: RecurrentActorCriticPolicy, observations: Any, actions: th.Tensor, states: RNNStates, batch_sizes: th.Tensor
) -> Evaluation:
    """
    What ``policy.evaluate_actions`` computes for padded sequences step by step, for packed ones at once: no step is
    padded, and since a sequence holds no episode start but its first step, no state has to be reset on the way.

    :param policy: any of sb3-contrib's recurrent policies
    :param observations: packed steps, (n, …), or a dict of them
    :param actions: taken there, (n, …)
    :param states: of the LSTMs before each sequence, each (n_layers, n_sequences, hidden_size)
    :param batch_sizes: of the packing
    :return: values, log-probabilities, entropies and action means, each of n rows
    """
    pi_features, vf_features = extract_features(policy, observations)
    latent_pi, _ = run_lstm(policy.lstm_actor, pi_features, states.pi, batch_sizes)
    latent_pi = join_skip(policy, latent_pi, pi_features)
    if policy.lstm_critic is not None:
        latent_vf, _ = run_lstm(policy.lstm_critic, vf_features, states.vf, batch_sizes)
        latent_vf = join_skip(policy, latent_vf, vf_features)
    elif policy.shared_lstm:
        latent_vf = latent_pi.detach()
    else:
        assert policy.critic is not None
        latent_vf = policy.critic(vf_features)
    return evaluate_latents(policy, latent_pi, latent_vf, actions)


def final_states(
    policy: RecurrentActorCriticPolicy, observations: Any, states: RNNStates, batch_sizes: th.Tensor
) -> RNNStates:
    """
    :param policy: any of sb3-contrib's recurrent policies
    :param observations: packed steps, (n, …), or a dict of them
    :param states: of the LSTMs before each sequence, each (n_layers, n_sequences, hidden_size)
    :param batch_sizes: of the packing
    :return: their states after each sequence; a critic without an LSTM of its own carries the actor's
    """
    pi_features, vf_features = extract_features(policy, observations)
    _, pi = run_lstm(policy.lstm_actor, pi_features, states.pi, batch_sizes)
    if policy.lstm_critic is None:
        return RNNStates(pi, pi)
    _, vf = run_lstm(policy.lstm_critic, vf_features, states.vf, batch_sizes)
    return RNNStates(pi, vf)


def run_lstm(
    lstm: nn.LSTM, features: th.Tensor, states: tuple[th.Tensor, ...], batch_sizes: th.Tensor
) -> tuple[th.Tensor, tuple[th.Tensor, th.Tensor]]:
    """
    :param lstm: to run
    :param features: packed steps, (n, input_size)
    :param states: hidden and cell state before each sequence
    :param batch_sizes: of the packing
    :return: packed outputs, (n, hidden_size), and the states after each sequence
    """
    output, after = lstm(PackedSequence(features, batch_sizes), states)
    return output.data, after


def join_skip(policy: RecurrentActorCriticPolicy, latent: th.Tensor, features: th.Tensor) -> th.Tensor:
    """
    :param policy: with or without ``lstm_skip_connection``
    :param latent: output of an LSTM
    :param features: its input
    :return: what the heads of the policy read
    """
    return th.cat((latent, features), dim=-1) if getattr(policy, "lstm_skip_connection", False) else latent
