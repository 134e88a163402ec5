"""Vectorized environments: in tensors on a device, normalized, and the wrappers around them."""

from sb3_memaug.vec_env.normalize import SymmetricTensorVecNormalize, SymmetricVecNormalize
from sb3_memaug.vec_env.registry import register_vec_env_maker, vec_env_maker
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv

__all__ = [
    "SymmetricTensorVecNormalize",
    "SymmetricVecNormalize",
    "TensorStep",
    "TensorVecEnv",
    "register_vec_env_maker",
    "vec_env_maker",
]
