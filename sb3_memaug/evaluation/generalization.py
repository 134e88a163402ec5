"""How a policy does on the tasks that it was trained on (ID) and on their mirror images (OOD)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from statistics import fmean
from typing import Any, NamedTuple

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.evaluation.episodes import Recorder
from sb3_memaug.evaluation.recorders import GaitRecorder
from sb3_memaug.evaluation.trials import Simulation, Trial, open_trials


class Result(NamedTuple):
    """
    One episode of one policy; a row of the table that is written.

    :param policy: name of the model
    :param env: id of the environment
    :param split: ``"none"``, ``"id"`` or ``"ood"``
    :param variation: ``"none"``, the joint that has failed, or the section of the base that the payload lies in
    :param seed: of the episode
    :param mirror: element of the symmetry group by which its start is reflected
    :param deterministic: whether the mean action was taken instead of a sample
    :param episode_return: sum of the rewards
    :param length: number of steps
    :param terminated: whether it ended before the time limit, by a fall
    :param distance: from the target at the end in m, None where there is no target
    :param success: whether the target was reached without a fall, None where there is none
    :param air_time: s that feet were off the ground, summed over them, None where the simulator cannot tell
    :param touchdowns: how often a foot came to the ground, None where the simulator cannot tell
    :param kind: ``"none"``, ``"joint_failure"`` or ``"payload"``
    :param joints: that have failed, with ``+`` between them
    :param place: of the failed joints or the payload on the robot, such as ``"front left"``
    :param memory: ``"kept"``, or ``"zeroed"`` before every step
    """

    policy: str
    env: str
    split: str
    variation: str
    seed: int
    mirror: str
    deterministic: bool
    episode_return: float
    length: int
    terminated: bool
    distance: float | None = None
    success: bool | None = None
    air_time: float | None = None
    touchdowns: int | None = None
    kind: str = "none"
    joints: str = ""
    place: str = ""
    memory: str = "kept"


def evaluate_generalization(
    model: BaseAlgorithm,
    env_id: str,
    policy: str,
    n_episodes: int = 32,
    deterministic: bool = True,
    seed: int = 1000,
    env_kwargs: Mapping[str, Any] | None = None,
    normalizer: VecNormalize | None = None,
    memory: str = "kept",
    watchers: Sequence[Recorder] = (),
) -> Iterable[Result]:
    """
    Evaluate on no variation, on each joint that may fail, and on each section of the base that a payload may lie in.

    Seeds are the same for every task and policy. Each is run once under every mirror of the environment, which
    reflects the initial state and the command, so that commands are balanced: otherwise a policy that walks better
    forwards than backwards would look as if it coped better with front legs than with hind legs.

    :param model: any SB3 model
    :param env_id: of a registered environment
    :param policy: what to call the model
    :param n_episodes: for each task, rounded up to a multiple of the number of mirrors
    :param deterministic: take the mean action instead of a sample
    :param seed: of the first episode
    :param env_kwargs: for ``gymnasium.make``
    :param normalizer: of the observations that the model was trained on
    :param memory: ``"kept"``, or ``"zeroed"`` before every step, so that a policy with memory knows the present alone
    :param watchers: called at every step of the episodes, which begin together for each task, or all together
    :return: a row for each episode
    :raises ValueError: if there is to be no episode, or ``memory`` is something else
    """
    with open_trials(env_id, env_kwargs) as trials:
        every = [Trial(*trial) for trial in product(trials.variations, trials.seeds(n_episodes, seed), trials.mirrors)]
        for batch in trials.batches(every):
            gait = GaitRecorder()
            outcomes = trials.run(
                model,
                batch,
                deterministic=deterministic,
                normalizer=normalizer,
                memory=memory,
                watchers=(gait, *watchers),
            )
            for (variation, start, mirror), outcome, feet in zip(batch, outcomes, gait.gaits, strict=True):
                varied: dict[str, Any] = variation.columns()
                yield Result(
                    policy,
                    env_id,
                    variation.split,
                    variation.label,
                    start,
                    mirror,
                    deterministic,
                    memory=memory,
                    **{name: varied[name] for name in ("kind", "joints", "place")},
                    **outcome._asdict(),
                    **feet._asdict(),
                )


class SplitEvaluator:
    """
    What a learning curve is made of, cheap enough to be measured during training: the same few episodes of every
    variation each time, side by side, in environments that are kept. Each episode has a start of its own, and the
    mirrors take turns: an equivariant policy returns the same from a start and its mirror images, which would make one
    measurement of several episodes.

    :param env_id: of a registered environment, with or without failing joints or payloads
    :param n_episodes: of each variation, rounded up to a multiple of the number of mirrors of the environment
    :param seed: of the first episode
    :param env_kwargs: for ``gymnasium.make``
    :param simulation: see :func:`~sb3_memaug.evaluation.trials.open_trials`
    :raises ValueError: if there is to be no episode
    """

    def __init__(
        self,
        env_id: str,
        n_episodes: int = 4,
        seed: int = 1000,
        env_kwargs: Mapping[str, Any] | None = None,
        simulation: Simulation | None = None,
    ) -> None:
        self._trials = open_trials(env_id, env_kwargs, simulation)
        n_episodes = len(self._trials.seeds(n_episodes, seed)) * len(self._trials.mirrors)
        self._episodes = [
            Trial(variation, seed + i, self._trials.mirrors[i % len(self._trials.mirrors)])
            for variation, i in product(self._trials.variations, range(n_episodes))
        ]

    def mean_returns(self, model: BaseAlgorithm, normalizer: VecNormalize | None = None) -> dict[str, float]:
        """
        :param model: any SB3 model, whose mean actions are taken
        :param normalizer: of the observations that the model is trained on
        :return: mean episode return by split: of ``"none"``, ``"id"`` and ``"ood"`` those that the environment has
        """
        returns: dict[str, list[float]] = {}
        for batch in self._trials.side_by_side(self._episodes):
            for trial, outcome in zip(batch, self._trials.run(model, batch, normalizer=normalizer), strict=True):
                returns.setdefault(trial.variation.split, []).append(outcome.episode_return)
        return {split: fmean(values) for split, values in returns.items()}

    def close(self) -> None:
        """Close the environments."""
        self._trials.close()

    def __enter__(self) -> SplitEvaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
