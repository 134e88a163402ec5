"""Running a recurrent policy over whole sequences, in one call of each LSTM."""

from __future__ import annotations

from typing import Any

import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.ppo.evaluation import Evaluation, evaluate_latents, extract_features
from sb3_memaug.ppo.forgetful_lstm import Rectangle, run_lstm


def evaluate_sequences(
    policy: RecurrentActorCriticPolicy, observations: Any, actions: th.Tensor, states: RNNStates, rectangle: Rectangle
) -> Evaluation:
    """
    What ``policy.evaluate_actions`` computes for padded sequences step by step, for lanes of sequences at once.

    :param policy: any of sb3-contrib's recurrent policies
    :param observations: of samples and their images, (n · n_images, …), or a dict of them
    :param actions: taken there, (n · n_images, …)
    :param states: of the LSTMs before each lane and image, each (n_layers, n_lanes · n_images, hidden_size)
    :param rectangle: of the samples
    :return: values, log-probabilities, entropies and action means, each of n · n_images rows
    """
    pi_features, vf_features = extract_features(policy, observations)
    latent_pi, _ = run_lstm(policy.lstm_actor, pi_features, states.pi, rectangle)
    latent_pi = join_skip(policy, latent_pi, pi_features)
    if policy.lstm_critic is not None:
        latent_vf, _ = run_lstm(policy.lstm_critic, vf_features, states.vf, rectangle)
        latent_vf = join_skip(policy, latent_vf, vf_features)
    elif policy.shared_lstm:
        latent_vf = latent_pi.detach()
    else:
        assert policy.critic is not None
        latent_vf = policy.critic(vf_features)
    return evaluate_latents(policy, latent_pi, latent_vf, actions)


def final_states(
    policy: RecurrentActorCriticPolicy, observations: Any, states: RNNStates, rectangle: Rectangle
) -> RNNStates:
    """
    :param policy: any of sb3-contrib's recurrent policies
    :param observations: of samples and their images, (n · n_images, …), or a dict of them
    :param states: of the LSTMs before each lane and image, each (n_layers, n_lanes · n_images, hidden_size)
    :param rectangle: of the samples
    :return: their states after each lane and image; a critic without an LSTM of its own carries the actor's
    """
    pi_features, vf_features = extract_features(policy, observations)
    _, pi = run_lstm(policy.lstm_actor, pi_features, states.pi, rectangle)
    if policy.lstm_critic is None:
        return RNNStates(pi, pi)
    _, vf = run_lstm(policy.lstm_critic, vf_features, states.vf, rectangle)
    return RNNStates(pi, vf)


def join_skip(policy: RecurrentActorCriticPolicy, latent: th.Tensor, features: th.Tensor) -> th.Tensor:
    """
    :param policy: with or without ``lstm_skip_connection``
    :param latent: output of an LSTM
    :param features: its input
    :return: what the heads of the policy read
    """
    return th.cat((latent, features), dim=-1) if getattr(policy, "lstm_skip_connection", False) else latent
