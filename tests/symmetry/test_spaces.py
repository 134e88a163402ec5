import numpy as np
import pytest
from gymnasium import spaces

from sb3_memaug.symmetry import (
    ImageFlip,
    LabelPermutation,
    Mirror,
    SignedPermutation,
    SymmetryGroup,
    check_group_fits,
    with_labels,
)

SWAP = SignedPermutation([1, 0])
NEGATE_SECOND = SignedPermutation([0, 1], [1, -1])
FLIP = ImageFlip(horizontal=True)


def box(low, high, dtype=np.float32):
    return spaces.Box(np.array(low, dtype=dtype), np.array(high, dtype=dtype), dtype=dtype)


FREE = box([-np.inf, -np.inf], [np.inf, np.inf])
IMAGE = spaces.Box(0, 255, (4, 6, 3), np.uint8)
UNIT = box([-1, -1], [1, 1])


def check(observation, observation_space, action=SWAP, action_space=UNIT):
    check_group_fits(SymmetryGroup({"left_right": Mirror(observation, action)}), observation_space, action_space)


@pytest.mark.parametrize(
    ("transform", "space"),
    [
        (SWAP, FREE),
        (SWAP, UNIT),
        (SWAP, box([0, 0], [3, 3])),
        (SWAP, box([-np.inf, -np.inf], [1, 1])),
        (SWAP, box([0, 0], [5, 5], np.int64)),
        (NEGATE_SECOND, box([0, -2], [1, 2])),
        (SignedPermutation([1, 0], [-1, -1]), box([-1, -2], [2, 1])),
        (SignedPermutation([0, 1], [-1, 1], [1, 0]), box([0, -1], [1, 1])),
        (SWAP, spaces.MultiBinary(2)),
        (SWAP, spaces.MultiDiscrete([3, 3])),
        (SignedPermutation([1, 0], [-1, -1], [2, 2]), spaces.MultiDiscrete([3, 3])),
        (LabelPermutation([1, 0, 2]), spaces.Discrete(3)),
        (LabelPermutation([[1, 0], [0, 1], [2, 1, 0]], [1, 0, 2]), spaces.MultiDiscrete([2, 2, 3])),
        (FLIP, IMAGE),
        ({"state": SWAP, "camera": FLIP}, spaces.Dict(camera=IMAGE, state=UNIT)),
    ],
)
def test_what_fits_is_accepted(transform, space):
    check(transform, space)


@pytest.mark.parametrize(
    ("transform", "space"),
    [
        (SWAP, UNIT),
        (SignedPermutation([1, 0, 3, 2]), spaces.Box(-1, 1, (2, 2))),
        (SWAP, spaces.MultiBinary(2)),
        (LabelPermutation([1, 0, 2]), spaces.Discrete(3)),
        (LabelPermutation([[1, 0], [0, 1]]), spaces.MultiDiscrete([2, 2])),
    ],
)
def test_actions_that_fit_are_accepted_arrays_as_flattened(transform, space):
    check(SWAP, FREE, transform, space)


@pytest.mark.parametrize(
    ("transform", "space", "message"),
    [
        (SWAP, box([0], [1]), r"has 2 entries, but the space Box.* has the shape \(1,\)"),
        (SWAP, spaces.Box(-1, 1, (3,)), r"has the shape \(3,\)"),
        # As many entries, but mirrors act on the last axis.
        (SignedPermutation([1, 0, 3, 2]), spaces.Box(-1, 1, (2, 2)), r"has 4 entries, but .* the shape \(2, 2\)"),
        (SWAP, spaces.MultiBinary(3), r"has the shape \(3,\)"),
        (SWAP, spaces.Discrete(2), "is a signed permutation, which cannot act on the space"),
        (SWAP, IMAGE, "has the shape"),
        (LabelPermutation([1, 0, 2]), spaces.Discrete(2), r"permutes \(3,\) labels, which does not fit"),
        (LabelPermutation([1, 0, 2]), spaces.Discrete(3, start=-1), "permutes labels that count from 0"),
        (LabelPermutation([1, 0, 2]), UNIT, "does not fit"),
        (LabelPermutation([1, 0, 2]), spaces.MultiDiscrete([3]), "does not fit"),
        (LabelPermutation([[1, 0, 2]]), spaces.Discrete(3), "does not fit"),
        (LabelPermutation([[1, 0], [0, 1]]), spaces.MultiDiscrete([2, 3]), r"permutes \(2, 2\) labels"),
        (LabelPermutation([[1, 0], [0, 1]]), spaces.MultiDiscrete([2, 2], start=[0, 1]), "count from 0"),
        (SWAP, spaces.Discrete(3), "cannot act on the space .*: give a LabelPermutation"),
        (SWAP, spaces.MultiDiscrete([3]), r"has the shape \(1,\)"),
        (SWAP, spaces.MultiDiscrete([3, 3], start=[1, 1]), "count from 0"),
        (FLIP, UNIT, "flips an image, but the space"),
        (FLIP, spaces.Discrete(3), "flips an image"),
    ],
)
def test_sizes_and_kinds_that_disagree_are_refused(transform, space, message):
    with pytest.raises(ValueError, match=f"the observation of mirror 'left_right' .*{message}"):
        check(transform, space)


