"""Recurrent PPO with symmetry-guided memory augmentation."""

from sb3_memaug.memaug_ppo.memaug_ppo import MemAugRecurrentPPO

__all__ = ["MemAugRecurrentPPO"]
