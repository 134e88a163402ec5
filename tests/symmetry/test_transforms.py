"""Signed permutations, permutations of labels and flips of images: what they do, inverses, products, errors."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import ImageFlip, LabelPermutation, SignedPermutation
from tests.symmetry.strategies import several_label_permutations, several_signed_permutations, signed_permutations

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
def test_tensors_of_numbers_stay_on_their_device(device):
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
def test_a_vector_is_neither_changed_nor_shared(transform):
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
def test_is_identity_of_a_signed_permutation(transform, expected):
    assert transform.is_identity is expected


def test_equality_and_hash_of_signed_permutations_are_by_value():
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
def test_signed_permutations_of_different_spaces_do_not_compose(other):
    with pytest.raises(ValueError, match="different spaces"):
        SignedPermutation([1, 0]) @ other


either = pytest.mark.parametrize("multi", [False, True], ids=["discrete", "multidiscrete"])

TURN = LabelPermutation([1, 2, 0])
#: Exchanges the first two components, which have three labels each, and the two labels of the third.
EXCHANGE = LabelPermutation([[1, 0, 2], [0, 2, 1], [1, 0]], [1, 0, 2])


def draw_labels(data, transform, batch=2):
    rows = [[data.draw(st.integers(0, size - 1)) for size in transform.sizes] for _ in range(batch)]
    return np.array(rows) if transform.multi else np.array(rows)[:, 0]


def one_hot(labels, sizes):
    return np.concatenate([np.eye(size)[label] for label, size in zip(np.atleast_1d(labels), sizes, strict=True)])


def test_a_discrete_label_becomes_the_one_listed_for_it():
    assert TURN.apply(np.array([0, 1, 2, 0])).tolist() == [1, 2, 0, 1]
    assert TURN.apply(th.tensor([0, 1, 2, 0])).tolist() == [1, 2, 0, 1]


def test_a_multidiscrete_component_comes_from_another_with_its_label_renamed():
    assert EXCHANGE.apply(np.array([2, 0, 1])).tolist() == [1, 1, 0]
    assert EXCHANGE.apply(th.tensor([2, 0, 1])).tolist() == [1, 1, 0]


def test_numbers_that_map_onto_themselves_are_labels():
    numbers = SignedPermutation([1, 0, 2], [-1, -1, 1], [2, 2, 0])
    labels = LabelPermutation.from_numbers(numbers, [3, 3, 2])
    assert labels == LabelPermutation([[2, 1, 0], [2, 1, 0], [0, 1]], [1, 0, 2])
    assert labels.apply(np.array([0, 1, 1])).tolist() == numbers.apply(np.array([0, 1, 1])).tolist() == [1, 2, 1]
    with pytest.raises(ValueError, match="must hold each label from 0 to 2"):
        LabelPermutation.from_numbers(SignedPermutation([0], [-1]), [3])


def test_components_stay_in_place_by_default():
    assert LabelPermutation([[1, 0], [0, 2, 1]]).apply(np.array([0, 2])).tolist() == [1, 1]


@pytest.mark.parametrize("shape", [(), (3,), (3, 1), (2, 3, 4), (0,)])
def test_discrete_labels_come_in_any_shape(shape):
    x = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3)
    expected = (x + 1) % 3
    np.testing.assert_array_equal(TURN.apply(x), expected)
    np.testing.assert_array_equal(TURN.apply(th.from_numpy(x)).numpy(), expected)


@pytest.mark.parametrize("leading", [(), (4,), (2, 3), (0,)])
def test_multidiscrete_labels_have_their_components_last(leading):
    x = np.random.default_rng(0).integers(0, (3, 3, 2), (*leading, 3))
    expected = np.array([EXCHANGE.apply(row) for row in x.reshape(-1, 3)], dtype=int).reshape(x.shape)
    np.testing.assert_array_equal(EXCHANGE.apply(x), expected)
    np.testing.assert_array_equal(EXCHANGE.apply(th.from_numpy(x)).numpy(), expected)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float32])
@pytest.mark.parametrize("transform", [TURN, EXCHANGE], ids=["discrete", "multidiscrete"])
def test_the_dtype_is_kept(transform, dtype):
    x = np.array([1, 0, 1], dtype=dtype)
    assert transform.apply(x).dtype == dtype
    assert transform.apply(th.from_numpy(x)).dtype == th.from_numpy(x).dtype


@pytest.mark.parametrize(
    "device",
    ["cpu", "meta", pytest.param("cuda", marks=pytest.mark.skipif(not th.cuda.is_available(), reason="needs a GPU"))],
)
@pytest.mark.parametrize("transform", [TURN, EXCHANGE], ids=["discrete", "multidiscrete"])
def test_tensors_of_labels_stay_on_their_device(transform, device):
    y = transform.apply(th.zeros(4, 3, dtype=th.int64, device=device))
    assert y.device.type == device
    assert y.shape == (4, 3)


def test_the_table_is_moved_to_a_device_once(monkeypatch):
    x = th.tensor([0, 1])
    transform = LabelPermutation([1, 0])
    transform.apply(x)

    def refuse(*args, **kwargs):
        raise AssertionError("a tensor was made anew")

    for name in ("tensor", "as_tensor", "from_numpy"):
        monkeypatch.setattr(th, name, refuse)
    assert transform.apply(x).tolist() == [1, 0]


@either
@quick
@given(data=st.data())
def test_inverse_undoes_labels_in_numpy_and_torch(multi, data):
    (transform,) = data.draw(several_label_permutations(1, multi))
    x = draw_labels(data, transform)
    np.testing.assert_array_equal(transform.inverse().apply(transform.apply(x)), x)
    np.testing.assert_array_equal(transform.apply(th.from_numpy(x)).numpy(), transform.apply(x))
    assert (transform @ transform.inverse()).is_identity
    assert transform.inverse().inverse() == transform


@either
@quick
@given(data=st.data())
def test_composition_applies_the_right_one_first_and_is_associative(multi, data):
    a, b, c = data.draw(several_label_permutations(3, multi))
    x = draw_labels(data, a)
    np.testing.assert_array_equal((a @ b).apply(x), a.apply(b.apply(x)))
    assert (a @ b) @ c == a @ (b @ c)
    assert (a @ b).inverse() == b.inverse() @ a.inverse()


def test_on_probabilities_by_hand():
    assert TURN.on_probabilities() == SignedPermutation([2, 0, 1])
    # The first component gets the second one's probabilities with labels 0 and 1 exchanged, and so on.
    assert EXCHANGE.on_probabilities() == SignedPermutation([4, 3, 5, 0, 2, 1, 7, 6])


@either
@quick
@given(data=st.data())
def test_on_probabilities_maps_the_one_hot_of_a_label_to_that_of_its_image(multi, data):
    a, b = data.draw(several_label_permutations(2, multi))
    x = draw_labels(data, a, batch=1)[0]
    np.testing.assert_array_equal(a.on_probabilities().apply(one_hot(x, a.sizes)), one_hot(a.apply(x), a.sizes))
    assert (a @ b).on_probabilities() == a.on_probabilities() @ b.on_probabilities()


def test_sizes_of_label_permutations():
    assert TURN.sizes == (3,)
    assert EXCHANGE.sizes == (3, 3, 2)


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (LabelPermutation([0, 1, 2]), True),
        (TURN, False),
        (LabelPermutation([[0, 1], [0, 1]]), True),
        (LabelPermutation([[0, 1], [0, 1]], [1, 0]), False),
        (LabelPermutation([[0, 1], [1, 0]]), False),
    ],
)
def test_is_identity_of_a_label_permutation(transform, expected):
    assert transform.is_identity is expected


def test_equality_and_hash_of_label_permutations_are_by_value():
    assert LabelPermutation(np.array([1, 2, 0])) == TURN
    assert hash(LabelPermutation(np.array([1, 2, 0]))) == hash(TURN)
    assert LabelPermutation([[1, 0], [0, 1]]) == LabelPermutation(np.array([[1, 0], [0, 1]]), [0, 1])
    assert LabelPermutation([2, 0, 1]) != TURN
    assert LabelPermutation([[1, 2, 0]]) != TURN
    assert LabelPermutation([[1, 0], [1, 0]]) != LabelPermutation([[1, 0], [1, 0]], [1, 0])


@pytest.mark.parametrize("transform", [TURN, EXCHANGE, LabelPermutation([[1, 0]])], ids=repr)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda transform: pickle.loads(pickle.dumps(transform))])
def test_copies_of_label_permutations_are_equal(transform, copied):
    assert copied(transform) == transform


@pytest.mark.parametrize(
    ("labels", "permutation", "message"),
    [
        ([0, 0], None, r"each label from 0 to 1 exactly once, got \(0, 0\)"),
        ([1, 2], None, "exactly once"),
        ([[1, 0], [0, 2]], None, "exactly once"),
        ([[1, 0], [0, 1]], [0, 0], "exactly once"),
        ([[1, 0], [0, 1]], [0, 1, 2], "`permutation` must hold 2 components"),
        ([[1, 0], [0, 1, 2]], [1, 0], r"different numbers of labels: \[2, 3\]"),
    ],
)
def test_wrong_labels_are_refused(labels, permutation, message):
    with pytest.raises(ValueError, match=message):
        LabelPermutation(labels, permutation)


def test_a_wrong_number_of_components_is_refused():
    with pytest.raises(ValueError, match="last axis has 3 entries"):
        EXCHANGE.apply(np.zeros((5, 2), dtype=int))


@pytest.mark.parametrize(
    "other", [LabelPermutation([1, 0]), LabelPermutation([[1, 2, 0]]), SignedPermutation([0, 1, 2])]
)
def test_label_permutations_of_different_spaces_do_not_compose(other):
    with pytest.raises(ValueError, match="different spaces"):
        TURN @ other


FLIPS = [ImageFlip(*flags) for flags in itertools.product([False, True], repeat=3)]
every_flip = pytest.mark.parametrize("flip", FLIPS, ids=repr)
#: Two rows of three pixels with one channel.
IMAGE = np.array([[[1], [2], [3]], [[4], [5], [6]]], dtype=np.uint8)


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        (ImageFlip(), [[1, 2, 3], [4, 5, 6]]),
        (ImageFlip(horizontal=True), [[3, 2, 1], [6, 5, 4]]),
        (ImageFlip(vertical=True), [[4, 5, 6], [1, 2, 3]]),
        (ImageFlip(horizontal=True, vertical=True), [[6, 5, 4], [3, 2, 1]]),
    ],
    ids=repr,
)
def test_flips_by_hand(flip, expected):
    assert flip.apply(IMAGE)[:, :, 0].tolist() == expected
    assert flip.apply(th.from_numpy(IMAGE))[:, :, 0].tolist() == expected
    channels_first = IMAGE.transpose(2, 0, 1)
    assert flip.channels_first().apply(channels_first)[0].tolist() == expected
    assert flip.channels_first().apply(th.from_numpy(channels_first))[0].tolist() == expected


@pytest.mark.parametrize("leading", [(), (5,), (2, 3), (0,)])
@pytest.mark.parametrize("flip", FLIPS[1::2], ids=repr)
def test_channels_first_is_transposing_flipping_and_transposing_back(flip, leading):
    x = np.random.default_rng(0).integers(0, 255, (*leading, 3, 4, 5), dtype=np.uint8)
    transposed = np.moveaxis(x, -1, -3)
    np.testing.assert_array_equal(flip.channels_first().apply(transposed), np.moveaxis(flip.apply(x), -1, -3))


@every_flip
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_type_and_dtype_are_kept_and_numpy_and_torch_agree(flip, dtype):
    x = np.random.default_rng(0).integers(0, 255, (2, 3, 4, 5)).astype(dtype)
    y, z = flip.apply(x), flip.apply(th.from_numpy(x))
    assert type(y) is np.ndarray
    assert type(z) is th.Tensor
    assert y.dtype == z.numpy().dtype == dtype
    np.testing.assert_array_equal(y, z.numpy())


@every_flip
def test_an_image_is_neither_changed_nor_shared(flip):
    for x in (IMAGE.copy(), th.from_numpy(IMAGE.copy())):
        flip.apply(x)[:] = 0
        np.testing.assert_array_equal(np.asarray(x), IMAGE)


def test_arrays_can_become_tensors():
    assert th.from_numpy(ImageFlip(horizontal=True).apply(IMAGE)).shape == IMAGE.shape


@every_flip
def test_a_flip_is_its_own_inverse(flip):
    x = np.random.default_rng(0).integers(0, 255, (3, 4, 5), dtype=np.uint8)
    assert flip.inverse() == flip
    assert (flip @ flip).is_identity
    np.testing.assert_array_equal(flip.apply(flip.apply(x)), x)


@pytest.mark.parametrize("channels_last", [False, True])
def test_composition_is_application_one_after_another(channels_last):
    x = np.random.default_rng(0).integers(0, 255, (3, 4, 5), dtype=np.uint8)
    alike = [flip for flip in FLIPS if flip.channels_last == channels_last]
    for a, b in itertools.product(alike, repeat=2):
        np.testing.assert_array_equal((a @ b).apply(x), a.apply(b.apply(x)))
        assert (a @ b).channels_last == channels_last


def test_only_a_flip_that_flips_nothing_is_the_identity():
    assert [flip.is_identity for flip in FLIPS] == [True, True, False, False, False, False, False, False]


def test_equality_hash_and_copies_of_flips_are_by_value():
    assert len(set(FLIPS)) == len(FLIPS)
    for flip in FLIPS:
        assert copy.deepcopy(flip) == pickle.loads(pickle.dumps(flip)) == flip


@pytest.mark.parametrize("other", [ImageFlip(horizontal=True, channels_last=False), SignedPermutation([1, 0])])
def test_flips_of_different_images_do_not_compose(other):
    with pytest.raises(ValueError, match="different spaces"):
        ImageFlip(horizontal=True) @ other
