"""What rl_zoo3 has to be told of this library."""

from sb3_memaug.zoo.register import register

__all__ = ["register"]
