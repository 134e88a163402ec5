import pytest
import torch as th
from stable_baselines3.common.buffers import RolloutBuffer

from sb3_memaug import SymmetricPPO
from tests.ppo.worlds import ACTIONS, OBSERVATIONS, evaluated_parts, random_worlds


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_every_space_trains_with_mirrors(observation, action):
    policy = {"image": "CnnPolicy", "dict": "MultiInputPolicy"}.get(observation, "MlpPolicy")
    env = random_worlds(2, observation=observation, action=action)
    model = SymmetricPPO(policy, env, n_steps=4, batch_size=8, n_epochs=1, mirror_loss_coef=1.0).learn(16)
    assert all(th.isfinite(parameter).all() for parameter in model.policy.parameters())


def test_images_are_evaluated_beside_their_originals():
    model = SymmetricPPO("MlpPolicy", random_worlds(2), n_steps=8, batch_size=16, learning_rate=0.0).learn(16)
    ((evaluation, targets),) = evaluated_parts(model)
    assert evaluation.values.shape == (16, 2)
    th.testing.assert_close(evaluation.log_prob[:, 0], targets.log_prob)
    batch = next(model.rollout_buffer.get(16))
    mirror = model.symmetry_group["left_right"]
    values, log_prob, _ = model.policy.evaluate_actions(
        mirror.apply_observation(batch.observations), mirror.apply_action(batch.actions)
    )
    order = th.argsort(targets.log_prob), th.argsort(batch.old_log_prob)
    th.testing.assert_close(evaluation.values[order[0], 1], values.flatten()[order[1]])
    th.testing.assert_close(evaluation.log_prob[order[0], 1], log_prob[order[1]])


def test_a_buffer_that_holds_no_tensors_is_refused():
    with pytest.raises(ValueError, match="subclass of TensorRolloutBuffer, got RolloutBuffer"):
        SymmetricPPO("MlpPolicy", random_worlds(2), rollout_buffer_class=RolloutBuffer)
