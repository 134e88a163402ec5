"""The algorithms: PPO over minibatches that hold each sample beside its mirror images, with and without a memory."""

from sb3_memaug.ppo.memaug_ppo import MemAugRecurrentPPO
from sb3_memaug.ppo.symmetric_ppo import SymmetricPPO

__all__ = ["MemAugRecurrentPPO", "SymmetricPPO"]
