import copy
import pickle

import numpy as np
import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import LabelPermutation, SignedPermutation
from tests.symmetry.strategies import several_label_permutations

quick = settings(deadline=None, max_examples=50)
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
def test_tensors_stay_on_their_device(transform, device):
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
def test_inverse_undoes_in_numpy_and_torch(multi, data):
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


def test_sizes():
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
def test_is_identity(transform, expected):
    assert transform.is_identity is expected


def test_equality_and_hash_are_by_value():
    assert LabelPermutation(np.array([1, 2, 0])) == TURN
    assert hash(LabelPermutation(np.array([1, 2, 0]))) == hash(TURN)
    assert LabelPermutation([[1, 0], [0, 1]]) == LabelPermutation(np.array([[1, 0], [0, 1]]), [0, 1])
    assert LabelPermutation([2, 0, 1]) != TURN
    assert LabelPermutation([[1, 2, 0]]) != TURN
    assert LabelPermutation([[1, 0], [1, 0]]) != LabelPermutation([[1, 0], [1, 0]], [1, 0])


@pytest.mark.parametrize("transform", [TURN, EXCHANGE, LabelPermutation([[1, 0]])], ids=repr)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda transform: pickle.loads(pickle.dumps(transform))])
def test_copies_are_equal(transform, copied):
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
def test_maps_of_different_spaces_do_not_compose(other):
    with pytest.raises(ValueError, match="different spaces"):
        TURN @ other
