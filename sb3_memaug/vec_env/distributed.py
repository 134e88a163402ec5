"""
Data-parallel training: several processes, each with environments of its own, train one policy.

``torchrun --nproc_per_node=K …`` starts them and says so in the environment variables; what they share goes through
``torch.distributed``, by NCCL between GPUs and gloo between CPUs. In a single process every function here does nothing.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from typing import Any

import torch as th
import torch.distributed as dist


def init(device: th.device | str = "auto") -> None:
    """
    Join the other processes that ``torchrun`` has started, if it has and this has not been done yet.

    :param device: of the algorithm; a rank on ``"cuda"`` takes the GPU of its local rank
    """
    if not dist.is_available() or dist.is_initialized() or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return
    on_gpu = th.cuda.is_available() and str(device) != "cpu"
    if on_gpu:
        th.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpu else "gloo")
    # Else PyTorch 2.13 with gloo now and then aborts the process at the interpreter's end, with everything done.
    atexit.register(_leave)


def shutdown() -> None:
    """Leave the other processes when all of them are done; without it each leaves when it ends."""
    if is_distributed():
        dist.barrier()
        _leave()


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def is_distributed() -> bool:
    """
    :return: whether there are other ranks
    """
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def rank() -> int:
    """
    :return: number of this process, from 0
    """
    return dist.get_rank() if is_distributed() else 0


def world_size() -> int:
    """
    :return: number of processes
    """
    return dist.get_world_size() if is_distributed() else 1


def all_sum(x: th.Tensor) -> th.Tensor:
    """
    :param x: of this rank; overwritten
    :return: its sum over all ranks
    """
    if is_distributed():
        dist.all_reduce(x)
    return x


def all_min(number: int, device: th.device) -> int:
    """
    :param number: of this rank
    :param device: to compare on
    :return: the smallest of all ranks
    """
    if not is_distributed():
        return number
    x = th.tensor(number, device=device)
    dist.all_reduce(x, dist.ReduceOp.MIN)
    return int(x)


def gather(thing: Any) -> list[Any]:
    """
    :param thing: of this rank, small and picklable
    :return: those of all ranks
    """
    if not is_distributed():
        return [thing]
    things: list[Any] = [None] * world_size()
    dist.all_gather_object(things, thing)
    return things


def share_gradients(parameters: Iterable[th.nn.Parameter], share: th.Tensor) -> None:
    """
    Give every rank the gradient over the samples of all.

    :param parameters: whose gradients are those of the mean loss over this rank's samples
    :param share: of this rank's samples among all, a scalar
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = all_sum(th.cat([gradient.flatten() for gradient in gradients]) * share)
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def share_state(module: th.nn.Module) -> None:
    """
    :param module: whose parameters and buffers become those of rank 0
    """
    if is_distributed():
        for tensor in module.state_dict().values():
            dist.broadcast(tensor, src=0)
