"""The normaliser on a device learns and gives what the one on the host does."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize, sync_envs_normalization

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.symmetry import Mirror, SymmetryGroup
from sb3_memaug.vec_env.running_statistics import TensorOrbitMeanStd
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv
from sb3_memaug.vec_env.vec_normalize import SymmetricTensorVecNormalize, SymmetricVecNormalize
from tests.vec_env.test_steppers import Hidden, make
from tests.vec_env.test_tensor_vec_env import one_of
from tests.vec_env.test_vec_normalize import DescribedRobot

N_ENVS = 8


class RowerByKey(Rower):
    """The same boats; what they do and what they should do under two keys."""

    def __init__(self, num_envs: int = N_ENVS) -> None:
        super().__init__(num_envs)
        box = spaces.Box(-np.inf, np.inf, (3,), np.float32)
        self.observation_space = spaces.Dict(motion=box, task=box)
        self.symmetry_group = SymmetryGroup(
            {
                name: Mirror(dict(zip(("motion", "task"), halves(mirror.observation), strict=True)), mirror.action)
                for name, mirror in self.symmetry_group.generators.items()
            }
        )

    def _observe(self):
        x = super()._observe()
        return {"motion": x[:, :3], "task": x[:, 3:]}


def halves(whole):
    """Of the map of a boat's observation, which mixes none of the first entries with the last."""
    kind = type(whole)
    return kind(whole.permutation[:3], whole.signs[:3]), kind([i - 3 for i in whole.permutation[3:]], whole.signs[3:])


class Orbits(TensorVecEnv):
    """Shows boats of which one oar only ever goes the wrong way, or, when asked, each of them beside its images."""

    def __init__(self) -> None:
        inner = Rower(N_ENVS, probability=1.0)
        super().__init__(4 * N_ENVS, inner.observation_space, inner.action_space)
        self.inner, self.symmetry_group, self.shows_images = inner, inner.symmetry_group, False

    def _shown(self, observations):
        if self.shows_images:
            return self.symmetry_group.observations(observations).flatten(0, 1)
        return observations.repeat(4, 1)

    def _reset(self, seed):
        return self._shown(self.inner.reset_tensors(seed))

    def _step(self, actions):
        step = self.inner.step_tensors(actions[:N_ENVS])
        rewards, terminated, truncated = (x.repeat(4) for x in step[1:4])
        final = self._shown(step.final_observations)
        return TensorStep(self._shown(step.observations), rewards, terminated, truncated, final)


def actions(n_steps=120, n_envs=N_ENVS):
    """Random, but rather ahead, and rather to the left."""
    return th.rand(n_steps, n_envs, 2, generator=th.Generator().manual_seed(0)) * th.tensor([1.0, 0.9]) - 0.1


def life_in_tensors(venv, seed=5, n_steps=120):
    """Observations, rewards, ends and last observations; those of the reset first."""
    yield venv.reset_tensors(seed), None, None, None
    for action in actions(n_steps, venv.num_envs):
        step = venv.step_tensors(action)
        yield step.observations, step.rewards, step.dones, step.final_observations


def life_in_arrays(venv, seed=5, n_steps=120):
    """The same; where no episode ended, no one looks at the last observations."""
    venv.seed(seed)
    yield venv.reset(), None, None, None
    for action in actions(n_steps, venv.num_envs):
        observations, rewards, dones, infos = venv.step(action.numpy())
        final = [info.get("terminal_observation", one_of(observations, i)) for i, info in enumerate(infos)]
        yield observations, rewards, dones, join(final)


def join(observations):
    if isinstance(observations[0], dict):
        return {key: np.stack([observation[key] for observation in observations]) for key in observations[0]}
    return np.stack(observations)


def assert_same_life(ours, theirs, **tolerance):
    ended = 0
    for (seen, rewards, dones, last), (their_seen, their_rewards, their_dones, their_last) in zip(
        ours, theirs, strict=True
    ):
        assert_close(seen, their_seen, **tolerance)
        if rewards is None:
            continue
        assert_close(rewards, their_rewards, **tolerance)
        np.testing.assert_array_equal(dones, their_dones)
        for i in np.flatnonzero(dones):
            assert_close(one_of(last, i), one_of(their_last, i), **tolerance)
            ended += 1
    assert ended >= N_ENVS


def assert_close(a, b, atol=1e-5, rtol=1e-5):
    for key in b if isinstance(b, dict) else [...]:
        assert np.asarray(a[key]).dtype == np.asarray(b[key]).dtype == np.float32
        np.testing.assert_allclose(a[key], b[key], atol=atol, rtol=rtol)


def statistics(venv):
    observations = getattr(venv, "obs_rms", {})
    return [*(observations.values() if isinstance(observations, dict) else [observations]), venv.ret_rms]


def assert_same_statistics(ours, theirs, **tolerance):
    for a, b in zip(statistics(ours), statistics(theirs), strict=True):
        np.testing.assert_allclose(a.mean, b.mean, **tolerance)
        np.testing.assert_allclose(a.var, b.var, **tolerance)
        assert a.count == pytest.approx(b.count)


