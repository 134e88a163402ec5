"""Arguments of other types are refused by the constructors, in their own words."""

from __future__ import annotations

import numpy as np
import pytest
import torch as th

from sb3_memaug.symmetry import (
    ImageFlip,
    LabelPermutation,
    Mirror,
    Reflection,
    SignedPermutation,
    SymmetryGroup,
    Term,
    Tolerances,
    derive_symmetry,
    group_of_terms,
)
from sb3_memaug.symmetry.arguments import shown

from ..fuzz.mutations import DEEP, Unshowable
from ..pictures.robots import two_arms

SWAP = SignedPermutation([1, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SignedPermutation(3), r"`permutation` must be a list, got 3"),
        (lambda: SignedPermutation("10"), r"`permutation` must be a list, got '10'"),
        (lambda: SignedPermutation([0.5, 1]), r"each of `permutation` must be a whole number, got 0.5"),
        (lambda: SignedPermutation([True, False]), r"each of `permutation` must be a whole number, got True"),
        (lambda: SignedPermutation([[0], [1]]), r"each of `permutation` must be a whole number"),
        (lambda: SignedPermutation([1, 0], "ab"), r"`signs` must be a list"),
        (lambda: SignedPermutation([1, 0], [1, None]), r"each of `signs` must be a whole number, got None"),
        (lambda: SignedPermutation([1, 0], offset=[1, "a"]), r"each of `offset` must be a finite number, got 'a'"),
        (lambda: SignedPermutation([0], offset=[10**400]), r"each of `offset` must be a finite number"),
        (lambda: SignedPermutation.concatenate([SWAP, 3]), r"expected a SignedPermutation of each stretch, got 3"),
        (lambda: SWAP.apply([1, 2]), r"expected an array whose last axis has 2 entries, got \[1, 2\]"),
        (lambda: LabelPermutation(3), r"`labels` must be a list, got 3"),
        (lambda: LabelPermutation({0: 1, 1: 0}), r"`labels` must be a list"),
        (lambda: LabelPermutation([]), r"`labels` must hold each label"),
        (lambda: LabelPermutation([[0, 1], 3]), r"`labels` must be a list, got 3"),
        (lambda: LabelPermutation([0, "a"]), r"each of `labels` must be a whole number, got 'a'"),
        (lambda: LabelPermutation([1, 0]).apply(np.array([0, 2])), r"expected labels of components with \[2\] labels"),
        (lambda: SignedPermutation.identity("a"), r"`size` must be a whole number, got 'a'"),
        (lambda: Mirror(SWAP, SWAP) @ SWAP, r"a mirror is composed with another, got SignedPermutation"),
        (lambda: ImageFlip("left"), r"`horizontal` must be True or False, got 'left'"),
        (lambda: ImageFlip(True).apply(np.zeros(3)), r"expected images .* got shape \(3,\)"),
        (lambda: Mirror([1, 0], SWAP), r"`observation` that is no transform must be a mapping by names, got \[1, 0\]"),
        (lambda: Mirror({"a": 3}, SWAP), r"`observation`, key 'a', must be a transform.*got 3"),
        (lambda: Mirror({1: SWAP}, SWAP), r"each name in `observation`.* must be a text, got 1"),
        (lambda: Mirror(SWAP, None), r"`action` must be a transform.*got None"),
        (lambda: SymmetryGroup([Mirror(SWAP, SWAP)]), r"a symmetry group's mirrors must be a mapping by names"),
        (lambda: SymmetryGroup({"left_right": SWAP}), r"mirror 'left_right' must be a Mirror\(observation, action\)"),
        (lambda: SymmetryGroup({"m": Mirror(SWAP, SWAP)})["n"], r"no element 'n', only identity, m"),
        (lambda: Mirror({"a": SWAP}, SWAP).apply_observation(np.zeros((3, 2))), r"the keys \['a'\], got ndarray"),
        (lambda: Term(3, "vector", 3), r"`name` of a term must be a text, got 3"),
        (lambda: Term("v", ["vector"], 3), r"`kind` must be one of .*, got \['vector'\]"),
        (lambda: Term("v", "vector", "3"), r"term 'v': `size` must be a whole number, got '3'"),
        (lambda: Term("v", "vector", 3 * 2**40), r"at most 1000000 entries"),
        (lambda: Term("v", "joints", 2, "ab"), r"term 'v': `names` must be a list, got 'ab'"),
        (lambda: Term("v", "joints", 2, ["a", 1]), r"each of term 'v': `names` must be a text, got 1"),
        (lambda: Term("v", "grid", 6, shape=3), r"term 'v': `shape` must be a list, got 3"),
        (lambda: Term("v", "grid", 6, shape=(2, 1.5)), r"`shape` must be a whole number, got 1.5"),
        (lambda: Term("v", "grid", 6, shape=(-2, -3)), r"no empty dimension"),
        (lambda: group_of_terms({"m": "sagittal"}, [], []), r"reflection 'm' must be a Reflection, got 'sagittal'"),
        (lambda: group_of_terms({"m": Reflection("sagittal")}, ["a"], []), r"expected a Term, got 'a'"),
        (lambda: Reflection(3), r"`plane` must be one of .*, got 3"),
        (lambda: Reflection("sagittal", ["a"]), r"`joints` must be a mapping by names, got \['a'\]"),
        (lambda: Reflection("sagittal", {"a": 3}), r"'a' needs a partner and a sign.*got 3"),
        (lambda: Reflection("sagittal", {"a": (["a"], 1)}), r"the partner of 'a' in `joints` must be a text"),
        (lambda: Reflection("sagittal", {"a": ("a", "+")}), r"the sign of 'a' in `joints` must be a whole number"),
        (lambda: Reflection("sagittal", feet={"a": ["a"]}), r"the partner of 'a' in `feet` must be a text"),
        (lambda: Reflection("sagittal", pose={"a": "b"}), r"'a' in `pose` must be a finite number, got 'b'"),
        (lambda: Reflection("sagittal", neutral={"a": float("nan")}), r"'a' in `neutral` must be a finite number"),
        (lambda: Tolerances(mass="much"), r"tolerance `mass` must be positive, got 'much'"),
        (lambda: Tolerances(mass=True), r"tolerance `mass` must be positive, got True"),
        (lambda: Tolerances(strict=1), r"`strict` must be True or False, got 1"),
        (lambda: derive_symmetry(two_arms(), locked="left"), r"`locked` must be a list, got 'left'"),
        (lambda: derive_symmetry(two_arms(), locked=["("]), r"`locked` holds '\(', which is no regular expression"),
        (lambda: derive_symmetry(two_arms(), pose={"left": "a"}), r"the angle of 'left' in `pose` must be a finite"),
        (lambda: derive_symmetry(two_arms(), tolerances={"mass": 1}), r"`tolerances` must be Tolerances\(…\)"),
        (lambda: derive_symmetry(two_arms(), feet="left"), r"`feet` must be a list, got 'left'"),
        (lambda: SignedPermutation([DEEP]), r"whole number, got an object of type list"),
        (lambda: Term("v", Unshowable(), 3), r"got an object of type Unshowable"),
    ],
)
def test_what_is_of_another_type_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_counts_as_the_same_is_taken():
    same = SignedPermutation([1, 0], [1, -1], [0.5, 0.0])
    assert SignedPermutation(np.array([1.0, 0.0]), np.array([1.0, -1.0]), np.array([0.5, 0], np.float32)) == same
    assert SignedPermutation(th.tensor([1, 0]), range(1, -2, -2), (0.5, 0)) == same
    assert LabelPermutation(th.tensor([[1, 0], [0, 1]])) == LabelPermutation(np.array([[1, 0], [0, 1]]))
    assert LabelPermutation(th.tensor([1, 0])) == LabelPermutation((1, 0)) != LabelPermutation([[1, 0]])
    assert ImageFlip(np.bool_(True)) == ImageFlip(True)
    assert Term("v", "joints", np.int64(2), iter(["a", "b"])) == Term("v", "joints", 2, ("a", "b"))
    assert Reflection("sagittal", {"a": ["a", np.int64(-1)]}, pose={"a": 2**63}).joint_position_map(["a"]).signs == (
        -1,
    )
    assert Tolerances(mass=np.float32(0.25), angle=float("inf")).mass == 0.25


def test_messages_stay_short():
    assert len(shown("x" * 10_000)) < 250
    assert shown(10**5000) == "an object of type int"
