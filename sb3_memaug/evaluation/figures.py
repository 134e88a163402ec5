"""Figures of evaluation results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sb3_memaug.evaluation.generalization import Result
from sb3_memaug.evaluation.tables import mean_return, variation_noun

#: Colour-blind safe (Okabe and Ito), in the order in which policies appear.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")


def leg_of(variation: str) -> str:
    """
    :param variation: a failed joint as ``"motor_front_leftL_joint"``, a payload as ``"payload_front_left"``
    :return: ``"front left"``; the variation itself where its name tells no leg
    """
    words = [word.rstrip("LR") for word in variation.split("_")]
    legs = [word for word in words if word in ("front", "back", "left", "right")]
    return " ".join(legs) or variation


def returns_by_leg(results: Sequence[Result], path: str | Path) -> Path:
    """
    Bars of the mean return on no variation and on the failures of each leg, or the payloads near it, a colour for each
    policy, a panel for each environment; a dot for each failed joint.

    :param results: of one or more policies; of those with mean and with sampled actions, and of those with memory kept
        and zeroed, the former are drawn
    :param path: of the picture to write
    :return: the path
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    deterministic = any(result.deterministic for result in results)
    memory = "kept" if any(result.memory == "kept" for result in results) else "zeroed"
    results = [result for result in results if (result.deterministic, result.memory) == (deterministic, memory)]
    policies = list(dict.fromkeys(result.policy for result in results))
    envs = list(dict.fromkeys(result.env for result in results))
    varied = dict.fromkeys((result.env, result.split, result.variation) for result in results)
    legs = list(dict.fromkeys((split, leg_of(variation)) for _, split, variation in varied))
    nothing = f"no {variation_noun(results)}"
    labels = [(nothing if split == "none" else leg).replace(" ", "\n") for split, leg in legs]

    figure, axes = plt.subplots(1, len(envs), figsize=(5.2 * len(envs), 3.6), sharey=True, squeeze=False)
    for axis, env in zip(axes[0], envs, strict=True):
        dots = []
        for k, policy in enumerate(policies):
            where = np.arange(len(legs)) + (k - (len(policies) - 1) / 2) * 0.8 / len(policies)
            heights = []
            for x, (split, leg) in zip(where, legs, strict=True):
                means = [
                    mean_return(results, policy=policy, env=env, split=split, variation=variation)
                    for e, s, variation in varied
                    if (e, s, leg_of(variation)) == (env, split, leg)
                ]
                heights.append(float(np.mean(means)) if means else 0.0)
                dots += [(x, mean) for mean in means if len(means) > 1]
            axis.bar(where, heights, 0.8 / len(policies), color=COLOURS[k % len(COLOURS)], label=policy)
            axis.plot([x for x, _ in dots], [mean for _, mean in dots], ".", markersize=5, color="black")
        ood = [i for i, (split, _) in enumerate(legs) if split == "ood"]
        if ood:
            axis.axvspan(ood[0] - 0.5, ood[-1] + 0.5, color="0.93", zorder=0)
            axis.text(
                np.mean(ood), 1.01, "never trained on", ha="center", transform=axis.get_xaxis_transform(), fontsize=9
            )
        axis.set_xticks(range(len(legs)), labels, fontsize=9)
        axis.set_title(env.removeprefix("MemAug/"), fontsize=9, pad=18)
        axis.spines[["top", "right"]].set_visible(False)
        axis.axhline(0, color="black", linewidth=0.8)
    axes[0][0].set_ylabel("mean episode return")
    axes[0][-1].legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    figure.tight_layout()
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
