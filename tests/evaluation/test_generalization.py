import csv

import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation import Result, evaluate_generalization, mean_return, read_csv, split_table, write_csv
from sb3_memaug.evaluation.figures import leg_of, returns_by_leg
from sb3_memaug.evaluation.generalization import failure_tasks

pytest.importorskip("mujoco")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"


class Still:
    """A policy that stands; it is equivariant, so mirrored episodes must give the same return."""

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return np.zeros((len(observation), 8), np.float32), state


def result(policy="a", split="id", joint="motor_front_leftL_joint", value=1.0, **kwargs):
    fields = {"env": "E", "seed": 0, "mirror": "identity", "deterministic": True, "length": 5, "terminated": False}
    return Result(policy=policy, split=split, failed_joint=joint, episode_return=value, **{**fields, **kwargs})


def test_tasks_are_no_failure_and_both_splits():
    tasks = failure_tasks(ENV)
    assert tasks[0] == ("none", None)
    assert [split for split, _ in tasks] == ["none"] + ["id"] * 2 + ["ood"] * 6
    assert failure_tasks("MemAug/MinitaurVelocity-MuJoCo-v0") == [("none", None)]


def test_seeds_are_paired_and_commands_balanced():
    results = list(evaluate_generalization(Still(), ENV, "still", n_episodes=7, seed=5))
    assert len(results) == 9 * 8
    by_task = {}
    for r in results:
        by_task.setdefault(r.failed_joint, []).append((r.seed, r.mirror))
    starts = next(iter(by_task.values()))
    assert all(value == starts for value in by_task.values())
    assert starts[:5] == [
        (5, "identity"),
        (5, "left_right"),
        (5, "front_back"),
        (5, "left_right*front_back"),
        (6, "identity"),
    ]


def test_an_equivariant_policy_does_as_well_on_every_leg():
    results = list(evaluate_generalization(Still(), ENV, "still", n_episodes=4))
    outer = [
        mean_return(results, failed_joint=f"motor_{leg}{side}_joint")
        for leg, side in (("front_left", "L"), ("front_right", "R"), ("back_left", "L"), ("back_right", "R"))
    ]
    assert outer == pytest.approx([outer[0]] * 4, abs=1e-6)


def test_table_and_means():
    results = [result(value=1.0), result(value=3.0), result(split="ood", value=-1.0), result(policy="b", value=7.0)]
    assert mean_return(results, policy="a", split="id") == 2.0
    assert np.isnan(mean_return(results, split="none"))
    assert split_table(results).splitlines() == [
        "| policy | environment | actions | ID failures | OOD failures |",
        "| ------ | ----------- | ------- | ----------- | ------------ |",
        "| a      | E           | mean    | 2.0         | -1.0         |",
        "| b      | E           | mean    | 7.0         | nan          |",
    ]


def test_csv_holds_every_episode(tmp_path):
    results = [result(value=1.5), result(split="ood", terminated=True)]
    path = write_csv(results, tmp_path / "new" / "results.csv")
    rows = list(csv.DictReader(path.open()))
    assert [row["episode_return"] for row in rows] == ["1.5", "1.0"]
    assert rows[1]["terminated"] == "True"
    assert [file.name for file in path.parent.iterdir()] == ["results.csv"]
    assert read_csv(path) == results


def test_legs():
    assert leg_of("motor_front_leftL_joint") == "front left"
    assert leg_of("none") == "no failure"
    assert leg_of("LF_HAA") == "LF_HAA"


def test_figure_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    results = [
        result(policy, split, joint, value)
        for policy, value in (("a", 1.0), ("b", 2.0))
        for split, joint in (("none", "none"), ("id", "motor_front_leftL_joint"), ("ood", "motor_back_rightR_joint"))
    ]
    path = returns_by_leg(results, tmp_path / "figure.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 5000
