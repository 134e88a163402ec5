import re
import sys

import numpy as np
import pytest
from sb3_contrib import RecurrentPPO

from sb3_memaug.cli import main

from .shown_env import ID, ShownEnv


@pytest.fixture
def play(capsys):
    """Plays, and returns the lines that are printed."""

    def play(*arguments):
        main(["play", *map(str, arguments)])
        return capsys.readouterr().out.splitlines()

    return play


@pytest.fixture
def mistake(capsys):
    """Plays, and returns what is wrong."""

    def mistake(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main(["play", *map(str, arguments)])
        assert exit_.value.code == 2
        return capsys.readouterr().err

    return mistake


def returns(lines):
    return [float(found[1]) for line in lines if (found := re.search(r"return (-?[\d.]+)", line))]


def test_a_window_shows_the_episodes_of_the_seeds(play, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert play(ID, "--episodes", 2, "--seed", 7) == [
        "episode 0: return 0.00, 3 steps",
        "episode 1: return 0.00, 3 steps",
    ]
    env = ShownEnv.latest
    assert (env.render_mode, env.closed) == ("human", True)
    assert env.seeds[-2:] == [7, 8]


def test_a_video_has_a_picture_of_each_step(play, tmp_path):
    imageio = pytest.importorskip("imageio.v3")
    for suffix in ("gif", "mp4"):
        path = tmp_path / "new" / f"shown.{suffix}"
        assert play(ID, "--episodes", 2, "--video", path)[-1] == f"video: {path}"
        brightness = imageio.imread(path).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(brightness, [40, 80, 120] * 2, atol=5)
        assert [file.name for file in path.parent.iterdir() if file.suffix == f".{suffix}"] == [path.name]


def test_random_actions_follow_the_seed(play, tmp_path):
    pytest.importorskip("imageio")
    arguments = (ID, "--agent", "random", "--video", tmp_path / "v.gif", "--episodes", 2)
    first, again = returns(play(*arguments, "--seed", 1)), returns(play(*arguments, "--seed", 1))
    assert first == again != returns(play(*arguments, "--seed", 2))
    assert 0 < max(map(abs, first)) < 3


def test_the_environment_gets_its_arguments(play, tmp_path):
    pytest.importorskip("imageio")
    arguments = (ID, "--agent", "random", "--video", tmp_path / "v.gif")
    single, double = (returns(play(*arguments, "--env-kwargs", f"scale:{scale}")) for scale in (1, 2))
    np.testing.assert_allclose(double, 2 * np.array(single), atol=0.02)


def test_a_model_takes_its_mean_actions(play, tmp_path):
    pytest.importorskip("imageio")
    model = RecurrentPPO("MlpLstmPolicy", ShownEnv(), seed=0, policy_kwargs={"lstm_hidden_size": 8})
    model.save(tmp_path / "model.zip")
    expected = []
    for seed in (5, 6):
        env, state = ShownEnv(), None
        observation, _ = env.reset(seed=seed)
        total = 0.0
        for i in range(3):
            action, state = model.predict(observation, state, np.array([i == 0]), deterministic=True)
            observation, reward, *_ = env.step(action)
            total += reward
        expected.append(total)
    video = ("--video", tmp_path / "v.gif")
    played = play(ID, "--model", tmp_path / "model.zip", "--algo", "ppo_lstm", "--episodes", 2, "--seed", 5, *video)
    np.testing.assert_allclose(returns(played), expected, atol=0.006)


@pytest.mark.parametrize("simulator", ["mujoco", "pybullet"])
@pytest.mark.parametrize("agent", ["zero", "random"])
def test_our_robots_are_filmed_in_both_simulators(simulator, agent, play, short, tmp_path):
    pytest.importorskip(simulator)
    imageio = pytest.importorskip("imageio.v3")
    env = short(f"MemAug/MinitaurVelocity{'-MuJoCo' if simulator == 'mujoco' else ''}-v0", 4)
    (line, _) = play(env, "--agent", agent, "--episodes", 1, "--mirror", "left_right", "--video", tmp_path / "v.mp4")
    assert re.fullmatch(r"episode 0: return -?[\d.]+, 4 steps", line)
    pictures = imageio.imread(tmp_path / "v.mp4").astype(int)
    assert pictures.shape == (4, 360, 480, 3)
    assert (np.abs(pictures[1:] - pictures[:-1]).max(axis=(1, 2, 3)) > 20).all()


def test_motors_fail_and_payloads_lie_on_any_robot(play, short, tmp_path):
    pytest.importorskip("mujoco")
    imageio = pytest.importorskip("imageio.v3")
    (line, _) = play(
        *(short("Ant-v5", 3), "--episodes", 1, "--video", tmp_path / "v.gif"),
        *("--failed-joint", "hip_1,ankle_2", "--payload", "2,0.1,-0.05"),
    )
    assert line.endswith("3 steps, failed joint: hip_1, ankle_2, payload: 2 kg at 0.1, -0.05 m")
    assert len(imageio.imread(tmp_path / "v.gif")) == 3


def test_an_environment_with_failures_of_its_own_keeps_them(play, short, tmp_path):
    pytest.importorskip("mujoco")
    pytest.importorskip("imageio")
    env = short("MemAug/MinitaurVelocityJointFailure-MuJoCo-v0", 1)
    arguments = (env, "--episodes", 1, "--video", tmp_path / "v.gif", "--env-kwargs", "probability:0.0")
    assert play(*arguments)[0].endswith("failed joint: none")
    joint = "motor_back_rightL_joint"
    assert play(*arguments, "--failed-joint", joint)[0].endswith(f"1 steps, failed joint: {joint}")


def test_an_episode_that_ends_before_its_time_says_so(play, short, tmp_path):
    pytest.importorskip("mujoco")
    pytest.importorskip("imageio")
    env = short("Ant-v5", 3)
    arguments = (env, "--episodes", 1, "--video", tmp_path / "v.gif", "--env-kwargs", "healthy_z_range:(5.0, 6.0)")
    assert "1 steps (ended early)" in play(*arguments)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_without_a_screen_there_is_a_video_to_be_had(mistake, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "record a video instead, by --video FILE.mp4" in mistake(ID)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shown-v0"], "did you mean Shown-v0"),
        ([ID, "--model", "nowhere.zip"], "there is no model 'nowhere.zip'"),
        ([ID, "--algo", "ppo"], "--algo tells the algorithm of a model"),
        ([ID, "--model", "model.zip", "--agent", "random"], "not allowed with"),
        ([ID, "--mirror", "left_right"], "cannot start mirrored episodes"),
        ([ID, "--failed-joint", "hip"], "no robot found in ShownEnv"),
        ([ID, "--payload", "1,2"], "expected the numbers mass,x,y, got '1,2'"),
        ([ID, "--env-kwargs", "size:1"], "unexpected keyword argument 'size'"),
        ([ID, "--episodes", "0"], "expected a whole number above zero, got '0'"),
    ],
)
def test_mistakes_are_named(arguments, message, mistake, tmp_path):
    pytest.importorskip("imageio")
    assert message in mistake(*arguments, "--video", tmp_path / "v.gif")


def test_a_video_needs_a_name_that_tells_its_kind(mistake):
    assert "must end in .mp4 or .gif, got 'v.avi'" in mistake(ID, "--video", "v.avi")


def test_unknown_motors_and_mirrors_are_told_with_those_there_are(mistake, tmp_path):
    pytest.importorskip("mujoco")
    pytest.importorskip("imageio")
    video = ("--video", tmp_path / "v.gif")
    assert "'hipp_1' is no motor of the robot; did you mean 'hip_1'" in mistake(
        "Ant-v5", "--failed-joint", "hipp_1", *video
    )
    env = "MemAug/MinitaurVelocity-MuJoCo-v0"
    assert "product of ['left_right', 'front_back']" in mistake(env, "--mirror", "sideways", *video)


def test_a_model_of_other_spaces_is_refused(mistake, tmp_path):
    pytest.importorskip("mujoco")
    pytest.importorskip("imageio")
    RecurrentPPO("MlpLstmPolicy", ShownEnv()).save(tmp_path / "model.zip")
    arguments = ("--model", tmp_path / "model.zip", "--algo", "ppo_lstm", "--video", tmp_path / "v.gif")
    assert "Observation spaces do not match" in mistake("Ant-v5", *arguments)


def test_what_is_simulated_without_a_renderer_is_evaluated_instead(mistake):
    assert "memaug evaluate tells how a model does there" in mistake("MemAug/G1-Velocity-v0", "--video", "g1.mp4")
