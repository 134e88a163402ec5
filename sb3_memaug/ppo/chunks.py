"""Evaluating samples in chunks that stay in a CPU's caches, where the policy evaluates each of them by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch as th
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

Batch = TypeVar("Batch")

#: Largest difference that float errors make between the values of a batch and those of its parts.
TOLERANCE = 1e-4


def keeps_batch_statistics(module: nn.Module) -> bool:
    """
    :param module: one layer of a network
    :return: whether it is one of PyTorch's that learn statistics of the batches that they see, each process its own
    """
    if isinstance(module, nn.SyncBatchNorm):
        return False
    return isinstance(module, _BatchNorm) or (isinstance(module, _NormBase) and module.track_running_stats)


def evaluates_in_parts(
    policy: nn.Module, evaluate: Callable[[Batch], Sequence[th.Tensor]], whole: Batch, parts: Sequence[Batch]
) -> bool:
    """
    Try it: an own layer of a user's may centre a batch, or count how often it was asked, and no type would tell.

    Where the policy draws random numbers, as dropout does, the parts differ too, and the answer is no.

    :param policy: in the mode that it is used in; it is left as it was
    :param evaluate: computes by it what is wanted of samples, in tensors
    :param whole: some samples
    :param parts: the same, in some parts
    :return: whether evaluating the parts, one after another, is evaluating the whole
    """
    if any(isinstance(module, _BatchNorm) or keeps_batch_statistics(module) for module in policy.modules()):
        return False
    before = [buffer.clone() for buffer in policy.buffers()]
    try:
        with th.no_grad(), th.random.fork_rng(devices=[]):
            together, apart = evaluate(whole), [evaluate(part) for part in parts]
        changed = any(not th.equal(new, old) for new, old in zip(policy.buffers(), before, strict=True))
    finally:
        for buffer, old in zip(policy.buffers(), before, strict=True):
            buffer.copy_(old)
    return not changed and all(
        # The parts hold the samples in another order.
        th.allclose(
            x.flatten().sort().values,
            th.cat([part.flatten() for part in xs]).sort().values,
            rtol=TOLERANCE,
            atol=TOLERANCE,
        )
        for x, *xs in zip(together, *apart, strict=True)
    )


class ChunkTrial:
    """
    Whether a policy may evaluate samples in chunks, which is tried once, on some, in each mode of the policy.

    :param passed: what was found, by whether the policy is in training mode
    """

    def __init__(self, passed: dict[bool, bool] | None = None) -> None:
        self.passed = dict(passed or {})

    def passes(
        self,
        policy: nn.Module,
        evaluate: Callable[[Batch], Sequence[th.Tensor]],
        whole: Batch,
        parts: Callable[[], Sequence[Batch]],
    ) -> bool:
        """
        :param policy: in the mode that it is used in
        :param evaluate: see :func:`evaluates_in_parts`
        :param whole: some samples
        :param parts: makes some parts of them
        :return: whether samples may be evaluated in chunks
        """
        if policy.training not in self.passed:
            self.passed[policy.training] = evaluates_in_parts(policy, evaluate, whole, parts())
        return self.passed[policy.training]
