"""Policies are evaluated in Isaac Lab's simulation, beside a training and by themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch as th

from sb3_memaug.envs.isaaclab.registration import make_vec_env
from sb3_memaug.evaluation import evaluate_generalization
from sb3_memaug.evaluation.generalization import SplitEvaluator
from sb3_memaug.evaluation.recorders import record_trajectories
from sb3_memaug.evaluation.trials import Trial, open_trials

from .simulated import FILES

#: Control steps of 0.02 s.
STEPS = 5


class Kicks:
    """A policy that moves all motors by the same amount."""

    def __init__(self, amount=0.5):
        self.amount = amount

    def predict(self, observations, state=None, episode_start=None, deterministic=True):
        return np.full((len(observations), 12), self.amount, np.float32), state


def short_task(task):
    """Id and arguments of a task whose episodes are short, without noise."""
    pytest.importorskip("isaaclab")
    if not FILES["AnymalD"].is_file():
        pytest.skip("example-robot-data is not installed")
    kwargs = {"robot": FILES["AnymalD"], "device": "cpu", "randomize": False, "episode_length_s": 0.02 * STEPS}
    return f"MemAug/{task}-v0", kwargs


@pytest.fixture
def training():
    """Eight environments in which a position is to be reached under a payload, as a training has them."""
    env_id, env_kwargs = short_task("AnymalD-Position-Payload")
    env = make_vec_env(env_id, 8, seed=0, **env_kwargs)
    yield env
    env.close()


def test_mirrored_episodes_start_alike_and_end_where_they_end(training):
    with open_trials("MemAug/AnymalD-Position-Payload-v0", simulation=training) as trials:
        assert [variation.label for variation in trials.variations] == [
            "none", "payload_front_left", "payload_front_right", "payload_back_left", "payload_back_right"
        ]  # fmt: skip
        assert [variation.place for variation in trials.variations] == [
            "", "front left", "front right", "back left", "back right"
        ]  # fmt: skip
        assert trials.capacity == 8
        chosen = [Trial(trials.variations[0], seed, mirror) for seed in (3, 4) for mirror in trials.mirrors[:2]]
        outcomes = trials.run(Kicks(0.0), chosen)
        again = trials.run(Kicks(0.0), chosen)
        with pytest.raises(ValueError, match=r"at most 8 trials .* got 9"):
            trials.run(Kicks(), [chosen[0]] * 9)
    assert [outcome.length for outcome in outcomes] == [STEPS] * 4
    distances = [outcome.distance for outcome in outcomes]
    # The same way to go for mirror images, from the same seed.
    assert distances[0] == pytest.approx(distances[1], abs=1e-3)
    assert distances[2] == pytest.approx(distances[3], abs=1e-3)
    assert abs(distances[0] - distances[2]) > 0.1
    assert distances == pytest.approx([outcome.distance for outcome in again], abs=1e-3)


def test_evaluation_leaves_a_training_as_it_was(training):
    th.manual_seed(5)
    before = th.get_rng_state(), np.random.get_state()[1].tolist()
    with SplitEvaluator("MemAug/AnymalD-Position-Payload-v0", 4, simulation=training) as evaluator:
        returns = evaluator.mean_returns(Kicks())
    assert list(returns) == ["none", "id", "ood"]
    assert all(map(math.isfinite, returns.values()))
    assert th.equal(before[0], th.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()
    # It is not closed, resets by itself and without options.
    training.reset()
    for _ in range(2 * STEPS):
        training.step_tensors(th.zeros(8, 12))
    assert (training.env.unwrapped.episode_length_buf < STEPS).all()
    payloads = training.env.unwrapped.extras["payload"]
    assert (payloads[:, 0] >= 20).all()


def test_paths_lead_through_the_environment_of_each_episode():
    env_id, env_kwargs = short_task("AnymalD-Position-JointFailure")
    paths = record_trajectories(Kicks(), env_id, "kicks", 0, env_kwargs=env_kwargs)
    assert sorted(column for column in paths if column.startswith("contact_")) == [
        f"contact_{leg}_FOOT" for leg in ("LF", "LH", "RF", "RH")
    ]
    assert paths["time"].max() <= 0.02 * STEPS + 1e-9
    first = paths.groupby("variation").first()
    assert (first[["x", "y"]].abs() < 1).all().all()
    # All start alike, and go to the same place.
    assert first[["target_x", "target_y"]].round(4).nunique().tolist() == [1, 1]
    away = np.hypot(first["target_x"] - first["x"], first["target_y"] - first["y"])
    assert away.between(0.9, 5.1).all()


def test_every_joint_may_fail_and_all_episodes_run_together():
    env_id, env_kwargs = short_task("AnymalD-Velocity-JointFailure")
    results = list(evaluate_generalization(Kicks(), env_id, "kicks", 4, env_kwargs=env_kwargs))
    variations = [result.variation for result in results[::4]]
    assert [result.split for result in results[::4]] == ["none"] + ["id"] * 3 + ["ood"] * 9
    assert variations[:4] == ["none", "LF_HAA", "LF_HFE", "LF_KFE"]
    assert len(set(variations)) == 13
    assert [result.mirror for result in results[:4]] == [
        "identity",
        "left_right",
        "front_back",
        "left_right*front_back",
    ]
    assert all(math.isfinite(result.episode_return) and 1 <= result.length <= STEPS for result in results)
    assert all(result.air_time is not None and result.distance is None for result in results)


@pytest.mark.parametrize(
    ("robot", "places"),
    [
        ("AnymalD", ["front left"] * 3 + ["front right"] * 3 + ["back left"] * 3 + ["back right"] * 3),
        ("G1", ["left"] * 3 + ["right"] * 3),
    ],
)
def test_joints_have_places_by_the_geometry_of_the_robot(robot, places):
    env_id, env_kwargs = short_task("AnymalD-Velocity-JointFailure")
    with open_trials(env_id.replace("AnymalD", robot), {**env_kwargs, "robot": FILES[robot]}) as trials:
        assert [variation.place for variation in trials.variations] == ["", *places]
