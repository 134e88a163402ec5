"""What rl_zoo3 has to be told of this library."""

from sb3_memaug.zoo.register import OURS, register

__all__ = ["OURS", "register"]
