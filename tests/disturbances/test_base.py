"""What all disturbances share, and that they need no simulator."""

import numpy as np
import pytest

from sb3_memaug.disturbances.base import each_of
from sb3_memaug.disturbances.joint_failure import JointFailures
from sb3_memaug.disturbances.payload import NO_LOAD, Payloads
from sb3_memaug.symmetry import Reflection
from sb3_memaug.symmetry.terms import vector_transform

SAGITTAL = Reflection("sagittal", {"hip_l": ("hip_r", -1), "hip_r": ("hip_l", -1)})
SECTIONS = [{"x": (0.0, 0.2), "y": (0.0, 0.1)}, {"x": (-0.2, 0.0), "y": (0.0, 0.1)}]


def test_an_option_has_one_value_for_all_or_one_for_each():
    assert each_of({}, "payload", 2) is None
    assert each_of({"payload": None}, "payload", 2) == [None, None]
    assert each_of({"payload": {"mass": 1}}, "payload", 2) == [{"mass": 1}] * 2
    assert each_of({"payload": [None, 3]}, "payload", 2) == [None, 3]
    with pytest.raises(
        ValueError, match=r"options\['payload'\] must be a list with one entry for each of 2, got \[3\]"
    ):
        each_of({"payload": [3]}, "payload", 2)


def test_failures_are_drawn_in_an_order_that_seeds_rely_on():
    failures = JointFailures(
        ["hip_l", "hip_r"], probability=0.7, strength=(0.1, 0.5), onset=(0.0, 1.0), duration=(0.5, 1.0), dt=0.1
    )
    for seed in range(20):
        drawn, rng = failures.draw(np.random.default_rng(seed), None), np.random.default_rng(seed)
        if rng.random() >= 0.7:
            assert drawn is None
            continue
        motor, strength = int(rng.integers(2)), rng.uniform(0.1, 0.5)
        start = round(rng.uniform(0, 1) / 0.1)
        assert drawn.motors == (motor,)
        assert drawn.strength.tolist() == [strength if i == motor else 1.0 for i in range(2)]
        assert (drawn.start, drawn.end) == (start, start + max(1, round(rng.uniform(0.5, 1.0) / 0.1)))


def test_payloads_are_drawn_in_an_order_that_seeds_rely_on():
    payloads = Payloads((1.0, 2.0), sections=SECTIONS, z=0.3, probability=0.7)
    for seed in range(20):
        drawn, rng = payloads.draw(np.random.default_rng(seed), None), np.random.default_rng(seed)
        if rng.random() >= 0.7:
            assert drawn is None
            continue
        area = SECTIONS[int(rng.integers(2))]
        mass, x, y = (rng.uniform(*ends) for ends in ((1.0, 2.0), area["x"], area["y"]))
        assert dict(drawn) == {"mass": mass, "x": x, "y": y, "z": 0.3}


def test_what_is_decided_is_not_drawn():
    failures, payloads = JointFailures(["hip_l", "hip_r"]), Payloads(1.0, 0.0, 0.0, z=0.5)
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert failures.draw(rng, failures.decide(None)) is None
    assert failures.draw(rng, failures.decide(("hip_r", "hip_l"))).motors == (0, 1)
    assert payloads.decide(None) == NO_LOAD
    assert payloads.draw(rng, payloads.decide(None)) is None
    load = payloads.draw(rng, payloads.decide({"mass": 3, "x": 1, "y": 2}))
    assert dict(load) == {"mass": 3, "x": 1, "y": 2, "z": 0.5}
    assert rng.bit_generator.state == before


def test_their_numbers_have_mirror_images():
    failures, payloads = JointFailures(["hip_l", "hip_r"]), Payloads(1.0, 0.0, 0.0)
    assert np.abs(vector_transform(failures.terms, SAGITTAL).apply(np.array([1.0, 0.0]))).tolist() == [0, 1]
    mirrored = vector_transform(payloads.terms, SAGITTAL).apply(np.array([2.0, 0.1, 0.2, 0.3]))
    assert mirrored.tolist() == [2.0, 0.1, -0.2, 0.3]
