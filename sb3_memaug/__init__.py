"""Symmetry-guided memory augmentation for Stable-Baselines3; importing it registers the environments ``MemAug/…``."""

from sb3_memaug import envs
from sb3_memaug._moved import find_moved_modules
from sb3_memaug._version import __version__
from sb3_memaug.checks import check_symmetry
from sb3_memaug.ppo import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.symmetry import derive_symmetry
from sb3_memaug.vec_env import SymmetricVecNormalize
from sb3_memaug.wrappers import JointFailure, MirrorSpec, Payload

__all__ = [
    "JointFailure",
    "MemAugRecurrentPPO",
    "MirrorSpec",
    "Payload",
    "SymmetricPPO",
    "SymmetricVecNormalize",
    "__version__",
    "check_symmetry",
    "derive_symmetry",
    "envs",
]

find_moved_modules()
