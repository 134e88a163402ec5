"""What PPO asks of a policy about actions that were taken: values, log-probabilities, and the states after them."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch as th
from gymnasium import spaces
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.distributions import (
    BernoulliDistribution,
    CategoricalDistribution,
    Distribution,
    MultiCategoricalDistribution,
)
from stable_baselines3.common.policies import ActorCriticPolicy

from sb3_memaug.ppo.memory import Rectangle, memory_of
from sb3_memaug.symmetry import LabelPermutation, SignedPermutation, Transform


class Evaluation(NamedTuple):
    """
    :param values: (n,)
    :param log_prob: of the actions, (n,)
    :param entropy: of the action distribution, (n,), or None where it has no analytical form
    :param action_mean: mean of the action distribution; for discrete actions the probabilities of the labels
    """

    values: th.Tensor
    log_prob: th.Tensor
    entropy: th.Tensor | None
    action_mean: th.Tensor

    def unflatten(self, group_size: int) -> Evaluation:
        """
        :param group_size: number of images of each sample, one after another
        :return: the same with a second axis for the images
        """

        def by_image(x: th.Tensor) -> th.Tensor:
            return x.unflatten(0, (-1, group_size))

        return Evaluation(
            by_image(self.values),
            by_image(self.log_prob),
            None if self.entropy is None else by_image(self.entropy),
            by_image(self.action_mean),
        )


def extract_features(policy: ActorCriticPolicy, observations: Any) -> tuple[th.Tensor, th.Tensor]:
    """
    :param policy: whose feature extractors to use
    :param observations: (n, …), or a dict of them
    :return: features for the actor and for the critic, the same tensor where the extractor is shared
    """
    features = policy.extract_features(observations)
    return features if isinstance(features, tuple) else (features, features)


def evaluate_latents(
    policy: ActorCriticPolicy, latent_pi: th.Tensor, latent_vf: th.Tensor, actions: th.Tensor
) -> Evaluation:
    """
    Run the heads of a policy.

    :param policy: to evaluate
    :param latent_pi: what the actor's head reads, (n, …)
    :param latent_vf: what the critic's head reads, (n, …)
    :param actions: taken, as the policy's distribution expects them
    :return: values, log-probabilities, entropies and action means
    """
    latent_vf = policy.mlp_extractor.forward_critic(latent_vf).float()
    latent_pi = policy.mlp_extractor.forward_actor(latent_pi).float()
    # Where autocast is on, it ends here: probabilities want all the digits, and what is left costs next to nothing.
    with th.autocast(latent_pi.device.type, enabled=False):
        values = policy.value_net(latent_vf).flatten()
        distribution = policy._get_action_dist_from_latent(latent_pi)
        log_prob = distribution.log_prob(actions)
        return Evaluation(values, log_prob, distribution.entropy(), action_mean(distribution))


def action_mean(distribution: Distribution) -> th.Tensor:
    """
    :param distribution: of actions
    :return: its mean, before any squashing; for discrete actions the probabilities of all labels
    """
    if isinstance(distribution, MultiCategoricalDistribution):
        return th.cat([component.probs for component in distribution.distribution], dim=-1)
    if isinstance(distribution, (CategoricalDistribution, BernoulliDistribution)):
        return distribution.distribution.probs
    inner = distribution.distribution
    assert not isinstance(inner, list)
    return inner.mean


def on_action_mean(transform: Transform, space: spaces.Space) -> Transform:
    """
    :param transform: of actions
    :param space: of actions
    :return: the same mirror, acting on :func:`action_mean`
    """
    if isinstance(space, spaces.MultiDiscrete) and isinstance(transform, SignedPermutation):
        transform = LabelPermutation.from_numbers(transform, space.nvec.tolist())
    return transform.on_probabilities() if isinstance(transform, LabelPermutation) else transform


def evaluate_sequences(
    policy: RecurrentActorCriticPolicy, observations: Any, actions: th.Tensor, states: RNNStates, rectangle: Rectangle
) -> Evaluation:
    """
    What ``policy.evaluate_actions`` computes for padded sequences step by step, for columns of sequences at once.

    :param policy: any of sb3-contrib's recurrent policies
    :param observations: of samples and their images, (n · n_images, …), or a dict of them
    :param actions: taken there, (n · n_images, …)
    :param states: of the memories before each column and image, each (n_layers, n_columns · n_images, …)
    :param rectangle: of the samples
    :return: values, log-probabilities, entropies and action means, each of n · n_images rows
    """
    pi_features, vf_features = extract_features(policy, observations)
    latent_pi, _ = memory_of(policy.lstm_actor).unroll(pi_features, states.pi, rectangle)
    latent_pi = join_skip(policy, latent_pi, pi_features)
    if policy.lstm_critic is not None:
        latent_vf, _ = memory_of(policy.lstm_critic).unroll(vf_features, states.vf, rectangle)
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
    :param states: of the memories before each column and image, each (n_layers, n_columns · n_images, …)
    :param rectangle: of the samples
    :return: their states after each column and image; a critic without a memory of its own has the actor's
    """
    pi_features, vf_features = extract_features(policy, observations)
    _, pi = memory_of(policy.lstm_actor).unroll(pi_features, states.pi, rectangle)
    if policy.lstm_critic is None:
        return RNNStates(pi, pi)
    _, vf = memory_of(policy.lstm_critic).unroll(vf_features, states.vf, rectangle)
    return RNNStates(pi, vf)


def join_skip(policy: RecurrentActorCriticPolicy, latent: th.Tensor, features: th.Tensor) -> th.Tensor:
    """
    :param policy: with or without ``lstm_skip_connection``
    :param latent: output of a memory
    :param features: its input
    :return: what the heads of the policy read
    """
    return th.cat((latent, features), dim=-1) if getattr(policy, "lstm_skip_connection", False) else latent
