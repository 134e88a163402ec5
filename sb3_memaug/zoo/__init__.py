"""This library in rl_zoo3: algorithms, settings, search ranges."""

from sb3_memaug.zoo.register import register

__all__ = ["register"]
