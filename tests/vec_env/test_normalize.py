"""Statistics of observations and their mirror images, on the host, and the same in tensors on a device."""

from __future__ import annotations

import pickle

import gymnasium as gym
import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize, sync_envs_normalization

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.files import InputError
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from sb3_memaug.vec_env.normalize import SymmetricTensorVecNormalize, SymmetricVecNormalize
from sb3_memaug.vec_env.statistics import TensorOrbitMeanStd
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv
from tests.vec_env.test_steppers import Hidden
from tests.vec_env.test_steppers import make as make_model
from tests.vec_env.test_tensor_vec_env import one_of

#: Observations are (x, y, left, right), actions the torques of left and right.
GROUP = SymmetryGroup(
    {
        "left_right": Mirror(SignedPermutation([0, 1, 3, 2], [1, -1, 1, 1]), SignedPermutation([1, 0])),
        "front_back": Mirror(SignedPermutation([0, 1, 2, 3], [-1, 1, -1, -1]), SignedPermutation([0, 1], [-1, -1])),
    }
)
BY_KEY = SymmetryGroup(
    {
        "left_right": Mirror(
            {"feet": SignedPermutation([1, 0]), "y": SignedPermutation([0], [-1])}, SignedPermutation([1, 0])
        )
    }
)


class LameRobot(gym.Env):
    """Drags one leg: what it observes is anything but symmetric."""

    observation_space: spaces.Space = spaces.Box(-np.inf, np.inf, (4,), np.float32)
    action_space = spaces.Box(-1, 1, (2,), np.float32)

    def _observe(self):
        return self.np_random.normal([1.0, -2.0, 0.5, 30.0], [1.0, 0.1, 2.0, 9.0]).astype(np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._observe(), {}

    def step(self, action):
        return self._observe(), float(self.np_random.normal()), False, False, {}


class LameRobotByKey(LameRobot):
    observation_space = spaces.Dict(
        feet=spaces.Box(-np.inf, np.inf, (2,), np.float32), y=spaces.Box(-np.inf, np.inf, (1,), np.float32)
    )

    def _observe(self):
        x = super()._observe()
        return {"feet": x[2:], "y": x[1:2]}


class DescribedRobot(LameRobot):
    symmetry_group = GROUP


def drive(venv, n_steps=50):
    """Observations before they were normalized, those of the reset first."""
    venv.seed(0)
    venv.reset()
    seen = [venv.get_original_obs()]
    for _ in range(n_steps):
        venv.step(np.zeros((venv.num_envs, 2)))
        seen.append(venv.get_original_obs())
    return seen


def make(env_class=LameRobot, normalizer=SymmetricVecNormalize, n_envs=3, **kwargs):
    return normalizer(DummyVecEnv([env_class] * n_envs), **kwargs)


def asymmetry(venv, group=GROUP):
    """How far mirroring a normalized observation is from normalizing the mirrored one."""
    x = np.random.default_rng(1).normal([1.0, -2.0, 0.5, 30.0], [1.0, 0.1, 2.0, 9.0], (100, 4))
    mirrored, normalized = group.observations(x), group.observations(venv.normalize_obs(x))
    return max(np.abs(venv.normalize_obs(a) - b).max() for a, b in zip(mirrored, normalized, strict=True))


def moments(values, images):
    """Of all images of all values, after the 1e-4 of a standard normal sample that the statistics start with."""
    orbit = np.concatenate([image.apply(values) for image in images]).astype(np.float64)
    n, prior = len(orbit), 1e-4
    mean = orbit.sum(axis=0) / (n + prior)
    square = ((orbit**2).sum(axis=0) + prior) / (n + prior)
    return mean, square - mean**2, n + prior


def test_normalizing_commutes_with_every_mirror():
    venv = make(symmetry=GROUP)
    drive(venv)
    assert asymmetry(venv) < 1e-6


def test_a_plain_normalizer_does_not_commute():
    venv = make(normalizer=VecNormalize)
    drive(venv)
    assert asymmetry(venv) > 1


def test_statistics_are_those_of_the_whole_orbit():
    venv = make(symmetry=GROUP)
    seen = np.concatenate(drive(venv))
    mean, variance, count = moments(seen, [mirror.observation for mirror in GROUP])
    np.testing.assert_allclose(venv.obs_rms.mean, mean, atol=1e-6)
    np.testing.assert_allclose(venv.obs_rms.var, variance, rtol=1e-6)
    assert venv.obs_rms.count == pytest.approx(count)
    # What two mirrors exchange is alike, and what one of them negates has no mean.
    np.testing.assert_allclose(venv.obs_rms.mean, 0, atol=1e-6)
    assert venv.obs_rms.var[2] == pytest.approx(venv.obs_rms.var[3])


def test_observations_are_normalized_by_these_statistics():
    venv = make(symmetry=GROUP, clip_obs=2.0)
    raw = drive(venv)[-1]
    expected = np.clip((raw - venv.obs_rms.mean) / np.sqrt(venv.obs_rms.var + venv.epsilon), -2.0, 2.0)
    np.testing.assert_allclose(venv.normalize_obs(raw), expected, rtol=1e-6)
    np.testing.assert_allclose(venv.unnormalize_obs(venv.normalize_obs(raw / 100)), raw / 100, atol=1e-5)


def test_the_group_comes_from_the_environments():
    venv = make(DescribedRobot)
    assert venv.symmetry_group == GROUP
    drive(venv)
    assert asymmetry(venv) < 1e-6


def test_dict_observations_are_normalized_by_key():
    venv = make(LameRobotByKey, symmetry=BY_KEY)
    seen = drive(venv)
    for key in ("feet", "y"):
        images = [mirror.observation[key] for mirror in BY_KEY]
        mean, variance, _ = moments(np.concatenate([x[key] for x in seen]), images)
        np.testing.assert_allclose(venv.obs_rms[key].mean, mean, atol=1e-5)
        np.testing.assert_allclose(venv.obs_rms[key].var, variance, rtol=1e-5)
    mirror = BY_KEY["left_right"]
    x = {key: value.astype(np.float64) for key, value in seen[-1].items()}
    for key, value in mirror.apply_observation(venv.normalize_obs(x)).items():
        np.testing.assert_allclose(venv.normalize_obs(mirror.apply_observation(x))[key], value, atol=1e-6)


def test_some_keys_can_be_left_as_they_are():
    venv = make(LameRobotByKey, symmetry=BY_KEY, norm_obs_keys=["feet"])
    raw = drive(venv)[-1]
    assert set(venv.obs_rms) == {"feet"}
    np.testing.assert_array_equal(venv.normalize_obs(raw)["y"], raw["y"])


def test_statistics_stand_still_outside_training():
    venv = make(symmetry=GROUP)
    drive(venv)
    venv.training = False
    before = venv.obs_rms.mean.copy(), venv.obs_rms.count
    drive(venv)
    np.testing.assert_array_equal(venv.obs_rms.mean, before[0])
    assert venv.obs_rms.count == before[1]


def test_observations_need_not_be_normalized():
    venv = make(symmetry=GROUP, norm_obs=False)
    raw = drive(venv)[-1]
    np.testing.assert_array_equal(venv.normalize_obs(raw), raw)
    assert venv.symmetry_group == GROUP


@pytest.mark.parametrize(("env_class", "group"), [(LameRobot, GROUP), (LameRobotByKey, BY_KEY)])
def test_a_saved_normalizer_goes_on_where_it_was(tmp_path, env_class, group):
    venv = make(env_class, symmetry=group)
    drive(venv)
    venv.save(str(tmp_path / "normalizer.pkl"))
    loaded = SymmetricVecNormalize.load(str(tmp_path / "normalizer.pkl"), DummyVecEnv([env_class] * 3))
    assert type(loaded) is SymmetricVecNormalize
    assert loaded.symmetry_group == group
    for one in (venv, loaded):
        last = drive(one)[-1]
    for a, b in zip(_arrays(venv.normalize_obs(last)), _arrays(loaded.normalize_obs(last)), strict=True):
        np.testing.assert_array_equal(a, b)
    if group is GROUP:
        assert asymmetry(loaded) < 1e-6


def _arrays(observation):
    return observation.values() if isinstance(observation, dict) else [observation]


def test_statistics_are_handed_to_an_evaluation_environment():
    venv, evaluation = make(symmetry=GROUP), make(symmetry=GROUP, training=False)
    drive(venv)
    sync_envs_normalization(venv, evaluation)
    np.testing.assert_array_equal(evaluation.obs_rms.mean, venv.obs_rms.mean)
    assert asymmetry(evaluation) < 1e-6


def test_statistics_of_a_plain_normalizer_become_those_of_the_orbit(tmp_path):
    path = str(tmp_path / "vecnormalize.pkl")
    plain = make(DescribedRobot, VecNormalize, clip_obs=3.0, gamma=0.9)
    seen = np.concatenate(drive(plain))
    plain.save(path)
    loaded = SymmetricVecNormalize.load(path, DummyVecEnv([DescribedRobot] * 2))
    mean, variance, count = moments(seen, [mirror.observation for mirror in GROUP])
    # Here four standard normal priors are in it, not one.
    assert loaded.obs_rms.count == pytest.approx(count + 3e-4)
    np.testing.assert_allclose(loaded.obs_rms.mean, mean, atol=1e-5)
    np.testing.assert_allclose(loaded.obs_rms.var, variance, rtol=1e-5)
    # By hand, for two feet that change places and for a number that one mirror negates.
    left, right = plain.obs_rms.mean[2:]
    within = plain.obs_rms.var[2:].mean()
    np.testing.assert_allclose(loaded.obs_rms.var[2:], within + (left**2 + right**2) / 2, rtol=1e-12)
    assert loaded.obs_rms.var[0] == pytest.approx(plain.obs_rms.var[0] + plain.obs_rms.mean[0] ** 2, rel=1e-12)
    for name in ("mean", "var", "count"):
        assert getattr(loaded.ret_rms, name) == getattr(plain.ret_rms, name)
    assert (loaded.clip_obs, loaded.gamma, loaded.training, loaded.symmetry_group) == (3.0, 0.9, True, GROUP)
    assert asymmetry(loaded) < 1e-6
    before = loaded.obs_rms.count
    drive(loaded, n_steps=10)
    assert loaded.obs_rms.count == pytest.approx(before + 11 * 2 * len(GROUP))


def test_so_do_those_of_dict_observations_and_of_given_groups(tmp_path):
    path = str(tmp_path / "vecnormalize.pkl")
    plain = make(LameRobotByKey, VecNormalize, norm_obs_keys=["feet"])
    seen = np.concatenate([x["feet"] for x in drive(plain)])
    plain.save(path)
    venv = DummyVecEnv([LameRobotByKey])
    with pytest.raises(ValueError, match="needs a symmetry group"):
        SymmetricVecNormalize.load(path, venv)
    loaded = SymmetricVecNormalize.load(path, venv, symmetry=BY_KEY)
    assert set(loaded.obs_rms) == {"feet"}
    mean, variance, _ = moments(seen, [mirror.observation["feet"] for mirror in BY_KEY])
    np.testing.assert_allclose(loaded.obs_rms["feet"].mean, mean, rtol=1e-5)
    np.testing.assert_allclose(loaded.obs_rms["feet"].var, variance, rtol=1e-5)

    make(normalizer=VecNormalize, norm_obs=False).save(path)
    loaded = SymmetricVecNormalize.load(path, DummyVecEnv([DescribedRobot]))
    assert not loaded.norm_obs


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "vecnormalize.pkl"
    venv = DummyVecEnv([DescribedRobot])
    make(symmetry=GROUP).save(str(path))
    saved = path.read_bytes()
    for content in (b"", saved[: len(saved) // 2], b"no pickle", b"cno_such_module\nThing\n."):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"vecnormalize\.pkl: expected a saved normalizer, got \w+"):
            SymmetricVecNormalize.load(str(path), venv)
    path.write_bytes(pickle.dumps({"mean": 0}))
    with pytest.raises(InputError, match=r"what `save` of a SymmetricVecNormalize or a VecNormalize writes, got dict"):
        SymmetricVecNormalize.load(str(path), venv)
    make(LameRobotByKey, VecNormalize).save(str(path))
    with pytest.raises(ValueError, match="norm_obs_keys"):
        SymmetricVecNormalize.load(str(path), venv)
    VecNormalize(DummyVecEnv([Larger])).save(str(path))
    with pytest.raises(InputError, match=r"statistics of the shapes \(4,\) as observed, got \(5,\)"):
        SymmetricVecNormalize.load(str(path), venv)
    make(symmetry=GROUP).save(str(path))
    part = SymmetryGroup({"left_right": GROUP.generators["left_right"]})
    with pytest.raises(ValueError, match=r"are those of SymmetryGroup\(.*front_back.*\), but `symmetry` is"):
        SymmetricVecNormalize.load(str(path), venv, symmetry=part)


class Larger(LameRobot):
    observation_space = spaces.Box(-np.inf, np.inf, (5,), np.float32)


def test_no_group_is_refused():
    with pytest.raises(ValueError, match=r"needs a symmetry group: wrap the environments in sb3_memaug\.MirrorSpec"):
        make()


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


def episodes_in_tensors(venv, seed=5, n_steps=120):
    """Observations, rewards, ends and last observations; those of the reset first."""
    yield venv.reset_tensors(seed), None, None, None
    for action in actions(n_steps, venv.num_envs):
        step = venv.step_tensors(action)
        yield step.observations, step.rewards, step.dones, step.final_observations


def episodes_in_arrays(venv, seed=5, n_steps=120):
    """The same; where no episode ended, the last observations do not matter."""
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


def assert_same_episodes(ours, theirs, **tolerance):
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
def test_it_is_the_normalizer_on_the_host(world, settings):
    on_device, through_numpy, on_host = (
        SymmetricVecNormalize(env, **SETTINGS[settings]) for env in (world(), world(), Hidden(world()))
    )
    assert type(on_device) is type(through_numpy) is SymmetricTensorVecNormalize
    assert type(on_host) is SymmetricVecNormalize
    expected = list(episodes_in_arrays(on_host))
    for ours, steps in ((on_device, episodes_in_tensors), (through_numpy, episodes_in_arrays)):
        assert_same_episodes(steps(ours), expected)
        assert_same_statistics(ours, on_host, rtol=1e-5, atol=1e-6)


def test_keys_can_be_left_as_they_are():
    on_device, plain = SymmetricVecNormalize(RowerByKey(), norm_obs_keys=["task"]), RowerByKey()
    assert set(on_device.obs_rms) == {"task"}
    for (seen, *_), (raw, *_) in zip(episodes_in_tensors(on_device), episodes_in_tensors(plain), strict=True):
        assert th.equal(seen["motion"], raw["motion"])
    assert not th.equal(seen["task"], raw["task"])


def test_only_what_is_shown_is_learned_from():
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    steps, plain = list(episodes_in_tensors(venv)), list(episodes_in_tensors(Rower(N_ENVS)))
    shown = venv.symmetry_group.observations(th.cat([observations for observations, *_ in plain])).flatten(0, 1)
    assert venv.obs_rms.count == pytest.approx(len(shown) + 1e-4, abs=1e-6)
    np.testing.assert_allclose(venv.obs_rms.mean, shown.double().mean(dim=0), atol=1e-6)
    # The standard normal sample of weight 1e-4 that all statistics start with can be seen where nothing ever moves.
    np.testing.assert_allclose(venv.obs_rms.var, shown.double().var(dim=0, unbiased=False), atol=1e-7, rtol=1e-5)
    # Last observations are normalized by what had been learned when they came.
    latest = venv.normalize_obs(np.asarray(plain[-1][3]))
    np.testing.assert_allclose(steps[-1][3], latest, atol=1e-5)


def test_normalizing_commutes_with_every_mirror_in_tensors():
    inner = Orbits()
    venv = SymmetricVecNormalize(inner)
    list(episodes_in_tensors(venv))
    venv.training, inner.shows_images = False, True
    observations = venv.step_tensors(actions(1, venv.num_envs)[0])[0].view(4, N_ENVS, -1)
    mirrored = venv.symmetry_group.observations(observations[0])
    th.testing.assert_close(mirrored, observations, rtol=1e-6, atol=1e-6)
    # It is not that there was nothing to normalize: the boats have never been seen from the other side.
    plain = VecNormalize(Orbits())
    list(episodes_in_arrays(plain))
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


def test_statistics_stand_still_outside_training_in_tensors():
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    list(episodes_in_tensors(venv, n_steps=20))
    venv.training = False
    before = pickle.loads(pickle.dumps(venv))
    list(episodes_in_tensors(venv))
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
def test_a_saved_normalizer_goes_on_where_it_was_in_tensors(world, tmp_path):
    venv = SymmetricVecNormalize(world(N_ENVS), clip_obs=3.0)
    list(episodes_in_tensors(venv))
    loaded = through_a_file(venv, world(N_ENVS), tmp_path)
    assert type(loaded) is SymmetricTensorVecNormalize
    assert loaded.clip_obs == 3.0
    assert loaded.symmetry_group == venv.symmetry_group
    assert_identical(loaded, venv)
    # A reset forgets the discounted returns, as loading does.
    assert_same_episodes(episodes_in_tensors(loaded, seed=9), episodes_in_tensors(venv, seed=9), rtol=0, atol=0)
    assert_identical(loaded, venv)


def test_it_can_be_loaded_for_another_number_of_environments(tmp_path):
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    list(episodes_in_tensors(venv))
    loaded = through_a_file(venv, Rower(3), tmp_path)
    assert loaded.num_envs == 3
    count = loaded.obs_rms.count
    list(episodes_in_tensors(loaded, n_steps=5))
    assert loaded.obs_rms.count == pytest.approx(count + 6 * 3 * 4)


def test_statistics_are_handed_to_an_evaluation_environment_in_tensors():
    venv, evaluation = SymmetricVecNormalize(Rower(N_ENVS)), SymmetricVecNormalize(Rower(N_ENVS), training=False)
    list(episodes_in_tensors(venv))
    sync_envs_normalization(venv, evaluation)
    assert_identical(evaluation, venv)
    assert all(isinstance(x, TensorOrbitMeanStd) for x in statistics(evaluation))
    venv.training = False
    assert_same_episodes(episodes_in_tensors(evaluation), episodes_in_tensors(venv), rtol=0, atol=0)
    # They are copies.
    venv.training = True
    list(episodes_in_tensors(venv, n_steps=3))
    assert evaluation.obs_rms.count < venv.obs_rms.count


def test_an_algorithm_learns_from_it_on_the_device():
    venv = SymmetricVecNormalize(Rower(N_ENVS))
    model = make_model(MemAugRecurrentPPO, venv, n_steps=16, n_epochs=1).learn(3 * 16 * N_ENVS)
    assert isinstance(model._last_obs, th.Tensor)
    assert venv.obs_rms.count == pytest.approx((3 * 16 + 1) * N_ENVS * 4 + 1e-4)
    assert venv.ret_rms.count == pytest.approx(3 * 16 * N_ENVS + 1e-4)
    assert model.get_vec_normalize_env() is venv
    # What it saw is not what the boats saw: a velocity command has deviation 1.
    assert model.rollout_buffer.observations[..., 3].std() == pytest.approx(1.0, abs=0.2)


def test_other_environments_get_the_normalizer_on_the_host():
    assert type(SymmetricVecNormalize(DummyVecEnv([DescribedRobot]))) is SymmetricVecNormalize
    assert not issubclass(SymmetricVecNormalize, TensorVecEnv)


def test_no_group_is_refused_in_tensors():
    class Nameless(Rower):
        def has_attr(self, attr_name):
            return attr_name != "symmetry_group" and super().has_attr(attr_name)

    with pytest.raises(ValueError, match="needs a symmetry group"):
        SymmetricVecNormalize(Nameless(4))
    assert SymmetricVecNormalize(Nameless(4), symmetry=Rower(1).symmetry_group).num_envs == 4


def test_statistics_of_a_plain_normalizer_go_on_in_tensors(tmp_path):
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
