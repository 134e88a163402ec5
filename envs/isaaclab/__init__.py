"""Isaac Lab: its environments for this library's algorithms, and how they look in the mirror."""

from . import robot  # noqa: F401, which registers itself
from .registration import register_isaaclab_envs

__all__ = ["register_isaaclab_envs"]
