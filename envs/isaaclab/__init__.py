"""Isaac Lab: its environments for this library's algorithms, and how they look in the mirror."""

from . import make_vec_env as _make_vec_env  # noqa: F401, which registers it
from .registration import register_isaaclab_envs

__all__ = ["register_isaaclab_envs"]
