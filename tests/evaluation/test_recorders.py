"""."""

import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation import evaluate_generalization
from sb3_memaug.evaluation.episodes import Episode, SeparateEnvs, run_episodes
from sb3_memaug.evaluation.recorders import Gait, GaitRecorder, record_trajectories
from sb3_memaug.robots import Robot

from .policies import Still


class Dancer(Robot):
    """Whose feet touch the ground as it is written."""

    def __init__(self, feet):
        super().__init__([], [], feet)

    def foot_contacts(self):
        return np.array(self.now, dtype=bool)


class Dance(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (8,), np.float32)

    def __init__(self, contacts, robot=None, dt=0.5):
        self.contacts, self.robot = contacts, robot or Dancer(["left", "right"])
        if dt:
            self.dt = dt

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        self.robot.now = self.contacts[0]
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        self.robot.now = self.contacts[self.steps]
        return np.zeros(1, np.float32), 0.0, False, self.steps + 1 == len(self.contacts), {}


def gaits(*envs):
    watcher = GaitRecorder()
    run_episodes(Still(), SeparateEnvs(envs), [Episode(0, {})] * len(envs), watchers=(watcher,))
    return watcher.gaits


@pytest.mark.parametrize(
    ("contacts", "air_steps", "touchdowns"),
    [
        ([(1, 1), (1, 1)], 0, 0),
        ([(0, 0), (0, 0), (0, 0)], 4, 0),
        ([(0, 0), (1, 0), (1, 0)], 2, 1),
        ([(1, 1), (0, 1), (1, 0), (0, 1), (1, 1)], 3, 3),
        # Where an episode begins, nobody has made a step yet.
        ([(0, 0), (1, 1)], 0, 2),
    ],
)
def test_air_time_and_touchdowns_are_counted(contacts, air_steps, touchdowns):
    assert gaits(Dance(contacts)) == [Gait(0.5 * air_steps, touchdowns)]


def test_each_episode_has_its_own():
    assert gaits(Dance([(0, 0), (0, 1)]), Dance([(1, 1), (0, 0), (1, 1)], dt=0.1)) == [Gait(0.5, 1), Gait(0.2, 2)]


def test_what_nobody_can_tell_is_none():
    one_step = [(0, 0), (1, 0)]
    nothing = Gait(None, None)
    blind = Robot([], [], ["left", "right"])
    assert gaits(Dance(one_step, dt=None), Dance(one_step, blind), Dance(one_step, Dancer([]))) == [
        Gait(None, 1),
        nothing,
        nothing,
    ]
    no_robot = Dance(one_step)
    no_robot.robot = type("Simulation", (), {})()
    assert gaits(no_robot) == [nothing]


def test_a_robot_that_falls_into_its_stance_comes_down_on_each_foot_once():
    pytest.importorskip("mujoco")
    results = list(evaluate_generalization(Still(), "MemAug/MinitaurVelocity-MuJoCo-v0", "still", 4))
    assert all(4 <= row.touchdowns <= 8 for row in results)
    # From 2 cm above the ground it takes 0.064 s.
    assert all(0.04 <= row.air_time < 4 * 0.5 for row in results)
    # Still is equivariant.
    assert len({(row.touchdowns, row.air_time) for row in results}) == 1


def test_gymnasium_tells_nothing_of_the_feet_of_its_robots():
    pytest.importorskip("mujoco")
    with gym.make("Ant-v5", max_episode_steps=2) as env:
        assert gaits(env) == [Gait(None, None)]


pytest.importorskip("mujoco")
pytest.importorskip("pandas")
WHICH = ["env", "policy", "training_seed", "split", "kind", "variation", "joints", "place", "seed", "mirror"]
FEET = ("front_left", "back_left", "front_right", "back_right")


def test_there_is_a_row_for_each_control_step_of_each_variation(short):
    env_id = short("MemAug/MinitaurVelocityJointFailure-MuJoCo-v0", 10)
    table = record_trajectories(Still(), env_id, "still", 3)
    feet = [f"{what}_{foot}" for foot in FEET for what in ("contact", "x", "y")]
    assert list(table.columns) == [*WHICH, "time", "x", "y", "heading", *feet, "target_x", "target_y"]
    assert table["variation"].nunique() == 9
    for _, path in table.groupby("variation"):
        np.testing.assert_allclose(path["time"], 0.04 * np.arange(1, 11))
    assert table[["target_x", "target_y"]].isna().all().all()
    assert table["contact_front_left"].dtype == bool
    assert set(table["training_seed"]) == {3} and set(table["policy"]) == {"still"} and set(table["env"]) == {env_id}
    assert (table["x_front_left"] > 0).all() and (table["y_front_left"] > 0).all() and (table["x_back_right"] < 0).all()


def test_rows_tell_where_the_robot_is(short):
    env_id = short("MemAug/MinitaurPosition-MuJoCo-v0", 5)
    table = record_trajectories(Still(), env_id, "still", 0, seeds=(4, 9))
    assert table["seed"].tolist() == [4] * 5 + [9] * 5
    with gym.make(env_id) as env:
        env.reset(seed=9)
        for _, row in table[table["seed"] == 9].iterrows():
            env.step(np.zeros(8))
            inner = env.unwrapped
            motion, feet = inner.robot.get_motion(), inner.robot.foot_positions()
            assert (row["x"], row["y"], row["heading"]) == (*motion.position[:2], motion.heading)
            assert (row["target_x"], row["target_y"]) == inner.task.target
            np.testing.assert_array_equal([(row[f"x_{foot}"], row[f"y_{foot}"]) for foot in FEET], feet[:, :2])
            assert [row[f"contact_{foot}"] for foot in FEET] == inner.robot.foot_contacts().tolist()


def test_mirrored_episodes_are_seen_in_the_mirror(short):
    env_id = short("MemAug/MinitaurPosition-MuJoCo-v0", 30)
    table = record_trajectories(Still(), env_id, "still", 0, mirrors=("identity", "left_right"))
    one, other = (table[table["mirror"] == mirror].reset_index() for mirror in ("identity", "left_right"))
    for name, image, sign in (
        ("x", "x", 1),
        ("y", "y", -1),
        ("heading", "heading", -1),
        ("target_y", "target_y", -1),
        ("y_front_left", "y_front_right", -1),
        ("contact_back_left", "contact_back_right", 1),
    ):
        np.testing.assert_allclose(other[image], sign * one[name], atol=1e-9)
    assert one["contact_back_left"].any()
    with pytest.raises(ValueError, match=r"cannot start under the mirrors \['up_down'\]"):
        record_trajectories(Still(), env_id, "still", 0, mirrors=("up_down",))


def test_what_is_not_known_of_the_feet_is_left_out(short):
    table = record_trajectories(Still(), short("Ant-v5", 2), "still", 0)
    assert list(table.columns) == [*WHICH, "time", "x", "y", "heading", "target_x", "target_y"]
    np.testing.assert_allclose(table["time"], (0.05, 0.1))


def test_who_tells_too_little_is_refused():
    gym.register("Dance-v0", entry_point=lambda: Dance([(0, 0), (0, 0)], dt=None))
    with pytest.raises(ValueError, match="the length of a control step in s as the attribute `dt` of <Dance"):
        record_trajectories(Still(), "Dance-v0", "still", 0)
    gym.registry.pop("Dance-v0")
    with pytest.raises(ValueError, match="no robot found in PendulumEnv"):
        record_trajectories(Still(), "Pendulum-v1", "still", 0)
