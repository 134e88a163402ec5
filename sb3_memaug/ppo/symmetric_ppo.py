"""PPO with mirrored minibatches: what the paper calls Baseline-Aug."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch as th
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.arguments import ALGORITHM, checks_arguments
from sb3_memaug.ppo.augmentation import Augmentation, check_symmetry_argument, find_group, group_at_setup
from sb3_memaug.ppo.buffer import Rollout, TensorRolloutBuffer
from sb3_memaug.ppo.chunks import ChunkTrial
from sb3_memaug.ppo.evaluation import evaluate_latents, extract_features
from sb3_memaug.ppo.interface import MIRROR_ARGUMENTS, PPO_ARGUMENTS, autocast_to, check_choices, prepare_policy
from sb3_memaug.ppo.ranks import Ranks, seed_of_rank
from sb3_memaug.ppo.rollout import RolloutCollector
from sb3_memaug.ppo.saving import load_algorithm
from sb3_memaug.ppo.update import AdaptiveLearningRate, Minibatch, Part, Targets, adaptive_rate_of, policy_update
from sb3_memaug.symmetry import SymmetryGroup
from sb3_memaug.vec_env.devices import num_chunks
from sb3_memaug.vec_env.distributed import init
from sb3_memaug.vec_env.groups import SymmetryArgument

SelfSymmetricPPO = TypeVar("SelfSymmetricPPO", bound="SymmetricPPO")


class SymmetricPPO(PPO):
    __doc__ = f"""
    PPO whose minibatches are joined by their mirror images (section 4.2; Mittal et al., arXiv 2403.04359): the paper's
    Baseline-Aug, which has no memory. Without a symmetry group it is SB3's ``PPO``. It logs the images as
    :class:`~sb3_memaug.ppo.MemAugRecurrentPPO` does.

    :param policy: ``"MlpPolicy"``, ``"CnnPolicy"``, ``"MultiInputPolicy"``, or a policy class
    :param env: to learn from, or the name of a registered one
    :param learning_rate: a number, or a function of the remaining progress from 1 to 0; where to start with
        ``desired_kl``
    :param n_steps: steps in each environment per update
    :param batch_size: number of original samples in a minibatch
    :param rollout_buffer_class: of the rollout buffer, a subclass of
        :class:`~sb3_memaug.ppo.buffer.TensorRolloutBuffer`, which is the default
    :param rollout_buffer_kwargs: its arguments
    :param policy_kwargs: arguments of the policy
{PPO_ARGUMENTS}
{MIRROR_ARGUMENTS}
    :raises ValueError: if the group, its bounds or a normalizer do not fit, or an argument is out of range
    """

    rollout_buffer: TensorRolloutBuffer

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
        init(device)
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
        check_symmetry_argument(symmetry)
        check_choices(adapt_rate, autocast)
        self.symmetry = symmetry
        self.symmetry_group: SymmetryGroup | None = symmetry or None
        self.mirror_loss_coef = mirror_loss_coef
        self.desired_kl = desired_kl
        self.adapt_rate = adapt_rate
        self.autocast = autocast
        self.compile = compile
        self.adaptive_rate: AdaptiveLearningRate | None = None
        self._ranks = Ranks()
        self._collector = RolloutCollector()
        self._chunk_trial = ChunkTrial()
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        super()._setup_model()
        if self.adaptive_rate is None:
            self.adaptive_rate = adaptive_rate_of(self.learning_rate, self.desired_kl)
        prepare_policy(self.policy, self.device, self.compile)
        self.symmetry_group = group_at_setup(
            self.symmetry,
            self.symmetry_group,
            self.env,
            self.observation_space,
            self.action_space,
            type(self).__name__,
        )

    def _check_sizes(self) -> None:
        """SB3's ``PPO`` checks its sizes itself."""

    @property
    def augmentation(self) -> Augmentation:
        """The images of samples under the present group."""
        return Augmentation(self.symmetry_group, self.action_space, self.policy.squash_output)

    @property
    def group_size(self) -> int:
        """Number of images of each sample, itself included."""
        return self.augmentation.size

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        """
        :param env: to train on from now on
        :param force_reset: see ``BaseAlgorithm.set_env``
        :raises ValueError: if its normalization or its group does not fit
        """
        super().set_env(env, force_reset)
        assert self.env is not None
        self.symmetry_group = find_group(self.symmetry, self.env, self.observation_space, self.action_space)

    # Rollouts

    def _act(self, observations: Any, episode_starts: th.Tensor) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        return self.policy(observations)

    def _predict_values(self, observations: Any, episode_starts: th.Tensor, envs: th.Tensor | None) -> th.Tensor:
        return self.policy.predict_values(observations)

    def _named_memory(self) -> dict[str, th.Tensor]:
        return {}

    def _clear_memory(self) -> None:
        """There is none."""

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        self._ranks.begin_training(self)
        with self._collector.training_begins(self):
            return super()._setup_learn(*args, **kwargs)

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: RolloutBuffer, n_rollout_steps: int
    ) -> bool:
        """
        See :meth:`~sb3_memaug.ppo.rollout.RolloutCollector.collect`.

        :param env: the training environment
        :param callback: called at each step, and at the beginning and end of the rollout
        :param rollout_buffer: to fill
        :param n_rollout_steps: number of steps in each environment
        :return: False if a callback stopped the training
        """
        return self._ranks.collect(
            self.device, lambda: self._collector.collect(self, env, callback, rollout_buffer, n_rollout_steps)
        )

    # Updates

    def train(self) -> None:
        """
        Improve the policy on the rollout, by steps 3 to 5 of docs/method.md.

        :raises ValueError: if a gradient is not finite; neither its step nor a later one was taken
        """
        with policy_update(self) as update:
            for minibatch in update.minibatches(self._minibatches):
                update.accumulate_gradients(minibatch)
                update.step()
        self._collector.interrupted = False

    def _minibatches(self) -> Iterator[Minibatch]:
        for batch in self.rollout_buffer.get(self.batch_size):
            yield Minibatch(batch.advantages, self._parts(Rollout(*batch)))

    def _parts(self, batch: Rollout) -> Iterator[Part]:
        n = len(batch.advantages)
        widest = max(self.policy.mlp_extractor.latent_dim_pi, self.policy.mlp_extractor.latent_dim_vf)
        n_parts = min(num_chunks(self.device, n * self.group_size * widest), n)
        rows = th.arange(n, device=self.device)
        some = rows[:8]
        if n_parts > 1 and not self._chunk_trial.passes(
            self.policy,
            lambda few: self._evaluate(few).outputs(),
            batch.take(some),
            lambda: [batch.take(half) for half in some.chunk(2)],
        ):
            n_parts = 1
        for part in rows.chunk(n_parts):
            yield self._evaluate(batch.take(part))

    def _evaluate(self, batch: Rollout) -> Part:
        augmentation = self.augmentation
        observations = augmentation.observation_orbit(batch.observations)
        actions = augmentation.action_orbit(batch.actions)
        with autocast_to(self.autocast, self.device):
            pi_features, vf_features = extract_features(self.policy, observations)
            evaluation = evaluate_latents(self.policy, pi_features, vf_features, actions)
        return Part(
            evaluation.unflatten(augmentation.size),
            Targets(batch.values, batch.log_prob, batch.advantages, batch.returns),
        )

    # SB3's interface

    def set_random_seed(self, seed: int | None = None) -> None:
        """
        :param seed: of the first environment of rank 0; those of all ranks follow one another
        """
        super().set_random_seed(seed_of_rank(seed, self.n_envs))

    def dump_logs(self, iteration: int = 0) -> None:
        """
        :param iteration: number of the rollout
        """
        with self._ranks.all_episodes(self):
            super().dump_logs(iteration)

    def save(
        self,
        path: str | Path | io.BufferedIOBase,
        exclude: Iterable[str] | None = None,
        include: Iterable[str] | None = None,
    ) -> None:
        """
        :param path: of the file, to which ``.zip`` is added where it has no ending, or an open file
        :param exclude: names of attributes to leave out
        :param include: names of attributes to save that would be left out
        :raises ValueError: if the policy holds numbers that are not finite; a file that is there stays as it is
        """
        save = super().save
        self._ranks.save(self, lambda target: save(target, exclude, include), path)

    @classmethod
    def load(
        cls: type[SelfSymmetricPPO],
        path: str | Path | io.BufferedIOBase,
        env: GymEnv | str | None = None,
        device: th.device | str = "auto",
        custom_objects: dict[str, Any] | None = None,
        print_system_info: bool = False,
        force_reset: bool = True,
        **kwargs: Any,
    ) -> SelfSymmetricPPO:
        """As :meth:`MemAugRecurrentPPO.load() <sb3_memaug.ppo.MemAugRecurrentPPO.load>`."""
        return load_algorithm(cls, path, env, device, custom_objects, print_system_info, force_reset, kwargs)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_ranks", "_collector", "_chunk_trial"]

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
