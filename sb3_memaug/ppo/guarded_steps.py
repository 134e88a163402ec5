"""Gradient steps that are taken only where the gradient is finite."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import NoReturn

import torch as th
from stable_baselines3.common.policies import BasePolicy

from sb3_memaug.vec_env.devices import steps_without_sync
from sb3_memaug.vec_env.distributed import gather, is_distributed

#: Terms of the loss by their names in the log.
TERMS = {
    "policy_gradient_loss": "the policy loss",
    "value_loss": "the value loss",
    "entropy_loss": "the entropy",
    "mirror_policy_gradient_loss": "the policy loss of the mirror images",
    "mirror_value_loss": "the value loss of the mirror images",
    "mirror_entropy_loss": "the entropy of the mirror images",
    "mirror_asymmetry": "the mirror loss",
}


class GuardedSteps:
    """
    The gradient steps of one update. One whose gradient is not finite is refused: parameters, buffers and optimiser
    stay as they are.

    Where looking means to wait for the device, the device leaves that step and all later ones out by itself, and the
    host looks once, at the end of the update.

    :param policy: to improve
    :param update: how to name the update
    :raises ValueError: if the learning rate, as a schedule may give it, is not finite
    """

    def __init__(self, policy: BasePolicy, update: str) -> None:
        rates = [float(group["lr"]) for group in policy.optimizer.param_groups]
        if not all(map(isfinite, rates)):
            raise ValueError(
                f"the learning rate in {update} is {rates[0]}, but must be finite: look at the schedule. No step was "
                "taken, and the last checkpoint is still good"
            )
        self._policy = policy
        self._update = update
        self._blindly = steps_without_sync(policy.optimizer, policy.device)
        self._all_finite = th.ones((), dtype=th.bool, device=policy.device)
        self._steps: list[tuple[th.Tensor, str, Mapping[str, th.Tensor]]] = []
        self._buffers: list[th.Tensor] = []

    def begin(self) -> None:
        """Call it before the policy evaluates a minibatch, which may already change statistics that it keeps."""
        self._buffers = [buffer.clone() for buffer in self._policy.buffers()]

    def step(self, norm: th.Tensor, minibatch: str, terms: Mapping[str, th.Tensor]) -> None:
        """
        :param norm: of the gradient, the same on all ranks
        :param minibatch: how to name it
        :param terms: of its loss, and what else was measured, scalars by their names in the log
        :raises ValueError: if the gradient is not finite, at once where that can be seen without waiting
        """
        finite = norm.isfinite()
        self._steps.append((finite, minibatch, terms))
        if not self._blindly:
            if not finite:
                self._put_buffers_back(finite)
                self._refuse()
            self._policy.optimizer.step()
            return
        self._all_finite = self._all_finite & finite
        optimizer = self._policy.optimizer
        # As torch's GradScaler asks it of fused optimisers.
        optimizer.found_inf = (~self._all_finite).float()  # type: ignore[attr-defined]
        try:
            optimizer.step()
        finally:
            del optimizer.found_inf  # type: ignore[attr-defined]
        self._put_buffers_back(self._all_finite)

    def end(self) -> None:
        """
        :raises ValueError: if a step was refused
        """
        if self._blindly and not self._all_finite:
            self._refuse()

    def _put_buffers_back(self, unless: th.Tensor) -> None:
        for buffer, before in zip(self._policy.buffers(), self._buffers, strict=True):
            buffer.copy_(th.where(unless, buffer, before))

    def _refuse(self) -> NoReturn:
        first = th.stack([finite for finite, _, _ in self._steps]).tolist().index(False)
        _, minibatch, terms = self._steps[first]
        own = [text for name, text in TERMS.items() if name in terms and not terms[name].isfinite()]
        of_ranks = gather(own)
        if is_distributed():
            of_ranks = [[f"{text} of rank {i}" for text in texts] for i, texts in enumerate(of_ranks)]
        names = [text for texts in of_ranks for text in texts]
        whose = (
            f"not finite: {', '.join(names)}" if names else "finite: every term of the loss, only its gradient is not"
        )
        raise ValueError(
            f"the gradient of {minibatch} of {self._update} is not finite ({whose}). The step was refused: the policy "
            "and its optimiser are as before it, and the last checkpoint is still good. Look for observations, rewards "
            "or returns that are very large, which SymmetricVecNormalize scales, or lower the learning rate"
        )
