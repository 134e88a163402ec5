import os
import subprocess
import sys
import time

import numpy as np
import pytest

from sb3_memaug.envs import rendering as view
from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask

MODULES = {"bullet": "pybullet", "mujoco": "mujoco"}
SIMULATORS = list(MODULES)


@pytest.fixture
def make():
    """Makes environments, and closes them."""
    made = []

    def make(simulator, render_mode="rgb_array"):
        pytest.importorskip(MODULES[simulator])
        made.append(MinitaurEnv(simulator, VelocityTask(), render_mode=render_mode))
        made[-1].reset(seed=0)
        return made[-1]

    yield make
    for env in made:
        env.close()


def place(env, **position):
    state = env.robot.get_state()
    moved = dict(zip("xyz", state.base_position.tolist(), strict=True)) | position
    env.robot.set_state(state._replace(base_position=np.array([moved[axis] for axis in "xyz"])))


def silhouette(env):
    """Where the picture shows the robot or its shadow: what vanishes as it is lifted out of sight."""
    with_robot = env.render().astype(int)
    place(env, z=9.0)
    without = env.render().astype(int)
    return np.abs(with_robot - without).max(axis=2) > 12


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_a_picture_is_an_array_of_its_own(make, simulator):
    env = make(simulator)
    picture = env.render()
    assert picture.shape == (360, 480, 3)
    assert picture.dtype == np.uint8
    kept = picture.copy()
    place(env, z=9.0)
    env.render()
    np.testing.assert_array_equal(picture, kept)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_the_robot_is_framed_and_lit(make, simulator):
    env = make(simulator)
    picture = env.render()
    seen = silhouette(env)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert 30 < rows[0] < rows[-1] < 330
    assert 30 < columns[0] < columns[-1] < 450
    assert columns[-1] - columns[0] > 200
    # Neither black nor blank.
    assert picture[seen].mean() > 40
    assert picture[seen].std() > 20


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_the_camera_follows_the_robot(make, simulator):
    env = make(simulator)
    place(env, x=4.0, y=-3.0)
    rows, columns = np.nonzero(silhouette(env))
    assert 100 < rows.mean() < 260
    assert 180 < columns.mean() < 300


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_looking_changes_nothing(make, simulator):
    seen = []
    for render_mode in (None, "rgb_array"):
        env = make(simulator, render_mode)
        observations = []
        for action in np.random.default_rng(0).uniform(-1, 1, (5, 8)):
            observations.append(env.step(action)[0])
            env.render()
        seen.append(observations)
    np.testing.assert_array_equal(*seen)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_without_a_render_mode_there_is_no_picture(make, simulator):
    assert make(simulator, render_mode=None).render() is None


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_two_cameras_do_not_mix_and_close_apart(make, simulator):
    env, other = make(simulator), make(simulator)
    place(other, z=9.0)
    first, empty = env.render(), other.render()
    assert (first != empty).any()
    np.testing.assert_array_equal(env.render(), first)
    other.close()
    np.testing.assert_array_equal(env.render(), first)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
@pytest.mark.parametrize("simulator", SIMULATORS)
def test_a_window_without_a_screen_is_refused(make, simulator, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(RuntimeError, match="needs a screen"):
        make(simulator, render_mode="human")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_mujoco_draws_without_a_screen_even_if_it_was_imported_for_one():
    pytest.importorskip("mujoco")
    code = (
        "import mujoco\n"
        "from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv\n"
        "from sb3_memaug.envs.tasks import VelocityTask\n"
        "env = MinitaurEnv('mujoco', VelocityTask(), render_mode='rgb_array')\n"
        "env.reset(seed=0)\n"
        "print(env.render().std() > 10)\n"
        "env.close()\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "MUJOCO_GL")}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert result.stdout.split() == ["True"], result.stderr


def test_a_window_shows_each_step_and_follows_the_robot(make, monkeypatch):
    viewer_module = pytest.importorskip("mujoco.viewer")
    events = []

    class Window:
        def __init__(self, model, data, **_):
            self.cam = type("Camera", (), {})()

        def lock(self):
            return self

        def __enter__(self):
            events.append("lock")

        def __exit__(self, *_):
            events.append("unlock")

        def sync(self):
            events.append(tuple(self.cam.lookat[:2]))

        def close(self):
            events.append("close")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(viewer_module, "launch_passive", Window)
    monkeypatch.setattr(view.time, "sleep", lambda _: None)
    env = make("mujoco", render_mode="human")
    place(env, x=2.0)
    env.step(np.zeros(8))
    assert env.render() is None
    env.close()
    assert [event for event in events if isinstance(event, str)] == ["lock", "unlock"] * 3 + ["close"]
    looked_at = [event for event in events if not isinstance(event, str)]
    np.testing.assert_allclose(looked_at, [(0, 0), (2, 0), (2, 0)], atol=0.05)


def test_pace_holds_back_to_real_time_and_never_catches_up():
    pace = view.Pace(0.02)
    start = time.perf_counter()
    for _ in range(5):
        pace.wait()
    assert time.perf_counter() - start > 0.075
    time.sleep(0.1)
    late = time.perf_counter()
    pace.wait()
    assert time.perf_counter() - late < 0.015
    pace.wait()
    assert time.perf_counter() - late > 0.015
