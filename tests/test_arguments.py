"""Arguments that make no sense are refused, with what is allowed and what came."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize, check_symmetry
from sb3_memaug.arguments import (
    ALGORITHM,
    COUNT,
    FLAG,
    FRACTION,
    RECURRENT_ALGORITHM,
    SEED,
    Allowed,
    as_number,
    as_pair,
    checks_arguments,
)
from sb3_memaug.envs.rower import Rower
from sb3_memaug.envs.tasks import PositionTask, VelocityTask
from sb3_memaug.symmetry import Term, Tolerances
from tests.ppo.worlds import random_worlds

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("allowed", "value", "expected"),
    [
        (FRACTION, np.float32(0.5), 0.5),
        (FRACTION, 1, 1),
        (FRACTION, np.int8(0), 0),
        (FRACTION, Fraction(1, 4), 0.25),
        (COUNT, np.int64(4), 4),
        (COUNT, 16.0, 16),
        (COUNT, th.tensor(16), 16),
        (COUNT, np.float64(16.0), 16),
        (COUNT, 2**70, 2**70),
        (SEED, None, None),
        (FLAG, True, True),
        (FLAG, np.bool_(False), False),
        (FLAG, 1, True),
        (Allowed(0, infinite=True), INF, INF),
        (Allowed(0, above=True), 1e-300, 1e-300),
    ],
)
def test_numbers_come_out_as_pythons_own(allowed, value, expected):
    got = allowed.check("x", value)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("allowed", "value", "message"),
    [
        (FLAG, "no", "`x` must be True or False, got 'no'"),
        (FLAG, 2, "`x` must be True or False, got 2"),
        (FLAG, None, "`x` must be True or False, got None"),
        (FRACTION, 1.5, "`x` must lie between 0 and 1, got 1.5"),
        (FRACTION, NAN, "`x` must lie between 0 and 1, got nan"),
        (FRACTION, True, "`x` must lie between 0 and 1, got True"),
        (COUNT, 0, "`x` must be a whole number and must be at least 1, got 0"),
        (COUNT, 3.7, "`x` must be a whole number and must be at least 1, got 3.7"),
        (COUNT, INF, "`x` must be a whole number and must be at least 1, got inf"),
        (COUNT, "4", "`x` must be a whole number and must be at least 1, got '4'"),
        (COUNT, None, "`x` must be a whole number and must be at least 1, got None"),
        (SEED, -1, "`x` must be a whole number and must lie between 0 and 4.29497e\\+09, or be None, got -1"),
        (Allowed(0), -1, "`x` must not be negative, got -1"),
        (Allowed(0), INF, "`x` must be finite and must not be negative, got inf"),
        (Allowed(0), 10**400, "`x` must be finite and must not be negative, got 1000"),
        (Allowed(0, above=True), 0, "`x` must be positive, got 0"),
        (Allowed(0, above=True, or_none=True), np.nan, "`x` must be positive, or be None, got nan"),
        (
            Allowed(0, or_schedule=True),
            "x",
            "`x` must not be negative, or be a function of the remaining progress, got",
        ),
        (Allowed(), NAN, "`x` must be finite, got nan"),
        (Allowed(), np.array([1.0, 2.0]), r"`x` must be finite, got array"),
        (Allowed(), th.tensor(1.0), r"`x` must be finite, got tensor"),
        (
            Allowed(0, or_schedule=True),
            lambda p: p - 0.7,
            "`x` must not be negative at any remaining progress .* got -0.19",
        ),
        (Allowed(0, or_schedule=True), lambda p: NAN, "`x` must not be negative at any .* got nan at 1"),
        (Allowed(0, or_schedule=True), lambda p: "high", "`x` must not be negative at any .* got nan at 1"),
    ],
)
def test_others_are_refused(allowed, value, message):
    with pytest.raises(ValueError, match=message):
        allowed.check("x", value)


def test_a_schedule_may_end_where_a_number_may_not_stand():
    clip_range = ALGORITHM["clip_range"]

    def falls(progress):
        return 0.2 * progress

    assert clip_range.check("clip_range", falls) is falls
    with pytest.raises(ValueError, match="must be positive"):
        clip_range.check("clip_range", 0.0)


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        ((1, 2.5), (1, 2.5)),
        ([np.float32(1), 2], (1.0, 2)),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        ((1, 2, 3), None),
        ((1, None), None),
        ("12", None),
        (np.array(1.0), None),
        (np.ones((2, 2)), None),
        ({1, 2}, None),
        (1.0, None),
        ([[1], [2, 3]], None),
    ],
)
def test_pairs(value, pair):
    assert as_pair(value) == pair


def test_true_is_no_number():
    assert as_number(True) is as_number(np.True_) is as_number("1") is as_number(1j) is None


def test_arguments_are_checked_by_name_however_they_are_given():
    @checks_arguments({"n": COUNT})
    def make(name, n=3, *more, **others):
        """Make it."""
        return name, n, more, others

    assert make("a", 4.0, 5.5, m=-1) == ("a", 4, (5.5,), {"m": -1})
    assert make("a") == ("a", 3, (), {})
    assert make.__doc__ == "Make it."
    with pytest.raises(ValueError, match="`n` must"):
        make("a", n=0)
    with pytest.raises(TypeError, match="name"):
        make()


@pytest.mark.parametrize(
    ("algorithm", "table", "policy"),
    [(MemAugRecurrentPPO, RECURRENT_ALGORITHM, "MlpLstmPolicy"), (SymmetricPPO, ALGORITHM, "MlpPolicy")],
)
def test_every_number_of_an_algorithm_is_checked_before_anything_is_made(algorithm, table, policy):
    for name in table:
        for value in ("much", NAN, -2, [1]):
            if (name, value) in (("n_minibatches", -2), ("sequence_length", -2)):
                continue  # by the environments, and after them
            with pytest.raises(ValueError, match=f"`{name}` must"):
                algorithm(policy, None, **{name: value})


def test_numbers_of_numpy_train():
    settings = {
        "n_steps": np.int64(8),
        "batch_size": np.int32(16),
        "n_epochs": np.int64(1),
        "learning_rate": np.float32(1e-3),
        "clip_range": np.float32(0.2),
        "gamma": np.float64(0.9),
        "ent_coef": 0,
        "seed": np.int64(3),
        "device": "cpu",
    }
    SymmetricPPO("MlpPolicy", random_worlds(4), **settings).learn(32)
    MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(4), n_minibatches=2.0, **settings).learn(32)


@pytest.mark.parametrize(
    "arguments",
    [
        {"clip_obs": -1.0},
        {"clip_reward": 0.0},
        {"gamma": 2},
        {"epsilon": NAN},
        {"epsilon": 0.0},
        {"clip_obs": "much"},
        {"norm_obs": "no"},
        {"training": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [random_worlds, Rower], ids=["arrays", "tensors"])
def test_a_normalizer_refuses_them_too(make, arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}` must"):
        SymmetricVecNormalize(make(4), **arguments)
    SymmetricVecNormalize(make(4), clip_obs=INF, clip_reward=np.float32(5), gamma=1, epsilon=1e-12)


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (Rower, {"num_envs": 0}),
        (Rower, {"num_envs": 2.5}),
        (Rower, {"probability": NAN}),
        (Rower, {"probability": True}),
        (Rower, {"seed": -1}),
        (VelocityTask, {"speed": (0.3, INF)}),
        (VelocityTask, {"speed": 0.5}),
        (VelocityTask, {"speed": (0.1, 0.2, 0.3)}),
        (VelocityTask, {"heading": -0.1}),
        (VelocityTask, {"heading_gain": NAN}),
        (VelocityTask, {"weights": {"velocity_progress": INF}}),
        (PositionTask, {"radius": "far"}),
        (PositionTask, {"radius": (0.0, INF)}),
        (PositionTask, {"duration": INF}),
        (PositionTask, {"window": "3"}),
        (Tolerances, {"mass": NAN}),
        (Tolerances, {"mass": "heavy"}),
        (Tolerances, {"mass": True}),
        (Tolerances, {"position": 0}),
    ],
    ids=str,
)
def test_environments_and_tolerances_refuse_them_too(make, arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}"):
        make(**arguments)


def test_numbers_that_were_allowed_still_are():
    assert Rower(np.int64(4), probability=np.float32(0.5), seed=2**40).num_envs == 4
    assert VelocityTask(speed=[0.2, 0.2]).speed == (0.2, 0.2)
    assert PositionTask(radius=np.array([0.0, 1.0])).radius == (0.0, 1.0)
    assert Tolerances(mass=math.inf, limits=np.float32(0.1)).mass == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_symmetry(None, n_states="a"), "`n_states` must be a whole number, got 'a'"),
        (lambda: check_symmetry(None, steps=3), "`steps` must be a list, got 3"),
        (lambda: check_symmetry(None, steps=(1, "b")), "each of `steps` must be a whole number, got 'b'"),
        (lambda: check_symmetry(None, tolerance="small"), "`tolerance` must be finite, got 'small'"),
        (lambda: check_symmetry(None, seed=-1), "`seed` must be a whole number .* got -1"),
        (lambda: Term("v", "vector", 3).transform("x"), "term 'v' is transformed by a Reflection, got 'x'"),
        (lambda: SymmetricVecNormalize(None), r"wraps a VecEnv, such as DummyVecEnv\(\[make_env\]\), got None"),
        (lambda: SymmetricVecNormalize("Ant-v5"), "got 'Ant-v5'"),
    ],
)
def test_arguments_of_another_type_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
