"""What costs time on an accelerator and nothing on a CPU: to look at a value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch as th
from torch.distributions import Distribution


def is_asynchronous(device: th.device) -> bool:
    """
    :param device: of tensors
    :return: whether the host has to wait for the device before it can see a value
    """
    return device.type != "cpu"


@contextmanager
def without_looking(device: th.device) -> Iterator[None]:
    """
    Leave out the checks of PyTorch's distributions where each of them would wait for the device.

    :param device: that the distributions live on
    """
    checks = Distribution._validate_args
    Distribution.set_default_validate_args(checks and not is_asynchronous(device))
    try:
        yield
    finally:
        Distribution.set_default_validate_args(checks)
