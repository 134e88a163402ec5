"""Recurrent PPO with symmetry-guided memory augmentation."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeVar

import torch as th
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule

from sb3_memaug.arguments import RECURRENT_ALGORITHM, checks_arguments
from sb3_memaug.ppo.buffer import TensorRolloutBuffer
from sb3_memaug.ppo.memory import initial_states, zero_states
from sb3_memaug.ppo.mirrored_memory import MemoryName
from sb3_memaug.ppo.policies import CnnLstmPolicy, MlpLstmPolicy, MultiInputLstmPolicy
from sb3_memaug.ppo.ranks import DataParallel
from sb3_memaug.ppo.rollout import TensorRollout
from sb3_memaug.ppo.sequence_update import SequenceUpdate
from sb3_memaug.vec_env.groups import SymmetryArgument

SelfMemAugRecurrentPPO = TypeVar("SelfMemAugRecurrentPPO", bound="MemAugRecurrentPPO")


class MemAugRecurrentPPO(DataParallel, SequenceUpdate, TensorRollout, RecurrentPPO):
    """
    Recurrent PPO whose minibatches are joined by their mirror images and whose memory lives the mirrored life too, so
    that one policy handles the mirror images of the tasks that it was trained on (Symmetry-Guided Memory Augmentation,
    arXiv 2502.01521, sections 4.1 to 4.3).

    Without a symmetry group it is sb3-contrib's ``RecurrentPPO``, on whole sequences. What it logs of the images stands
    under ``train/mirror_*``: losses, KL divergence and clip fraction as SB3 logs them of the originals; how far the
    probability ratio is from 1 before the first gradient step (``mirror_first_ratio``); and the root mean square of
    ``π(g o) - g π(o)`` for the mean action (``mirror_equivariance_error``).

    :param policy: ``"MlpLstmPolicy"``, ``"CnnLstmPolicy"``, ``"MultiInputLstmPolicy"``, or a policy class
    :param env: to learn from, or the name of a registered one
    :param learning_rate: a number, or a function of the remaining progress from 1 to 0; where to start with
        ``desired_kl``
    :param n_steps: steps in each environment per update
    :param batch_size: number of original samples in a minibatch, about: it holds whole sequences, and at least one;
        None for all; not used with ``n_minibatches``
    :param n_epochs: passes over the rollout per update
    :param gamma: discount factor
    :param gae_lambda: bias-variance trade-off of the advantage estimate
    :param clip_range: of the probability ratio, a number or a function of the remaining progress
    :param clip_range_vf: of the change of the values, likewise; not clipped by default
    :param normalize_advantage: to zero mean and unit variance over the originals of each minibatch
    :param ent_coef: weight of the entropy
    :param vf_coef: weight of the value loss
    :param max_grad_norm: at which the gradient is clipped
    :param use_sde: explore by generalised state-dependent noise instead of independent noise
    :param sde_sample_freq: steps between draws of that noise; once per rollout by default
    :param target_kl: stop an update early where the KL divergence, on the originals, exceeds 1.5 times this
    :param stats_window_size: number of episodes that the logged means are over
    :param tensorboard_log: folder for TensorBoard
    :param policy_kwargs: arguments of the policy; those of sb3-contrib's recurrent policies, and
        ``lstm_skip_connection=True`` to let the heads read the features beside the latent of the LSTM
    :param verbose: 0 for nothing, 1 for information, 2 for debugging
    :param seed: of all random number generators
    :param device: ``"cpu"``, ``"cuda"`` …
    :param _init_setup_model: whether to build the networks
    :param symmetry: the group to mirror by; that of the environment's ``MirrorSpec`` by default; False for none
    :param n_minibatches: number of minibatches per epoch
    :param sequence_length: cut sequences after so many steps (truncated backpropagation through time); by default only
        where an episode starts
    :param mirror_loss_coef: weight of the squared distance between the mean action on a mirrored observation and the
        mirrored mean action, which is held fixed; 0, the default, is the paper
    :param desired_kl: adapt the learning rate so that an update moves the policy by about this KL divergence, on the
        originals; not adapted by default
    :param adapt_rate: adapt it after every ``"minibatch"``, or once per ``"update"``
    :param autocast: ``"bf16"`` to learn with the networks in bfloat16, the rollout and all losses staying in float32;
        faster on GPUs, and on CPUs that compute in it
    :param compile: the heads of the policy, by ``torch.compile``, which needs a C++ compiler on a CPU
    :param mirrored_memory: what the LSTMs remember in the mirror: ``"carried"``, the paper's, a mirrored life that goes
        on from update to update; to measure what that is worth, ``"zeroed"``, one that is forgotten at each update, or
        ``"copied"``, the states of the original
    :raises ValueError: if the group, its bounds or a normaliser do not fit, or an argument is out of range
    """

    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {
        "MlpLstmPolicy": MlpLstmPolicy,
        "CnnLstmPolicy": CnnLstmPolicy,
        "MultiInputLstmPolicy": MultiInputLstmPolicy,
    }
    policy: RecurrentActorCriticPolicy
    rollout_buffer: TensorRolloutBuffer
    # SB3 lets it be None, which it never is during a rollout.
    _last_lstm_states: RNNStates  # type: ignore[assignment]

    @checks_arguments(RECURRENT_ALGORITHM)
    def __init__(
        self,
        policy: str | type[RecurrentActorCriticPolicy],
        env: GymEnv | str,
        learning_rate: float | Schedule = 3e-4,
        n_steps: int = 128,
        batch_size: int | None = 128,
        n_epochs: int = 10,
        gamma: float = 0.99,
        gae_lambda: float = 0.95,
        clip_range: float | Schedule = 0.2,
        clip_range_vf: float | Schedule | None = None,
        normalize_advantage: bool = True,
        ent_coef: float = 0.0,
        vf_coef: float = 0.5,
        max_grad_norm: float = 0.5,
        use_sde: bool = False,
        sde_sample_freq: int = -1,
        target_kl: float | None = None,
        stats_window_size: int = 100,
        tensorboard_log: str | None = None,
        policy_kwargs: dict[str, Any] | None = None,
        verbose: int = 0,
        seed: int | None = None,
        device: th.device | str = "auto",
        _init_setup_model: bool = True,
        symmetry: SymmetryArgument = None,
        n_minibatches: int | None = None,
        sequence_length: int | None = None,
        mirror_loss_coef: float = 0.0,
        desired_kl: float | None = None,
        adapt_rate: Literal["minibatch", "update"] = "minibatch",
        autocast: Literal["bf16"] | None = None,
        compile: bool = False,
        mirrored_memory: MemoryName = "carried",
    ) -> None:
        super().__init__(
            policy,
            env,
            learning_rate=learning_rate,
            n_steps=n_steps,
            batch_size=batch_size,
            n_epochs=n_epochs,
            gamma=gamma,
            gae_lambda=gae_lambda,
            clip_range=clip_range,
            clip_range_vf=clip_range_vf,
            normalize_advantage=normalize_advantage,
            ent_coef=ent_coef,
            vf_coef=vf_coef,
            max_grad_norm=max_grad_norm,
            use_sde=use_sde,
            sde_sample_freq=sde_sample_freq,
            target_kl=target_kl,
            stats_window_size=stats_window_size,
            tensorboard_log=tensorboard_log,
            policy_kwargs=policy_kwargs,
            verbose=verbose,
            seed=seed,
            device=device,
            _init_setup_model=False,
        )
        self._init_mirroring(symmetry, mirror_loss_coef, desired_kl, adapt_rate, autocast, compile)
        self._init_sequences(n_minibatches, sequence_length, mirrored_memory)
        if _init_setup_model:
            self._setup_model()
            self._check_sizes()

    def _setup_model(self) -> None:
        super()._setup_model()
        self._last_lstm_states = initial_states(self.policy, self.n_envs)
        self._setup_mirroring()
        self._setup_sequences()
        self.rollout_buffer = TensorRolloutBuffer(
            self.n_steps,
            self.observation_space,
            self.action_space,
            self.device,
            gamma=self.gamma,
            gae_lambda=self.gae_lambda,
            n_envs=self.n_envs,
            sequence_length=self.sequence_length,
        )

    def _act(self, observations: Any, episode_starts: th.Tensor) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        self.rollout_buffer.note_lstm_states(self._last_lstm_states)
        actions, values, log_probs, self._last_lstm_states = self.policy(
            observations, self._last_lstm_states, episode_starts.float()
        )
        return actions, values, log_probs

    def _predict_values(self, observations: Any, episode_starts: th.Tensor, envs: th.Tensor | None) -> th.Tensor:
        state = tuple(x if envs is None else x[:, envs] for x in self._last_lstm_states.vf)
        return self.policy.predict_values(observations, state, episode_starts.float())  # type: ignore[arg-type]

    def _memory(self) -> dict[str, th.Tensor]:
        named = zip(("actor", "critic"), self._last_lstm_states, strict=True)
        return {f"memory of the {name}": th.cat(pair).transpose(0, 1) for name, pair in named}

    def _forget(self) -> None:
        self._last_lstm_states = zero_states(self._last_lstm_states)
        self._forget_the_mirrored_life()

    def learn(
        self: SelfMemAugRecurrentPPO,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "MemAugRecurrentPPO",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> SelfMemAugRecurrentPPO:
        return super().learn(
            total_timesteps=total_timesteps,
            callback=callback,
            log_interval=log_interval,
            tb_log_name=tb_log_name,
            reset_num_timesteps=reset_num_timesteps,
            progress_bar=progress_bar,
        )