def assert_identical(one_venv, other):
    assert_same_statistics(one_venv, other, rtol=0, atol=0)


SETTINGS = {
    "all": {},
    "clipped": {"clip_obs": 1.0, "clip_reward": 0.3, "gamma": 0.5, "epsilon": 0.1},
    "observations": {"norm_reward": False},
    "rewards": {"norm_obs": False},
    "not in training": {"training": False},
}


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("world", [lambda: Rower(N_ENVS), RowerByKey], ids=["vector", "dict"])
def test_it_is_the_normaliser_on_the_host(world, settings):
    on_device, through_numpy, on_host = (
        SymmetricVecNormalize(env, **SETTINGS[settings]) for env in (world(), world(), Hidden(world()))
    )
    assert type(on_device) is type(through_numpy) is SymmetricTensorVecNormalize
    assert type(on_host) is SymmetricVecNormalize
    expected = list(life_in_arrays(on_host))
    for ours, life in ((on_device, life_in_tensors), (through_numpy, life_in_arrays)):
        assert_same_life(life(ours), expected)
        assert_same_statistics(ours, on_host, rtol=1e-5, atol=1e-6)


def test_keys_can_be_left_as_they_are():
    on_device, plain = SymmetricVecNormalize(RowerByKey(), norm_obs_keys=["task"]), RowerByKey()
    assert set(on_device.obs_rms) == {"task"}
    for (seen, *_), (raw, *_) in zip(life_in_tensors(on_device), life_in_tensors(plain), strict=True):
        assert th.equal(seen["motion"], raw["motion"])
    assert not th.equal(seen["task"], raw["task"])


def test_only_what_is_shown_is_learned_from():
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    life, plain = list(life_in_tensors(venv)), list(life_in_tensors(Rower(N_ENVS)))
    shown = venv.symmetry_group.observations(th.cat([observations for observations, *_ in plain])).flatten(0, 1)
    assert venv.obs_rms.count == pytest.approx(len(shown) + 1e-4, abs=1e-6)
    np.testing.assert_allclose(venv.obs_rms.mean, shown.double().mean(dim=0), atol=1e-6)
    # The standard normal sample of weight 1e-4 that all statistics start with can be seen where nothing ever moves.
    np.testing.assert_allclose(venv.obs_rms.var, shown.double().var(dim=0, unbiased=False), atol=1e-7, rtol=1e-5)
    # Last observations are normalised by what had been learned when they came.
    latest = venv.normalize_obs(np.asarray(plain[-1][3]))
    np.testing.assert_allclose(life[-1][3], latest, atol=1e-5)


def test_normalising_commutes_with_every_mirror():
    inner = Orbits()
    venv = SymmetricVecNormalize(inner)
    list(life_in_tensors(venv))
    venv.training, inner.shows_images = False, True
    observations = venv.step_tensors(actions(1, venv.num_envs)[0])[0].view(4, N_ENVS, -1)
    mirrored = venv.symmetry_group.observations(observations[0])
    th.testing.assert_close(mirrored, observations, rtol=1e-6, atol=1e-6)
    # It is not that there was nothing to normalise: the boats have never been seen from the other side.
    plain = VecNormalize(Orbits())
    list(life_in_arrays(plain))
    raw = inner._shown(inner.inner._observe()).view(4, N_ENVS, -1).numpy()
    asymmetric = venv.symmetry_group.observations(plain.normalize_obs(raw[0])) - plain.normalize_obs(raw)
    assert np.abs(asymmetric).max() > 0.1


def test_episodes_are_counted_in_rewards_as_they_were():
    venv, plain = SymmetricVecNormalize(Rower(N_ENVS)), Rower(N_ENVS)
    venv.reset_tensors(3)
    plain.reset_tensors(3)
    for action in actions():
        step, raw = venv.step_tensors(action), plain.step_tensors(action)
        assert th.equal(step.episode_returns, raw.episode_returns)
        assert th.equal(step.episode_lengths, raw.episode_lengths)
        assert not th.equal(step.rewards, raw.rewards)


def test_a_reset_through_numpy_forgets_the_discounted_rewards():
    through_numpy, on_device = SymmetricVecNormalize(Rower(4)), SymmetricVecNormalize(Rower(4))
    for _ in range(2):
        through_numpy.reset()
        on_device.reset_tensors()
        for _ in range(5):
            action = th.full((4, 2), 0.5)
            expected, got = on_device.step_tensors(action), through_numpy.step_tensors(action)
            th.testing.assert_close(got.rewards, expected.rewards)
    assert through_numpy.ret_rms.var == pytest.approx(on_device.ret_rms.var)


def test_statistics_stand_still_outside_training():
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    list(life_in_tensors(venv, n_steps=20))
    venv.training = False
    before = pickle.loads(pickle.dumps(venv))
    list(life_in_tensors(venv))
    assert_identical(venv, before)


