"""
Modules of earlier versions, found where their classes are today.

Saved models and normalizers are pickles, which name the module of each class: they load as long as this table has it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ROOT = "sb3_memaug."

#: Module of an earlier version, without the package's name, and the one that has its public names today.
MOVED = {
    "common": "sb3_memaug.vec_env",
    "common.adaptive_rate": "sb3_memaug.ppo.update",
    "common.distributed": "sb3_memaug.vec_env.distributed",
    "common.policies": "sb3_memaug.ppo.policies",
    "common.running_statistics": "sb3_memaug.vec_env.statistics",
    "common.tensor_rollout_buffer": "sb3_memaug.ppo.buffer",
    "common.tensor_vec_env": "sb3_memaug.vec_env.tensor_vec_env",
    "common.vec_env_makers": "sb3_memaug.vec_env.registry",
    "common.vec_normalize": "sb3_memaug.vec_env.normalize",
    "memaug_ppo": "sb3_memaug.ppo",
    "memaug_ppo.memaug_ppo": "sb3_memaug.ppo",
    "sym_ppo": "sb3_memaug.ppo",
    "sym_ppo.sym_ppo": "sb3_memaug.ppo",
    "symmetry.base_axes": "sb3_memaug.symmetry",
    "symmetry.compatibility": "sb3_memaug.symmetry",
    "symmetry.derivation": "sb3_memaug.symmetry",
    "symmetry.derived_symmetry": "sb3_memaug.symmetry",
    "symmetry.geometry": "sb3_memaug.symmetry.derivation.geometry",
    "symmetry.geometry_readers": "sb3_memaug.symmetry.derivation.geometry",
    "symmetry.group": "sb3_memaug.symmetry",
    "symmetry.image_flip": "sb3_memaug.symmetry",
    "symmetry.kinematics": "sb3_memaug.symmetry.derivation.geometry",
    "symmetry.label_permutation": "sb3_memaug.symmetry",
    "symmetry.mirror": "sb3_memaug.symmetry",
    "symmetry.reflection": "sb3_memaug.symmetry",
    "symmetry.residual": "sb3_memaug.symmetry",
    "symmetry.rigid_motion": "sb3_memaug.symmetry.frames",
    "symmetry.signed_permutation": "sb3_memaug.symmetry",
    "symmetry.terms": "sb3_memaug.symmetry",
    "symmetry.tolerances": "sb3_memaug.symmetry",
    "symmetry.transform": "sb3_memaug.symmetry",
}


class _Finder(MetaPathFinder, Loader):
    """Asked last of all, for modules that are no file any more."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name = fullname.removeprefix(_ROOT)
        if name == fullname or name not in MOVED:
            return None
        return ModuleSpec(fullname, self, is_package="." not in name)

    def exec_module(self, module: ModuleType) -> None:
        today = MOVED[module.__name__.removeprefix(_ROOT)]

        def found(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return getattr(import_module(today), name)

        module.__getattr__ = found  # type: ignore[method-assign]


def find_moved_modules() -> None:
    """From now on, in this process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
