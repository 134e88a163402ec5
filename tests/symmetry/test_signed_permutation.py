import copy
import math
import pickle

import numpy as np
import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import LabelPermutation, SignedPermutation
from tests.symmetry.strategies import several_signed_permutations, signed_permutations

quick = settings(deadline=None, max_examples=50)

#: Everything that a float can hold, but for NaNs that any arithmetic changes.
EVERY_FLOAT = st.one_of(st.floats(allow_nan=False), st.sampled_from([math.nan, -math.nan, -0.0]))


@st.composite
def maps_and_values(draw, values, offset=False):
    size = draw(st.integers(1, 6))
    transform = draw(signed_permutations(size, offset))
    return transform, np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=np.float64)


def bits(x):
    return np.asarray(x).view(np.int64).tolist()


def test_output_i_is_sign_i_times_input_permutation_i():
    transform = SignedPermutation([2, 0, 1], [1, -1, -1])
    assert transform.apply(np.array([10.0, 20.0, 30.0])).tolist() == [30.0, -10.0, -20.0]
    assert transform.apply(th.tensor([10.0, 20.0, 30.0])).tolist() == [30.0, -10.0, -20.0]


def test_signs_are_plus_one_by_default():
    assert SignedPermutation([1, 0]) == SignedPermutation([1, 0], [1, 1])


def test_offset_is_added_to_the_output():
    transform = SignedPermutation([1, 0], [1, -1], [0.5, -0.25])
    assert transform.apply(np.array([1.0, 2.0])).tolist() == [2.5, -1.25]
    assert transform.apply(th.tensor([1.0, 2.0])).tolist() == [2.5, -1.25]


@pytest.mark.parametrize("leading", [(), (1,), (4,), (2, 3), (2, 0), (2, 1, 3)])
def test_any_leading_axes_are_batched(leading):
    x = np.arange(np.prod((*leading, 3)), dtype=np.float32).reshape(*leading, 3)
    transform = SignedPermutation([2, 0, 1], [1, -1, 1])
    expected = np.stack([x[..., 2], -x[..., 0], x[..., 1]], axis=-1)
    np.testing.assert_array_equal(transform.apply(x), expected)
    np.testing.assert_array_equal(transform.apply(th.from_numpy(x)).numpy(), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int32, np.int64])
def test_numpy_arrays_keep_type_and_dtype(dtype):
    y = SignedPermutation([1, 0], [1, -1]).apply(np.array([[3, 4]], dtype=dtype))
    assert type(y) is np.ndarray
    assert y.dtype == dtype
    assert y.tolist() == [[4, -3]]


