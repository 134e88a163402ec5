"""Real, short trainings on the minitaur."""

import numpy as np
import pytest
import torch as th
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

from sb3_memaug import MemAugRecurrentPPO

SETTINGS = {
    "n_steps": 24,
    "n_minibatches": 4,
    "n_epochs": 4,
    "gamma": 0.97,
    "learning_rate": 1e-3,
    "desired_kl": 0.015,
    "ent_coef": 0.003,
    "max_grad_norm": 1.0,
    "mirror_loss_coef": 1.0,
    "policy_kwargs": {
        "lstm_hidden_size": 64,
        "shared_lstm": True,
        "enable_critic_lstm": False,
        "lstm_skip_connection": True,
        "net_arch": [64, 64],
        "activation_fn": th.nn.ELU,
        "log_std_init": -0.7,
    },
}


class Returns(BaseCallback):
    """Returns of all episodes, in the order in which they ended."""

    def _init_callback(self):
        self.returns = []

    def _on_step(self):
        self.returns += [info["episode"]["r"] for info in self.locals["infos"] if "episode" in info]
        return True


@pytest.mark.slow
@pytest.mark.parametrize(("simulator", "module"), [("", "pybullet"), ("-MuJoCo", "mujoco")])
def test_the_return_rises(simulator, module):
    pytest.importorskip(module)
    env = make_vec_env(f"sb3_memaug:MemAug/MinitaurVelocityJointFailure{simulator}-v0", 64, seed=0)
    returns = Returns()
    MemAugRecurrentPPO("MlpLstmPolicy", env, seed=0, device="cpu", **SETTINGS).learn(90_000, callback=returns)
    env.close()
    first, last = np.mean(returns.returns[:100]), np.mean(returns.returns[-100:])
    assert last > first + 25, f"{first:.1f} at first, {last:.1f} at last, of {len(returns.returns)} episodes"
