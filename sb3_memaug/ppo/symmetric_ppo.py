"""PPO with mirrored minibatches: what the paper calls Baseline-Aug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeVar

import torch as th
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule

from sb3_memaug.arguments import ALGORITHM, checks_arguments
from sb3_memaug.ppo.buffer import Rollout, TensorRolloutBuffer
from sb3_memaug.ppo.evaluation import evaluate_latents, extract_features
from sb3_memaug.ppo.mirrored_update import Minibatch, MirroredUpdate, Part
from sb3_memaug.ppo.ranks import DataParallel
from sb3_memaug.ppo.rollout import TensorRollout
from sb3_memaug.ppo.update import Targets
from sb3_memaug.vec_env.devices import num_chunks
from sb3_memaug.vec_env.groups import SymmetryArgument

SelfSymmetricPPO = TypeVar("SelfSymmetricPPO", bound="SymmetricPPO")


class SymmetricPPO(DataParallel, MirroredUpdate, TensorRollout, PPO):
    """
    PPO whose minibatches are joined by their mirror images (section 4.2; Mittal et al., arXiv 2403.04359): the paper's
    Baseline-Aug, which has no memory. Without a symmetry group it is SB3's ``PPO``. It logs the images as
    :class:`~sb3_memaug.ppo.MemAugRecurrentPPO` does.

    :param policy: ``"MlpPolicy"``, ``"CnnPolicy"``, ``"MultiInputPolicy"``, or a policy class
    :param env: to learn from, or the name of a registered one
    :param learning_rate: a number, or a function of the remaining progress from 1 to 0; where to start with
        ``desired_kl``
    :param n_steps: steps in each environment per update
    :param batch_size: number of original samples in a minibatch
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
    :param rollout_buffer_class: of the rollout buffer, a subclass of
        :class:`~sb3_memaug.ppo.buffer.TensorRolloutBuffer`, which is the default
    :param rollout_buffer_kwargs: its arguments
    :param target_kl: stop an update early where the KL divergence, on the originals, exceeds 1.5 times this
    :param stats_window_size: number of episodes that the logged means are over
    :param tensorboard_log: folder for TensorBoard
    :param policy_kwargs: arguments of the policy
    :param verbose: 0 for nothing, 1 for information, 2 for debugging
    :param seed: of all random number generators
    :param device: ``"cpu"``, ``"cuda"`` …
    :param _init_setup_model: whether to build the networks
    :param symmetry: the group to mirror by; that of the environment's ``MirrorSpec`` by default; False for none
    :param mirror_loss_coef: weight of the squared distance between the mean action on a mirrored observation and the
        mirrored mean action, which is held fixed; 0, the default, is the paper
    :param desired_kl: adapt the learning rate so that an update moves the policy by about this KL divergence, on the
        originals; not adapted by default
    :param adapt_rate: adapt it after every ``"minibatch"``, or once per ``"update"``
    :param autocast: ``"bf16"`` to learn with the networks in bfloat16, the rollout and all losses staying in float32;
        faster on GPUs, and on CPUs that compute in it
    :param compile: the heads of the policy, by ``torch.compile``, which needs a C++ compiler on a CPU
    :raises ValueError: if the group, its bounds or a normaliser do not fit, or an argument is out of range
    """

    @checks_arguments(ALGORITHM)
    def __init__(
        self,
        policy: str | type[ActorCriticPolicy],
        env: GymEnv | str,
        learning_rate: float | Schedule = 3e-4,
        n_steps: int = 2048,
        batch_size: int = 64,
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
        rollout_buffer_class: type[RolloutBuffer] | None = None,
        rollout_buffer_kwargs: dict[str, Any] | None = None,
        target_kl: float | None = None,
        stats_window_size: int = 100,
        tensorboard_log: str | None = None,
        policy_kwargs: dict[str, Any] | None = None,
        verbose: int = 0,
        seed: int | None = None,
        device: th.device | str = "auto",
        _init_setup_model: bool = True,
        symmetry: SymmetryArgument = None,
        mirror_loss_coef: float = 0.0,
        desired_kl: float | None = None,
        adapt_rate: Literal["minibatch", "update"] = "minibatch",
        autocast: Literal["bf16"] | None = None,
        compile: bool = False,
    ) -> None:
        if rollout_buffer_class is not None and not (
            isinstance(rollout_buffer_class, type) and issubclass(rollout_buffer_class, TensorRolloutBuffer)
        ):
            name = getattr(rollout_buffer_class, "__name__", repr(rollout_buffer_class))
            raise ValueError(
                f"`rollout_buffer_class` must be a subclass of TensorRolloutBuffer, got {name}: leave it out, or "
                "derive yours from sb3_memaug.ppo.buffer.TensorRolloutBuffer"
            )
        if normalize_advantage and batch_size < 2:
            raise ValueError(
                f"`batch_size` must be at least 2 with `normalize_advantage`, got {batch_size}: one has no variance"
            )
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
            rollout_buffer_class=rollout_buffer_class or TensorRolloutBuffer,
            rollout_buffer_kwargs=rollout_buffer_kwargs,
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
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        super()._setup_model()
        self._setup_mirroring()

    def _act(self, observations: Any, episode_starts: th.Tensor) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        return self.policy(observations)

    def _predict_values(self, observations: Any, episode_starts: th.Tensor, envs: th.Tensor | None) -> th.Tensor:
        return self.policy.predict_values(observations)

    def _minibatches(self) -> Iterator[Minibatch]:
        for batch in self.rollout_buffer.get(self.batch_size):
            yield Minibatch(batch.advantages, self._parts(Rollout(*batch)))

    def _parts(self, batch: Rollout) -> Iterator[Part]:
        n = len(batch.advantages)
        widest = max(self.policy.mlp_extractor.latent_dim_pi, self.policy.mlp_extractor.latent_dim_vf)
        n_parts = min(num_chunks(self.device, n * self.group_size * widest), n)
        rows = th.arange(n, device=self.device)
        some = rows[:8]
        if n_parts > 1 and not self._can_split(
            lambda few: self._evaluate(few).outputs(),
            batch.take(some),
            lambda: [batch.take(half) for half in some.chunk(2)],
        ):
            n_parts = 1
        for part in rows.chunk(n_parts):
            yield self._evaluate(batch.take(part))

    def _evaluate(self, batch: Rollout) -> Part:
        observations, actions = (
            self._augmentation.observation_orbit(batch.observations),
            self._augmentation.action_orbit(batch.actions),
        )
        with self._precision():
            pi_features, vf_features = extract_features(self.policy, observations)
            evaluation = evaluate_latents(self.policy, pi_features, vf_features, actions)
        return Part(
            evaluation.unflatten(self.group_size),
            Targets(batch.values, batch.log_prob, batch.advantages, batch.returns),
        )

    def learn(
        self: SelfSymmetricPPO,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "SymmetricPPO",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> SelfSymmetricPPO:
        return super().learn(
            total_timesteps=total_timesteps,
            callback=callback,
            log_interval=log_interval,
            tb_log_name=tb_log_name,
            reset_num_timesteps=reset_num_timesteps,
            progress_bar=progress_bar,
        )