@pytest.mark.parametrize("dtype", [th.float16, th.bfloat16, th.float32, th.float64, th.int8, th.int32, th.int64])
def test_tensors_keep_type_and_dtype(dtype):
    y = SignedPermutation([1, 0], [1, -1]).apply(th.tensor([[3, 4]], dtype=dtype))
    assert type(y) is th.Tensor
    assert y.dtype == dtype
    assert y.tolist() == [[4, -3]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_offset_keeps_the_dtype(dtype):
    transform = SignedPermutation([0], offset=[0.5])
    assert transform.apply(np.ones(1, dtype=dtype)).dtype == dtype
    assert transform.apply(th.from_numpy(np.ones(1, dtype=dtype))).numpy().dtype == dtype


@pytest.mark.parametrize(
    "device",
    ["cpu", "meta", pytest.param("cuda", marks=pytest.mark.skipif(not th.cuda.is_available(), reason="needs a GPU"))],
)
def test_tensors_stay_on_their_device(device):
    y = SignedPermutation([1, 0], offset=[1, 2]).apply(th.zeros(3, 2, device=device))
    assert y.device.type == device
    assert y.shape == (3, 2)


def test_gradients_flow_through():
    x = th.tensor([1.0, 2.0], requires_grad=True)
    (SignedPermutation([1, 0], [1, -1]).apply(x) * th.tensor([3.0, 5.0])).sum().backward()
    assert x.grad.tolist() == [-5.0, 3.0]


def test_constants_are_made_once_for_each_device_and_dtype(monkeypatch):
    transform = SignedPermutation([1, 0], [1, -1], [0.5, 0.0])
    x = th.tensor([1.0, 2.0])
    expected = {dtype: transform.apply(x.to(dtype)).tolist() for dtype in (th.float32, th.float64)}

    def refuse(*args, **kwargs):
        raise AssertionError("a tensor was made anew")

    for name in ("tensor", "as_tensor", "from_numpy", "arange"):
        monkeypatch.setattr(th, name, refuse)
    for dtype, y in expected.items():
        assert transform.apply(x.to(dtype)).tolist() == y == [2.5, -1.0]


@pytest.mark.parametrize("transform", [SignedPermutation([1, 0]), SignedPermutation.identity(2)])
def test_input_is_neither_changed_nor_shared(transform):
    for x in (np.array([1.0, 2.0]), th.tensor([1.0, 2.0])):
        y = transform.apply(x)
        y[:] = 0
        assert x.tolist() == [1.0, 2.0]


@quick
@given(maps_and_values(EVERY_FLOAT, offset=True))
def test_numpy_and_torch_agree(case):
    transform, x = case
    np.testing.assert_array_equal(transform.apply(th.from_numpy(x)).numpy(), transform.apply(x))


@quick
@given(maps_and_values(EVERY_FLOAT))
def test_inverse_undoes_bit_for_bit_without_offset(case):
    transform, x = case
    assert bits(transform.inverse().apply(transform.apply(x))) == bits(x)
    assert bits(transform.apply(transform.inverse().apply(x))) == bits(x)
    tensor = th.from_numpy(x)
    assert bits(transform.inverse().apply(transform.apply(tensor)).numpy()) == bits(x)


def test_inverse_undoes_the_smallest_integer():
    x = np.array([-128, 127], dtype=np.int8)
    transform = SignedPermutation([1, 0], [-1, -1])
    assert transform.inverse().apply(transform.apply(x)).tolist() == [-128, 127]


@quick
@given(maps_and_values(st.integers(-100, 100), offset=True))
def test_inverse_undoes_an_offset(case):
    transform, x = case
    np.testing.assert_array_equal(transform.inverse().apply(transform.apply(x)), x)


def test_inverse_of_an_affine_map_by_hand():
    inverse = SignedPermutation([2, 0, 1], [1, -1, 1], [1.0, 2.0, 3.0]).inverse()
    assert inverse == SignedPermutation([1, 2, 0], [-1, 1, 1], [2.0, -3.0, -1.0])


@quick
@given(st.integers(1, 6).flatmap(lambda n: signed_permutations(n, offset=True)), st.data())
def test_inverse_is_exact_for_any_offset(linear, data):
    offset = data.draw(st.lists(st.floats(-1e3, 1e3), min_size=linear.size, max_size=linear.size))
    transform = SignedPermutation(linear.permutation, linear.signs, offset)
    assert (transform @ transform.inverse()).is_identity
    assert (transform.inverse() @ transform).is_identity
    assert transform.inverse().inverse() == transform


@quick
@given(several_signed_permutations(2, offset=True), st.data())
def test_composition_applies_the_right_one_first(pair, data):
    a, b = pair
    x = np.array(data.draw(st.lists(st.integers(-100, 100), min_size=a.size, max_size=a.size)), dtype=np.float64)
    np.testing.assert_array_equal((a @ b).apply(x), a.apply(b.apply(x)))


def test_composition_by_hand():
    a = SignedPermutation([1, 2, 0], [1, -1, 1], [0.0, 0.0, 1.0])
    b = SignedPermutation([0, 2, 1], [-1, 1, 1], [5.0, 6.0, 7.0])
    assert a @ b == SignedPermutation([2, 1, 0], [1, -1, -1], [6.0, -7.0, 6.0])


@quick
@given(several_signed_permutations(3, offset=True))
def test_composition_is_associative_with_the_identity_neutral(triple):
    a, b, c = triple
    identity = SignedPermutation.identity(a.size)
    assert (a @ b) @ c == a @ (b @ c)
    assert a @ identity == identity @ a == a


@quick
@given(several_signed_permutations(2, offset=True))
def test_inverse_of_a_product_is_the_product_of_inverses_reversed(pair):
    a, b = pair
    assert (a @ b).inverse() == b.inverse() @ a.inverse()


def test_float_error_of_offsets_is_no_difference():
    composed = SignedPermutation([0], offset=[0.1]) @ SignedPermutation([0], offset=[0.2])
    assert composed.offset != (0.3,)
    assert composed == SignedPermutation([0], offset=[0.3])
    assert hash(composed) == hash(SignedPermutation([0], offset=[0.3]))
    assert composed != SignedPermutation([0], offset=[0.3001])
    assert (composed @ SignedPermutation([0], offset=[-0.3])).is_identity


def test_an_offset_of_zeros_is_none():
    transform = SignedPermutation([1, 0], offset=[0.0, -0.0])
    assert transform.offset is None
    assert transform == SignedPermutation([1, 0])


def test_concatenate_lets_each_block_act_on_its_own_stretch():
    whole = SignedPermutation.concatenate(
        [SignedPermutation([1, 0], [1, -1]), SignedPermutation([0], [-1], [0.5]), SignedPermutation([1, 0])]
    )
    assert whole == SignedPermutation([1, 0, 2, 4, 3], [1, -1, -1, 1, 1], [0, 0, 0.5, 0, 0])


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (SignedPermutation.identity(3), True),
        (SignedPermutation([0, 1]), True),
        (SignedPermutation([1, 0]), False),
        (SignedPermutation([0, 1], [1, -1]), False),
        (SignedPermutation([0, 1], offset=[0, 1]), False),
    ],
)
def test_is_identity(transform, expected):
    assert transform.is_identity is expected


