"""Without a symmetry group the algorithm is SB3's PPO."""

import pytest
import torch as th
from stable_baselines3 import PPO

from sb3_memaug import SymmetricPPO
from tests.ppo.worlds import ACTIONS, random_worlds


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "multibinary"])
@pytest.mark.parametrize("observation", ["vector", "dict"])
@pytest.mark.parametrize("kwargs", [{}, {"clip_range_vf": 0.1, "target_kl": 0.001}], ids=str)
def test_training_is_equal(observation, action, kwargs):
    models = []
    for algorithm, extra in ((PPO, {}), (SymmetricPPO, {"symmetry": False})):
        policy = "MultiInputPolicy" if observation == "dict" else "MlpPolicy"
        env = random_worlds(3, symmetric=False, observation=observation, action=action)
        model = algorithm(policy, env, n_steps=10, batch_size=15, n_epochs=2, seed=3, **kwargs, **extra)
        models.append(model.learn(90))
    theirs, ours = (model.policy.state_dict() for model in models)
    for name in theirs:
        th.testing.assert_close(theirs[name], ours[name], atol=1e-5, rtol=1e-4)
