import copy
import itertools
import pickle

import numpy as np
import pytest
import torch as th

from sb3_memaug.symmetry import ImageFlip, SignedPermutation

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
def test_input_is_neither_changed_nor_shared(flip):
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


def test_equality_hash_and_copies_are_by_value():
    assert len(set(FLIPS)) == len(FLIPS)
    for flip in FLIPS:
        assert copy.deepcopy(flip) == pickle.loads(pickle.dumps(flip)) == flip


@pytest.mark.parametrize("other", [ImageFlip(horizontal=True, channels_last=False), SignedPermutation([1, 0])])
def test_maps_of_different_spaces_do_not_compose(other):
    with pytest.raises(ValueError, match="different spaces"):
        ImageFlip(horizontal=True) @ other
