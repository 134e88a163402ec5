import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sb3_memaug.evaluation.latent_symmetry import asymmetry, on_principal_components

#: Nothing that is lost beside 7.0.
TENTHS = st.integers(-1000, 1000).map(lambda n: n / 10)
POINTS = arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=TENTHS)
#: Two pairs of clusters whose mirror exchanges the pairs, which are equally far apart.
PAIRS = np.array([[0.0, 0.0], [0.0, 2.0], [5.0, 0.0], [5.0, 2.0]])
EXCHANGED = [2, 3, 0, 1]


@given(POINTS, st.randoms(use_true_random=False))
def test_asymmetry_is_between_zero_and_one_and_blind_to_scale_and_isometries(points, random):
    partners = list(range(len(points)))
    random.shuffle(partners)
    value = asymmetry(points, partners)
    assert 0 <= value <= 1 + 1e-12
    turn, _ = np.linalg.qr(np.random.default_rng(random.randrange(99)).normal(size=(points.shape[1],) * 2))
    assert asymmetry(3.0 * points @ turn + 7.0, partners) == pytest.approx(value, abs=1e-6)


@given(POINTS, st.integers(0, 99))
def test_clusters_that_an_isometry_mirrors_are_symmetric(points, seed):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(points.shape[1],) * 2))
    # A reflection is its own inverse, so that both lots of clusters mirror each other.
    mirror = turn @ np.diag(np.resize((-1.0, 1.0), points.shape[1])) @ turn.T
    n = len(points)
    both = np.concatenate((points, points @ mirror))
    assert asymmetry(both, [*range(n, 2 * n), *range(n)]) == pytest.approx(0, abs=1e-9)


def test_a_shuffled_mirror_is_not():
    assert asymmetry(PAIRS, EXCHANGED) == 0
    moved = PAIRS.copy()
    moved[1] += (0, 3)
    assert asymmetry(moved, EXCHANGED) > 0.1
    assert asymmetry(PAIRS, [1, 2, 0, 3]) > 0.1


def test_asymmetry_is_as_defined():
    # Two clusters in one point and two in another: the mirror parts both couples and joins their halves.
    assert asymmetry(np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 2, 1, 3]) == pytest.approx(math.sqrt(0.5))


def test_degenerate_clusters():
    assert asymmetry(np.ones((4, 3)), EXCHANGED) == 0
    assert math.isnan(asymmetry(np.zeros((1, 3)), [0]))
    assert math.isnan(asymmetry(np.zeros((0, 3)), []))
    assert math.isnan(asymmetry(np.array([[0.0], [np.nan], [1.0]]), [1, 0, 2]))


def test_principal_components_keep_what_varies_most():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 2)) * (3, 1)
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    points = 4.0 + np.pad(flat, ((0, 0), (0, 4))) @ turn
    coordinates, explained = on_principal_components(points, points)
    assert explained == pytest.approx(1)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (flat, coordinates)]
    np.testing.assert_allclose(*distances, atol=1e-9)
    assert coordinates[:, 0].var() > coordinates[:, 1].var()
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, atol=1e-9)


def test_components_may_be_those_of_other_points():
    others = np.array([[0.0, 1.0, 0.0], [0.0, 5.0, 0.0]])
    coordinates, explained = on_principal_components(np.array([[9.0, 3.0, 0.0], [9.0, 4.0, 1.0]]), others)
    np.testing.assert_allclose(np.abs(coordinates), [[0, 0], [1, 0]], atol=1e-12)
    assert explained == pytest.approx(0.5)


def test_one_dimension_has_one_component_and_no_points_have_none():
    points = np.array([[1.0], [3.0]])
    coordinates, explained = on_principal_components(points, points)
    np.testing.assert_allclose(np.abs(coordinates), [[1, 0], [1, 0]])
    assert explained == 1
    coordinates, explained = on_principal_components(np.zeros((0, 1)), np.zeros((0, 1)))
    assert coordinates.shape == (0, 2)
    assert math.isnan(explained)
