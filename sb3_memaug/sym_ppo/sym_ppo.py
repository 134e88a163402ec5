"""PPO with mirrored minibatches: what the seeds call Baseline-Aug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeVar

import torch as th
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule

from sb3_memaug.common.evaluation import evaluate_latents, extract_features
from sb3_memaug.common.loss import Targets
from sb3_memaug.common.mirrored_update import Minibatch, MirroredUpdate
from sb3_memaug.common.symmetry_source import SymmetryArgument

SelfSymmetricPPO = TypeVar("SelfSymmetricPPO", bound="SymmetricPPO")


class SymmetricPPO(MirroredUpdate, PPO):
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
            rollout_buffer_class=rollout_buffer_class,
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
        self._init_mirroring(symmetry, mirror_loss_coef, desired_kl, adapt_rate)
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        super()._setup_model()
        self._setup_mirroring()

    def _minibatches(self) -> Iterator[Minibatch]:
        for batch in self.rollout_buffer.get(self.batch_size):
            pi_features, vf_features = extract_features(self.policy, self._observation_orbit(batch.observations))
            evaluation = evaluate_latents(self.policy, pi_features, vf_features, self._action_orbit(batch.actions))
            yield Minibatch(
                evaluation.unflatten(self.group_size),
                Targets(batch.old_values, batch.old_log_prob, batch.advantages, batch.returns),
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
