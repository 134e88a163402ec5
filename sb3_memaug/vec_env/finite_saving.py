"""What is not finite is not saved: a file that is good stays good."""

from __future__ import annotations

import numpy as np
import torch as th
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.vec_env.running_statistics import statistics_of


def refuse_non_finite_policy(model: BaseAlgorithm) -> None:
    """
    :param model: to be saved or used
    :raises ValueError: if what it has learned, or what its optimiser remembers, is not finite
    """
    policy = model.policy
    parameters = dict(policy.named_parameters())
    finite = {name: x.isfinite().all() for name, x in parameters.items() if x.requires_grad}
    # What is not learned may be infinite on purpose, as a mask is.
    others = {**parameters, **dict(policy.named_buffers())}
    finite |= {name: ~x.isnan().any() for name, x in others.items() if name not in finite}
    optimizer = getattr(policy, "optimizer", None)
    remembered = {} if optimizer is None else optimizer.state
    for name, x in parameters.items():
        for key, value in remembered.get(x, {}).items():
            if isinstance(value, th.Tensor):
                finite[f"{key} of {name}"] = value.isfinite().all()
    marks = th.stack([x.to(model.device) for x in finite.values()]).tolist()
    bad = [name for name, is_good in zip(finite, marks, strict=True) if not is_good]
    if bad:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise ValueError(
            f"after {model.num_timesteps} steps the policy holds numbers that are not finite, in {', '.join(bad[:3])}"
            f"{more}. It is neither used nor saved, and the last checkpoint is still good: go on from there, with a "
            "lower learning rate, or with smaller observations and rewards"
        )


def refuse_non_finite_statistics(normalizer: VecNormalize) -> None:
    """
    :param normalizer: to be saved
    :raises ValueError: if its statistics are not finite
    """
    if all(np.isfinite(number).all() for x in statistics_of(normalizer) for number in (x.mean, x.var, x.count)):
        return
    raise ValueError(
        f"the statistics of this {type(normalizer).__name__} are not finite, and nothing that it normalises would be. "
        "They are not saved, and a file that was saved before is still good: go on from there. A SymmetricVecNormalize "
        "refuses such numbers before it learns from them"
    )
