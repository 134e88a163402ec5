import numpy as np
import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.ppo.update import PolicyUpdate
from tests.ppo.worlds import ACTIONS, OBSERVATIONS, evaluated_parts, make_equivariant, random_worlds


def trained(policy="MlpLstmPolicy", env=None, n_steps=12, updates=2, **kwargs):
    model = MemAugRecurrentPPO(
        policy,
        env or random_worlds(3),
        n_steps=n_steps,
        n_epochs=1,
        seed=0,
        **{"policy_kwargs": {"lstm_hidden_size": 8}, **kwargs},
    )
    return model.learn(n_steps * model.n_envs * updates)


def test_loss_on_the_mirrored_part_equals_that_on_the_originals_for_an_equivariant_policy():
    model = trained(learning_rate=0.0, policy_kwargs={"lstm_hidden_size": 8}, updates=1)
    make_equivariant(model.policy, OBSERVATIONS["vector"][1], ACTIONS["box"][1])
    model.learn(12 * 3 * 3)
    (part,) = evaluated_parts(model)
    evaluation = part.evaluation
    th.testing.assert_close(evaluation.values[:, 1], evaluation.values[:, 0], atol=1e-5, rtol=0)
    th.testing.assert_close(evaluation.log_prob[:, 1], evaluation.log_prob[:, 0], atol=1e-5, rtol=0)
    log = {name: value.item() for name, value in PolicyUpdate(model).loss(part)[1].items()}
    assert log["mirror_value_loss"] == pytest.approx(log["value_loss"], abs=1e-4)
    assert log["mirror_policy_gradient_loss"] == pytest.approx(log["policy_gradient_loss"], abs=1e-4)
    assert log["mirror_asymmetry"] == pytest.approx(0, abs=1e-10)
    assert log["mirror_log_ratio"] == pytest.approx(0, abs=1e-4)


def test_a_policy_that_is_not_equivariant_shows_in_the_log():
    model = trained()
    model.train()
    log = model.logger.name_to_value
    assert log["train/mirror_equivariance_error"] > 1e-3
    assert log["train/mirror_first_ratio"] > 1.001
    assert log["train/mirror_value_loss"] != log["train/value_loss"]
    assert {name for name in log if name.startswith("train/mirror_")} == {
        f"train/mirror_{name}"
        for name in (
            "policy_gradient_loss",
            "value_loss",
            "approx_kl",
            "clip_fraction",
            "first_ratio",
            "equivariance_error",
        )
    }


def test_images_share_the_targets_of_their_originals_and_all_weigh_the_same():
    model = trained(learning_rate=0.0, normalize_advantage=False, vf_coef=0.7)
    (part,) = evaluated_parts(model)
    evaluation, targets = part
    assert evaluation.values.shape == (36, 2)
    ratio = (evaluation.log_prob - targets.log_prob[:, None]).exp()
    advantages = targets.advantages[:, None]
    policy_loss = -th.min(advantages * ratio, advantages * ratio.clamp(0.8, 1.2)).mean()
    value_loss = ((targets.returns[:, None] - evaluation.values) ** 2).mean()
    loss, _ = PolicyUpdate(model).loss(part)
    th.testing.assert_close(loss, policy_loss + 0.7 * value_loss)


def test_mirror_loss_pulls_the_mirrored_mean_towards_the_mirror_of_the_mean_and_not_back():
    plain, pulled = (trained(learning_rate=0.0, mirror_loss_coef=c) for c in (0.0, 2.0))
    (part,) = evaluated_parts(plain)
    means = part.evaluation.action_mean
    expected = ((means[:, 1] - means[:, 0].detach().flip(-1)) ** 2).mean()
    difference = PolicyUpdate(pulled).loss(part)[0] - PolicyUpdate(plain).loss(part)[0]
    th.testing.assert_close(difference, 2.0 * expected)
    (gradient,) = th.autograd.grad(difference, means, retain_graph=True)
    assert (gradient[:, 0] == 0).all()
    assert (gradient[:, 1] != 0).any()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_every_space_trains_with_mirrors(observation, action):
    policy = {"image": "CnnLstmPolicy", "dict": "MultiInputLstmPolicy"}.get(observation, "MlpLstmPolicy")
    model = trained(policy, random_worlds(2, observation=observation, action=action), n_steps=4, mirror_loss_coef=1.0)
    assert model.group_size == 2
    assert all(th.isfinite(parameter).all() for parameter in model.policy.parameters())


def test_orbit_rows_hold_a_sample_beside_its_image():
    model = trained()
    observations = th.arange(8.0).reshape(2, 4)
    orbit = model.augmentation.observation_orbit(observations)
    assert orbit.tolist() == [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [4, 5, 6, 7],
        [5, 4, 7, 6],
    ]


def test_minibatches_hold_every_step_once():
    model = trained(n_steps=10, n_minibatches=2, learning_rate=0.0)
    minibatches = list(model._minibatches())
    assert len(minibatches) == 2
    returns = np.sort(np.concatenate([part.targets.returns.numpy() for part in evaluated_parts(model)]))
    np.testing.assert_array_equal(returns, np.sort(model.rollout_buffer.returns.numpy().ravel()))


@pytest.mark.parametrize("kwargs", [{}, {"symmetry": False}, {"mirror_loss_coef": 1.0, "sequence_length": 5}])
def test_gradients_and_log_do_not_depend_on_the_number_of_parts(kwargs, monkeypatch):
    model = trained(learning_rate=0.0, max_grad_norm=1e9, **kwargs)
    found = []
    for n_parts in (1, 3):
        monkeypatch.setattr("sb3_memaug.ppo.memaug_ppo.num_chunks", lambda *_, n=n_parts: n)
        assert [len(list(m.parts)) for m in model._minibatches()] == [n_parts]
        model.train()
        log = {name: value for name, value in model.logger.name_to_value.items() if name.startswith("train/")}
        found.append(([p.grad.clone() for p in model.policy.parameters()], log))
    (whole, log), (in_parts, log_of_parts) = found
    for a, b in zip(whole, in_parts, strict=True):
        th.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)
    del log["train/n_updates"]
    assert log == {name: pytest.approx(log_of_parts[name], rel=1e-4, abs=1e-6) for name in log}