def test_statistics_of_another_device_are_fetched():
    venv = SymmetricVecNormalize(Rower(4))
    venv.reset_tensors()
    for x in statistics(venv):
        x.device = th.device("meta")
    venv.step_tensors(th.zeros(4, 2))
    assert venv.obs_rms.device == venv.ret_rms.device == th.device("cpu")


def through_a_file(venv, env, folder):
    venv.save(str(folder / "normalizer.pkl"))
    return SymmetricVecNormalize.load(str(folder / "normalizer.pkl"), env)


@pytest.mark.parametrize("world", [Rower, RowerByKey])
def test_a_saved_normaliser_goes_on_where_it_was(world, tmp_path):
    venv = SymmetricVecNormalize(world(N_ENVS), clip_obs=3.0)
    list(life_in_tensors(venv))
    loaded = through_a_file(venv, world(N_ENVS), tmp_path)
    assert type(loaded) is SymmetricTensorVecNormalize
    assert loaded.clip_obs == 3.0
    assert loaded.symmetry_group == venv.symmetry_group
    assert_identical(loaded, venv)
    # A reset forgets the discounted returns, as loading does.
    assert_same_life(life_in_tensors(loaded, seed=9), life_in_tensors(venv, seed=9), rtol=0, atol=0)
    assert_identical(loaded, venv)


def test_it_can_be_loaded_for_another_number_of_environments(tmp_path):
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    list(life_in_tensors(venv))
    loaded = through_a_file(venv, Rower(3), tmp_path)
    assert loaded.num_envs == 3
    count = loaded.obs_rms.count
    list(life_in_tensors(loaded, n_steps=5))
    assert loaded.obs_rms.count == pytest.approx(count + 6 * 3 * 4)


def test_statistics_are_handed_to_an_evaluation_environment():
    venv, evaluation = SymmetricVecNormalize(Rower(N_ENVS)), SymmetricVecNormalize(Rower(N_ENVS), training=False)
    list(life_in_tensors(venv))
    sync_envs_normalization(venv, evaluation)
    assert_identical(evaluation, venv)
    assert all(isinstance(x, TensorOrbitMeanStd) for x in statistics(evaluation))
    venv.training = False
    assert_same_life(life_in_tensors(evaluation), life_in_tensors(venv), rtol=0, atol=0)
    # They are copies.
    venv.training = True
    list(life_in_tensors(venv, n_steps=3))
    assert evaluation.obs_rms.count < venv.obs_rms.count


def test_an_algorithm_learns_from_it_on_the_device():
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    model = make(MemAugRecurrentPPO, venv, n_steps=16, n_epochs=1).learn(3 * 16 * N_ENVS)
    assert isinstance(model._last_obs, th.Tensor)
    assert venv.obs_rms.count == pytest.approx((3 * 16 + 1) * N_ENVS * 4 + 1e-4)
    assert venv.ret_rms.count == pytest.approx(3 * 16 * N_ENVS + 1e-4)
    assert model.get_vec_normalize_env() is venv
    # What it saw is not what the boats saw: a velocity command has deviation 1.
    assert model.rollout_buffer.observations[..., 3].std() == pytest.approx(1.0, abs=0.2)


def test_other_environments_get_the_normaliser_on_the_host():
    assert type(SymmetricVecNormalize(DummyVecEnv([DescribedRobot]))) is SymmetricVecNormalize
    assert not issubclass(SymmetricVecNormalize, TensorVecEnv)


def test_no_group_is_refused():
    class Nameless(Rower):
        def has_attr(self, attr_name):
            return attr_name != "symmetry_group" and super().has_attr(attr_name)

    with pytest.raises(ValueError, match="needs a symmetry group"):
        SymmetricVecNormalize(Nameless(4))
    assert SymmetricVecNormalize(Nameless(4), symmetry=Rower(1).symmetry_group).num_envs == 4


def test_statistics_of_a_plain_normaliser_go_on_in_tensors(tmp_path):
    path = str(tmp_path / "vecnormalize.pkl")
    plain = VecNormalize(Rower(N_ENVS, probability=1.0))
    plain.seed(5)
    plain.reset()
    for action in actions(20):
        plain.step(action.numpy())
    plain.save(path)
    loaded = SymmetricVecNormalize.load(path, Rower(N_ENVS))
    assert type(loaded) is SymmetricTensorVecNormalize
    images = [mirror.observation for mirror in loaded.symmetry_group]
    means = np.stack([image.apply(plain.obs_rms.mean) for image in images])
    variances = np.stack([np.array(image.signs) * image.apply(plain.obs_rms.var) for image in images])
    np.testing.assert_allclose(loaded.obs_rms.mean, means.mean(axis=0), atol=1e-12)
    expected = (variances + means**2).mean(axis=0) - means.mean(axis=0) ** 2
    np.testing.assert_allclose(loaded.obs_rms.var, expected, rtol=1e-12)
    assert loaded.obs_rms.count == len(images) * plain.obs_rms.count
    assert loaded.ret_rms.mean == plain.ret_rms.mean
