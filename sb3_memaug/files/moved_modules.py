"""Where classes live now that saved models and statistics name by modules of earlier versions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

#: Modules of earlier versions, and where what may have been pickled from them is today.
MOVED = {
    "sb3_memaug.common.adaptive_rate": "sb3_memaug.ppo.update",
    "sb3_memaug.common.policies": "sb3_memaug.ppo.policies",
    "sb3_memaug.common.running_statistics": "sb3_memaug.vec_env.running_statistics",
    "sb3_memaug.common.tensor_rollout_buffer": "sb3_memaug.ppo.buffer",
    "sb3_memaug.common.vec_normalize": "sb3_memaug.vec_env.vec_normalize",
}


@contextmanager
def moved_modules() -> Iterator[None]:
    """Within it, pickles of earlier versions find what they name. Nothing is imported but what one of them asks for."""
    added = [old for old in MOVED if old not in sys.modules]
    for old in added:
        module = ModuleType(old)
        module.__getattr__ = lambda name, new=MOVED[old]: getattr(import_module(new), name)  # type: ignore[method-assign]
        sys.modules[old] = module
    try:
        yield
    finally:
        for old in added:
            sys.modules.pop(old, None)