def test_equality_and_hash_are_by_value():
    transform = SignedPermutation([1, 0], [1, -1])
    same = SignedPermutation(np.array([1, 0]), np.array([1.0, -1.0]), (0, 0))
    assert transform == same
    assert hash(transform) == hash(same)
    others = {
        SignedPermutation([1, 0]),
        SignedPermutation([0, 1], [1, -1]),
        SignedPermutation([1, 0], [1, -1], [0, 1]),
        SignedPermutation([1, 0, 2], [1, -1, 1]),
    }
    assert len(others) == 4
    assert transform not in others
    assert SignedPermutation([1, 0]) != LabelPermutation([1, 0])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda transform: pickle.loads(pickle.dumps(transform))])
def test_copies_are_equal_and_leave_tensors_behind(copied):
    transform = SignedPermutation([1, 0], [1, -1], [0.1, 1 / 3])
    transform.apply(th.zeros(2, device="meta"))
    other = copied(transform)
    assert other == transform
    assert other.offset == transform.offset
    assert not other._tensors


@pytest.mark.parametrize(
    ("permutation", "signs", "offset", "message"),
    [
        ([0, 0], None, None, r"`permutation` must hold each index from 0 to 1 exactly once, got \[0, 0\]"),
        ([1, 2], None, None, "exactly once"),
        ([0, -1], None, None, "exactly once"),
        ([0, 1], [1], None, r"`signs` must hold 2 entries, each \+1 or -1, got \[1\]"),
        ([0, 1], [1, 0], None, "`signs`"),
        ([0, 1], [1, 0.5], None, "`signs`"),
        ([0, 1], [1, math.nan], None, "`signs`"),
        ([0, 1], None, [1.0], "`offset` must hold 2 finite entries"),
        ([0, 1], None, [1.0, math.inf], "`offset`"),
    ],
)
def test_wrong_constants_are_refused(permutation, signs, offset, message):
    with pytest.raises(ValueError, match=message):
        SignedPermutation(permutation, signs, offset)


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros((2, 1)), np.zeros(()), th.zeros(2, 3)])
def test_a_wrong_last_axis_is_refused(x):
    with pytest.raises(ValueError, match=r"last axis has 2 entries, got shape \("):
        SignedPermutation([1, 0]).apply(x)


@pytest.mark.parametrize("other", [SignedPermutation([0, 1, 2]), LabelPermutation([1, 0])])
def test_maps_of_different_spaces_do_not_compose(other):
    with pytest.raises(ValueError, match="different spaces"):
        SignedPermutation([1, 0]) @ other
