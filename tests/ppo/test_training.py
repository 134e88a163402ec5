import gc
import json
import shutil
import weakref
from zipfile import ZipFile

import numpy as np
import pytest
import torch as th
from stable_baselines3.common.callbacks import BaseCallback, CheckpointCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecFrameStack

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from tests.ppo.worlds import ACTIONS, OBSERVATIONS, random_worlds

POLICIES = {MemAugRecurrentPPO: "MlpLstmPolicy", SymmetricPPO: "MlpPolicy"}
both = pytest.mark.parametrize("algorithm", POLICIES)


def small(algorithm, env=None, **kwargs):
    return algorithm(
        POLICIES[algorithm],
        env or random_worlds(4),
        **{"n_steps": 16, "batch_size": 32, "n_epochs": 2, "seed": 0, **kwargs},
    )


@both
def test_same_seed_same_policy(algorithm):
    first, second = (small(algorithm).learn(192).policy.state_dict() for _ in range(2))
    assert all(th.equal(first[name], second[name]) for name in first)


@both
def test_save_and_load(algorithm, tmp_path):
    model = small(algorithm, desired_kl=0.01, mirror_loss_coef=0.5).learn(256)
    model.save(tmp_path / "robot")
    observation = np.ones((4, 4), dtype=np.float32)
    expected, _ = model.predict(observation, deterministic=True)

    alone = algorithm.load(tmp_path / "robot")
    assert alone.symmetry_group == model.symmetry_group
    assert alone.mirror_loss_coef == 0.5
    assert alone.adaptive_rate == model.adaptive_rate
    np.testing.assert_array_equal(alone.predict(observation, deterministic=True)[0], expected)

    again = algorithm.load(tmp_path / "robot", random_worlds(4))
    assert again.symmetry_group == model.symmetry_group
    again.learn(128, reset_num_timesteps=False)
    assert again.num_timesteps == 384


@both
def test_labels_as_numbers_train_as_labels_do(algorithm):
    """The mirror of a MultiDiscrete space is one map, however it is written."""
    seen = Mirror(OBSERVATIONS["vector"][1], ACTIONS["multidiscrete"][1])
    as_numbers = Mirror(seen.observation, SignedPermutation([1, 0], [-1, -1], [1, 1]))
    first, second = (
        small(
            algorithm,
            random_worlds(4, action="multidiscrete"),
            symmetry=SymmetryGroup({"left_right": mirror}),
            mirror_loss_coef=1.0,
        )
        .learn(128)
        .policy.state_dict()
        for mirror in (seen, as_numbers)
    )
    assert all(th.equal(first[name], second[name]) for name in first)


def test_saved_model_holds_no_rollout(tmp_path):
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(4), n_steps=16, n_epochs=1).learn(64)
    model.save(tmp_path / "robot")
    loaded = MemAugRecurrentPPO.load(tmp_path / "robot", random_worlds(4))
    assert not hasattr(loaded, "_rollout")
    assert all((x == 0).all() for pair in loaded._last_mirrored_lstm_states[0] for x in pair)


@pytest.mark.parametrize("way", ["carried", "zeroed", "copied"])
def test_the_way_to_remember_is_saved(way, tmp_path):
    small(MemAugRecurrentPPO, mirrored_memory=way).learn(64).save(tmp_path / "robot")
    assert MemAugRecurrentPPO.load(tmp_path / "robot").mirrored_memory == way
    assert MemAugRecurrentPPO.load(tmp_path / "robot", mirrored_memory="zeroed").mirrored_memory == "zeroed"
    with pytest.raises(ValueError, match=r"`mirrored_memory` must be .* got 'forgotten'"):
        MemAugRecurrentPPO.load(tmp_path / "robot", mirrored_memory="forgotten")


