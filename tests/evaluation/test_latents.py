"""."""

import math
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation.latents import asymmetry, on_principal_components, record_latents

from .policies import Counter, Still

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


pytest.importorskip("mujoco")
pytest.importorskip("pandas")
PAYLOAD = "MemAug/MinitaurVelocityPayload-MuJoCo-v0"
MIRRORS = ["left_right", "front_back", "left_right*front_back"]


class Seer:
    """Stands; its latents are what it observes, which a mirror permutes and whose signs it changes."""

    policy = SimpleNamespace(lstm_actor=object())

    def __init__(self, weights=1.0):
        self.weights = weights

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        latents = (self.weights * observation)[None]
        return np.zeros((len(observation), 8), np.float32), (latents, latents)


@pytest.fixture(params=["JointFailure", "Payload"])
def env_id(request, short):
    return short(f"MemAug/MinitaurVelocity{request.param}-MuJoCo-v0", 23)


def test_an_equivariant_policy_is_symmetric_and_another_one_is_not(env_id):
    _, symmetry = record_latents(Seer(), env_id, "seer", 3, seeds=(5,), from_step=10)
    which = ["env", "policy", "training_seed", "mirror"]
    assert list(symmetry.columns) == [*which, "asymmetry", "explained_variance", "pairs"]
    assert symmetry["mirror"].tolist() == MIRRORS
    np.testing.assert_allclose(symmetry["asymmetry"], 0, atol=1e-6)
    assert symmetry["explained_variance"].between(0.2, 1).all()
    assert (symmetry["env"] == env_id).all() and (symmetry["training_seed"] == 3).all()

    with gym.make(env_id) as env:
        n_observed = env.observation_space.shape
    biased = Seer(np.random.default_rng(0).uniform(0, 5, n_observed))
    _, symmetry = record_latents(biased, env_id, "biased", 3, seeds=(5,), from_step=10)
    assert (symmetry["asymmetry"] > 0.01).all()
    assert (symmetry["asymmetry"] <= 1).all()


def test_pairs_are_told_once_each():
    _, symmetry = record_latents(Seer(), PAYLOAD, "seer", 3, seeds=(5,), from_step=124)
    corners = [
        ("front_left", "back_left", "front_right", "back_right"),
        ("front_right", "back_right", "front_left", "back_left"),
        ("back_left", "front_left", "back_right", "front_right"),
        ("back_right", "front_right", "back_left", "front_left"),
    ]
    for pairs, images in zip(symmetry["pairs"], corners[1:], strict=True):
        told = {tuple(pair.split(":")) for pair in pairs.split(";")}
        expected = {tuple(sorted(pair)) for pair in zip(corners[0], images, strict=True)}
        assert {tuple(sorted(name.removeprefix("payload_") for name in pair)) for pair in told} == expected
        assert len(told) == 2


def test_points_are_of_every_variation_under_every_mirror_at_the_steps_asked_for(env_id):
    points, _ = record_latents(Counter(), env_id, "counter", 3, seeds=(5, 8), from_step=4, every=6)
    which = [
        "env",
        "policy",
        "training_seed",
        "split",
        "kind",
        "variation",
        "joints",
        "place",
        "seed",
        "mirror",
        "step",
    ]
    assert list(points.columns) == [*which, "pc1", "pc2"]
    variations = points.drop_duplicates(["split", "variation"])
    assert set(variations["split"]) == {"none", "id", "ood"}
    for _, episode in points.groupby(["variation", "seed", "mirror"]):
        assert episode["step"].tolist() == [4, 10, 16, 22]
    assert len(points) == len(variations) * 2 * 4 * 4
    # A counter counts the same in all variations, and that is all it does.
    np.testing.assert_allclose(points[["pc1", "pc2"]], 0, atol=1e-6)


def test_what_all_variations_have_in_common_is_subtracted(env_id):
    points, _ = record_latents(Seer(), env_id, "seer", 3, seeds=(5, 8), from_step=4, every=6)
    common = points.groupby(["seed", "mirror", "step"])[["pc1", "pc2"]].mean()
    np.testing.assert_allclose(common - common.mean(), 0, atol=1e-6)
    assert points["pc1"].std() > 0.01


def test_the_last_layer_is_what_is_recorded():
    points, _ = record_latents(Counter(), "Pendulum-v1", "counter", 3, seeds=(5,), from_step=4, every=6)
    # It counts steps, on three axes alike; the first layer stays at zero.
    steps = points["step"] - points["step"].mean()
    np.testing.assert_allclose(np.abs(points["pc1"]), np.sqrt(3) * np.abs(steps), rtol=1e-5)
    np.testing.assert_allclose(points["pc2"], 0, atol=1e-4)


def test_episodes_that_end_too_early_leave_no_points(env_id):
    points, symmetry = record_latents(Counter(), env_id, "counter", 3, seeds=(5,), from_step=50)
    assert points.empty
    assert "pc2" in points
    assert symmetry["asymmetry"].isna().all() and len(symmetry) == 3


def test_without_mirrors_and_variations_there_are_points_alone():
    pendulum = SimpleNamespace(
        policy=Counter.policy,
        predict=lambda observation, **kwargs: (np.zeros((len(observation), 1), np.float32), (observation[None],) * 2),
    )
    points, symmetry = record_latents(pendulum, "Pendulum-v1", "p", 0, seeds=(1,), from_step=198, every=1)
    assert points["step"].tolist() == [198, 199]
    assert symmetry.empty
    assert "asymmetry" in symmetry


def test_a_policy_without_memory_is_refused():
    with pytest.raises(ValueError, match="the policy of this Still has no LSTM"):
        record_latents(Still(), "Pendulum-v1", "still", 0)