@pytest.mark.parametrize(
    ("transform", "space", "message"),
    [
        (SWAP, box([-1, -2], [1, 1]), r"entry 1 onto entry 0, whose bounds \[-1, 1\] would become \[-2, 1\]"),
        (SWAP, box([-1, -1], [1, np.inf]), r"entry 1 onto entry 0, whose bounds \[-1, 1\] would become \[-1, inf\]"),
        (NEGATE_SECOND, box([0, 0], [1, 1]), r"entry 1 onto entry 1, whose bounds \[0, 1\] would become \[-1, -?0\]"),
        (NEGATE_SECOND, box([0, -np.inf], [1, 0]), r"entry 1 onto entry 1, whose bounds \[-inf, 0\]"),
        (NEGATE_SECOND, spaces.MultiBinary(2), r"entry 1 onto entry 1, whose bounds \[0, 1\] would become \[-1, -?0\]"),
        (
            SWAP,
            spaces.MultiDiscrete([2, 3]),
            r"bounds \[0, 1\] would become \[0, 2\]: give mirrored components as many",
        ),
        (NEGATE_SECOND, spaces.MultiDiscrete([3, 3]), r"\[-2, -?0\]: .* reversed labels an offset"),
        (
            SignedPermutation([0, 1], [-1, 1], [0.5, 0]),
            UNIT,
            r"entry 0, whose bounds \[-1, 1\] would become \[-0.5, 1.5\]",
        ),
    ],
)
@pytest.mark.parametrize("what", ["observation", "action"])
def test_bounds_that_are_not_symmetric_are_refused_with_the_entry(transform, space, message, what):
    arguments = (transform, space) if what == "observation" else (SWAP, FREE, transform, space)
    with pytest.raises(ValueError, match=f"the {what} of mirror 'left_right' maps .*{message}"):
        check(*arguments)


def test_actions_are_named_in_errors():
    with pytest.raises(ValueError, match=r"the action of mirror 'left_right' has 2 entries, .* the shape \(3,\)"):
        check(SWAP, FREE, SWAP, spaces.Box(-1, 1, (3,)))


def test_bounds_of_action_arrays_are_compared_flattened():
    space = box([[-1, -1], [-1, -2]], [[1, 1], [1, 2]])
    with pytest.raises(ValueError, match=r"entry 3 onto entry 2, whose bounds \[-1, 1\] would become \[-2, 2\]"):
        check(SWAP, FREE, SignedPermutation([1, 0, 3, 2]), space)


@pytest.mark.parametrize(
    ("transforms", "space", "message"),
    [
        ({"a": SWAP}, spaces.Dict(b=UNIT), r"has the keys \['a'\], the observation space has \['b'\]"),
        ({"a": SWAP}, spaces.Dict(a=UNIT, b=UNIT), r"has the keys \['a'\], the observation space has \['a', 'b'\]"),
        ({"a": SWAP, "b": SWAP}, spaces.Dict(a=UNIT), r"has the keys \['a', 'b'\], the observation space has \['a'\]"),
        ({"a": SWAP}, UNIT, "the observation space is no Dict"),
        (SWAP, spaces.Dict(a=UNIT), "is a signed permutation, which cannot act on the space Dict"),
    ],
)
def test_keys_that_disagree_are_refused(transforms, space, message):
    with pytest.raises(ValueError, match=f"the observation of mirror 'left_right' .*{message}"):
        check(transforms, space)


def test_a_key_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="the observation 'b' of mirror 'left_right' has 2 entries"):
        check({"a": SWAP, "b": SWAP}, spaces.Dict(a=UNIT, b=spaces.Box(-1, 1, (3,))))


def test_the_mirror_that_does_not_fit_is_named():
    group = SymmetryGroup({"good": Mirror(SWAP, SWAP), "bad": Mirror(SignedPermutation([0, 1], [-1, -1]), SWAP @ SWAP)})
    with pytest.raises(ValueError, match="the observation of mirror 'bad' maps entry 0"):
        check_group_fits(group, box([0, 0], [1, 1]), UNIT)


@pytest.mark.parametrize(
    ("transform", "space", "expected"),
    [
        # Backwards, at rest, forwards; and two components that change places.
        (
            SignedPermutation([1, 0], [-1, -1]),
            spaces.MultiDiscrete([3, 3]),
            LabelPermutation([[2, 1, 0], [2, 1, 0]], [1, 0]),
        ),
        (SignedPermutation([1, 0]), spaces.MultiDiscrete([4, 4]), LabelPermutation([[0, 1, 2, 3]] * 2, [1, 0])),
        (SignedPermutation([0], [-1]), spaces.Discrete(3), LabelPermutation([2, 1, 0])),
        (SignedPermutation([0, 1], [1, -1]), spaces.MultiBinary(2), SignedPermutation([0, 1], [1, -1], [0, 1])),
        (SWAP, UNIT, SWAP),
        (LabelPermutation([1, 0]), spaces.Discrete(2), LabelPermutation([1, 0])),
        (FLIP, IMAGE, FLIP),
    ],
)
def test_a_sign_reverses_labels(transform, space, expected):
    seen = spaces.Dict(seen=space)
    group = SymmetryGroup({"left_right": Mirror({"seen": transform}, SWAP)})
    assert with_labels(group, seen, UNIT) == SymmetryGroup({"left_right": Mirror({"seen": expected}, SWAP)})
    group = SymmetryGroup({"left_right": Mirror(SWAP, transform)})
    assert with_labels(group, UNIT, space) == SymmetryGroup({"left_right": Mirror(SWAP, expected)})
    check(expected, space)