def test_a_model_saved_before_there_was_a_choice_carries_its_memory(tmp_path):
    small(MemAugRecurrentPPO, mirrored_memory="copied").learn(64).save(tmp_path / "new")
    with ZipFile(tmp_path / "new.zip") as new, ZipFile(tmp_path / "old.zip", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "data":
                settings = json.loads(content)
                del settings["mirrored_memory"]
                content = json.dumps(settings).encode()
            old.writestr(name, content)
    model = MemAugRecurrentPPO.load(tmp_path / "old", random_worlds(4))
    assert model.mirrored_memory == "carried"
    model.learn(64)


def test_predict_carries_the_memory():
    model = small(MemAugRecurrentPPO).learn(64)
    observation = np.ones((2, 4), dtype=np.float32)
    first, state = model.predict(observation, episode_start=np.array([True, True]), deterministic=True)
    second, _ = model.predict(observation, state=state, episode_start=np.array([False, True]), deterministic=True)
    assert not np.array_equal(second[0], first[0])
    np.testing.assert_array_equal(second[1], first[1])


@both
def test_callbacks_see_what_they_look_for(algorithm, tmp_path):
    seen = set()

    class Looks(BaseCallback):
        def _on_step(self):
            seen.update(self.locals)
            return self.num_timesteps < 100

    small(algorithm).learn(256, callback=[Looks(), CheckpointCallback(8, str(tmp_path))])
    assert {"new_obs", "rewards", "dones", "infos"} <= seen
    assert len(list(tmp_path.iterdir())) == 3


def test_progress_bar():
    pytest.importorskip("tqdm")
    pytest.importorskip("rich")
    model = small(MemAugRecurrentPPO)
    model.learn(128, progress_bar=True)
    assert model.num_timesteps == 128


@both
def test_tensorboard_gets_what_is_logged_of_the_images(algorithm, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    small(algorithm, tensorboard_log=str(tmp_path)).learn(256)
    (run,) = tmp_path.iterdir()
    assert run.name == f"{algorithm.__name__}_1"
    events = accumulator.EventAccumulator(str(run))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert "train/mirror_equivariance_error" in tags
    assert "train/mirror_first_ratio" in tags


@both
def test_adaptive_rate_owns_the_learning_rate(algorithm):
    model = small(algorithm, desired_kl=1e-9, learning_rate=1e-3).learn(128)
    # Of 2 · 2 · 2 gradient steps (updates, epochs, minibatches) the first of each update sees an unmoved policy.
    assert model.adaptive_rate.rate == pytest.approx(1e-3 * 1.5**2 / 1.5**6)
    assert model.policy.optimizer.param_groups[0]["lr"] == model.adaptive_rate.rate
    once = small(algorithm, desired_kl=1e-9, learning_rate=1e-3, adapt_rate="update").learn(128)
    assert once.adaptive_rate.rate == pytest.approx(1e-3 / 1.5**2)


@both
def test_target_kl_stops_an_update_early(algorithm):
    model = small(algorithm, target_kl=1e-12, n_epochs=5, learning_rate=1e-2).learn(64)
    assert model._n_updates == 1


def test_stacked_frames_do_not_fit_the_group_of_single_ones():
    with pytest.raises(ValueError, match=r"has 4 entries, but the space .*12"):
        small(MemAugRecurrentPPO, VecFrameStack(random_worlds(4), 3))


@both
def test_evaluate_policy(algorithm):
    model = small(algorithm).learn(64)
    mean, _ = evaluate_policy(model, random_worlds(2, seed=9), n_eval_episodes=4, warn=False)
    assert np.isfinite(mean)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler")
@both
def test_compiled_heads_learn_the_same(algorithm, tmp_path):
    plain, compiled = (small(algorithm, compile=on).learn(128) for on in (False, True))
    for a, b in zip(plain.policy.parameters(), compiled.policy.parameters(), strict=True):
        th.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    compiled.save(tmp_path / "robot")
    assert algorithm.load(tmp_path / "robot").compile


@both
def test_bfloat16_computes_the_networks_only(algorithm):
    model = small(algorithm, autocast="bf16").learn(128)
    assert all(p.dtype == th.float32 for p in model.policy.parameters())
    exact = small(algorithm).learn(128)
    for a, b in zip(model.policy.parameters(), exact.policy.parameters(), strict=True):
        th.testing.assert_close(a, b, atol=5e-3, rtol=0)
    assert any(not th.equal(a, b) for a, b in zip(model.policy.parameters(), exact.policy.parameters(), strict=True))


def test_one_environment_and_one_step_per_sequence():
    small(MemAugRecurrentPPO, random_worlds(1), sequence_length=1, batch_size=4).learn(48)


def test_minibatches_are_whole_sequences_of_about_the_asked_size():
    model = small(MemAugRecurrentPPO, random_worlds(8, end=0.0), batch_size=32).learn(128)
    assert [len(m.advantages) for m in model._minibatches()] == [32] * 4


def test_a_rollout_keeps_states_only_where_a_sequence_can_start():
    model = small(MemAugRecurrentPPO, sequence_length=5).learn(64)
    assert len(model.rollout_buffer.lstm_states) == 4
    assert not hasattr(model.rollout_buffer, "hidden_states_pi")


@pytest.mark.parametrize("algorithm", [MemAugRecurrentPPO, SymmetricPPO])
def test_a_model_is_freed_with_its_last_name(algorithm):
    model = small(algorithm)
    seen = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert seen() is None
    finally:
        gc.enable()
