"""PPO with mirrored minibatches and no memory."""

from sb3_memaug.sym_ppo.sym_ppo import SymmetricPPO

__all__ = ["SymmetricPPO"]
