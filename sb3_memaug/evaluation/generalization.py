"""How a policy does on the tasks that it was trained on (ID) and on their mirror images (OOD)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.evaluation.episodes import Recorder
from sb3_memaug.evaluation.gait import GaitRecorder
from sb3_memaug.evaluation.trials import Trial, open_trials


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
    :param watchers: told of every step of the episodes, which begin together for each task, or all together
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
                yield Result(
                    policy,
                    env_id,
                    variation.split,
                    variation.label,
                    start,
                    mirror,
                    deterministic,
                    memory=memory,
                    **outcome._asdict(),
                    **feet._asdict(),
                )
