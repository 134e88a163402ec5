import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize, sync_envs_normalization

from sb3_memaug.files import InputError
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from sb3_memaug.vec_env.vec_normalize import SymmetricVecNormalize

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
    """Observations before they were normalised, those of the reset first."""
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
    """How far mirroring a normalised observation is from normalising the mirrored one."""
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


def test_normalising_commutes_with_every_mirror():
    venv = make(symmetry=GROUP)
    drive(venv)
    assert asymmetry(venv) < 1e-6


def test_a_plain_normaliser_does_not_commute():
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


def test_observations_are_normalised_by_these_statistics():
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


def test_dict_observations_are_normalised_by_key():
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


def test_observations_need_not_be_normalised():
    venv = make(symmetry=GROUP, norm_obs=False)
    raw = drive(venv)[-1]
    np.testing.assert_array_equal(venv.normalize_obs(raw), raw)
    assert venv.symmetry_group == GROUP


@pytest.mark.parametrize(("env_class", "group"), [(LameRobot, GROUP), (LameRobotByKey, BY_KEY)])
def test_a_saved_normaliser_goes_on_where_it_was(tmp_path, env_class, group):
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


def test_statistics_of_a_plain_normaliser_become_those_of_the_orbit(tmp_path):
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
        with pytest.raises(InputError, match=r"vecnormalize\.pkl: expected a saved normaliser, got \w+"):
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
