"""Statistics of an orbit, on the host and on a device, against SB3's of all images."""

from __future__ import annotations

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.running_mean_std import RunningMeanStd

from sb3_memaug.symmetry import ImageFlip, SignedPermutation
from sb3_memaug.vec_env.statistics import OrbitMeanStd, TensorOrbitMeanStd

quick = settings(deadline=None, max_examples=60)
#: Images by the shape of an array.
IMAGES = {
    (): [],
    (3,): [SignedPermutation.identity(3), SignedPermutation([1, 0, 2], [1, -1, -1])],
    (2, 4): [],
    (4, 5, 3): [ImageFlip(), ImageFlip(horizontal=True), ImageFlip(vertical=True), ImageFlip(True, True)],
}


def batches(shape, sizes, seed):
    random = np.random.default_rng(seed)
    return [random.normal(random.normal(), 3 * random.random(), (n, *shape)).astype(np.float32) for n in sizes]


def assert_close(ours, theirs, tolerance=1e-5):
    np.testing.assert_allclose(ours.mean, theirs.mean, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ours.var, theirs.var, rtol=tolerance, atol=tolerance)
    assert ours.count == pytest.approx(theirs.count)


@quick
@given(st.sampled_from(sorted(IMAGES)), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 2**31 - 1))
def test_statistics_are_those_that_sb3_takes_of_all_images(shape, sizes, seed):
    images = IMAGES[shape]
    of_tensors, of_arrays, theirs = (
        TensorOrbitMeanStd(images, shape),
        OrbitMeanStd(images or [_Identity()], shape),
        RunningMeanStd(shape=shape),
    )
    for x in batches(shape, sizes, seed):
        of_tensors.update(th.as_tensor(x))
        of_arrays.update(x)
        theirs.update(np.concatenate([image.apply(x) for image in images]) if images else x)
        assert_close(of_tensors, theirs)
        assert_close(of_arrays, theirs)


class _Identity:
    def apply(self, x):
        return x


def test_two_updates_are_one_with_all():
    """Up to the order of the sums, and exactly where it does not matter."""
    x = np.arange(-8, 8, dtype=np.float64).reshape(8, 2)
    at_once, in_parts = TensorOrbitMeanStd([], (2,)), TensorOrbitMeanStd([], (2,))
    for statistics in (at_once, in_parts):
        statistics.count = 0.0
    at_once.update(x)
    in_parts.update(x[:4])
    in_parts.update(x[4:])
    np.testing.assert_array_equal(at_once.mean, x.mean(axis=0))
    assert_close(in_parts, at_once, tolerance=1e-12)


def test_what_mirrors_exchange_is_exactly_alike():
    swap = SignedPermutation([1, 0, 2], [1, 1, -1])
    statistics = TensorOrbitMeanStd([SignedPermutation.identity(3), swap], (3,))
    for x in batches((3,), [5, 6, 7], 0):
        statistics.update(th.as_tensor(x))
    np.testing.assert_allclose(statistics.mean[0], statistics.mean[1], rtol=1e-12)
    np.testing.assert_allclose(statistics.var[0], statistics.var[1], rtol=1e-12)
    assert statistics.mean[2] == pytest.approx(0, abs=1e-12)


def test_small_changes_of_large_numbers_are_not_lost():
    x = th.tensor([[1e4 - 0.25], [1e4 + 0.25]])
    statistics = TensorOrbitMeanStd([], (1,))
    for _ in range(1000):
        statistics.update(x)
    # What it started with, of weight 1e-4, is 1e4 away from these numbers.
    assert statistics.var[0] == pytest.approx(0.0625 + 1e-4 * 1e8 / 2000, rel=1e-3)


def test_a_sum_of_other_statistics():
    x = batches((3,), [5, 6], 0)
    whole, first, second = (TensorOrbitMeanStd([], (3,)) for _ in range(3))
    for part in x:
        whole.update(part)
    first.update(x[0])
    second.update(x[1])
    first.update_from_moments(second.centre, second.variance, second.weight)
    np.testing.assert_allclose(first.mean, whole.mean, atol=1e-3)
    assert first.count == pytest.approx(whole.count, abs=1e-3)


def test_they_combine_with_statistics_on_the_host_and_on_a_device():
    x = np.random.default_rng(0).normal(size=(7, 3))
    theirs, ours = RunningMeanStd(shape=(3,)), TensorOrbitMeanStd([], (3,))
    theirs.update(x)
    for other in (theirs, ours):
        combined = TensorOrbitMeanStd([], (3,))
        combined.combine(other)
        expected = RunningMeanStd(shape=(3,))
        expected.combine(other)
        np.testing.assert_allclose(combined.mean, expected.mean)
        np.testing.assert_allclose(combined.var, expected.var)
        ours.update(x)


def test_they_speak_in_arrays():
    statistics = TensorOrbitMeanStd([], (2,))
    assert isinstance(statistics, RunningMeanStd)
    assert statistics.mean.tolist() == [0, 0]
    assert statistics.var.tolist() == [1, 1]
    assert statistics.count == 1e-4
    statistics.mean, statistics.var, statistics.count = np.array([1.0, 2.0]), np.array([3.0, 4.0]), 5
    assert statistics.centre.tolist() == [1, 2]
    assert statistics.variance.tolist() == [3, 4]
    assert statistics.weight.tolist() == 5
    assert {x.dtype for x in (statistics.centre, statistics.variance, statistics.weight)} == {th.float64}
    assert (type(statistics.mean), type(statistics.var), type(statistics.count)) == (np.ndarray, np.ndarray, float)
    copied = statistics.copy()
    assert_close(copied, statistics, tolerance=0)


def test_an_update_leaves_what_was_read_before():
    statistics = TensorOrbitMeanStd([], (2,))
    mean, variance = statistics.mean, statistics.var
    statistics.update(th.ones(3, 2))
    assert mean.tolist() == [0, 0]
    assert variance.tolist() == [1, 1]


@pytest.mark.parametrize("copy", [lambda x: pickle.loads(pickle.dumps(x)), deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("kind", [TensorOrbitMeanStd, OrbitMeanStd])
def test_a_copy_goes_on_where_it_was(kind, copy):
    statistics = kind(IMAGES[3,], (3,))
    first, second = batches((3,), [5, 6], 0)
    statistics.update(first)
    copied = copy(statistics)
    assert type(copied) is kind
    assert copied.images == statistics.images
    assert_close(copied, statistics, tolerance=0)
    statistics.update(second)
    assert copied.count == pytest.approx(10, abs=1e-3)
    copied.update(second)
    assert_close(copied, statistics, tolerance=0)


def test_they_move_to_a_device():
    statistics = TensorOrbitMeanStd([], (2,))
    statistics.to(th.device("meta"))
    statistics.update(th.ones(3, 2, device="meta"))
    assert statistics.device == statistics.centre.device == statistics.weight.device == th.device("meta")
