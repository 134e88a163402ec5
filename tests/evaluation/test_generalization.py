import csv

import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation import Result, evaluate_generalization, mean_return, read_csv, split_table, write_csv
from sb3_memaug.evaluation.figures import leg_of, returns_by_leg
from sb3_memaug.evaluation.table import success_rate, variation_noun

pytest.importorskip("mujoco")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
POSITION = "MemAug/MinitaurPosition-MuJoCo-v0"


class Still:
    """A policy that stands; it is equivariant, so mirrored episodes must give the same return."""

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return np.zeros((len(observation), 8), np.float32), state


def result(policy="a", split="id", variation="motor_front_leftL_joint", value=1.0, **kwargs):
    fields = {"env": "E", "seed": 0, "mirror": "identity", "deterministic": True, "length": 5, "terminated": False}
    return Result(policy=policy, split=split, variation=variation, episode_return=value, **{**fields, **kwargs})


def test_seeds_are_paired_and_commands_balanced():
    results = list(evaluate_generalization(Still(), ENV, "still", n_episodes=7, seed=5))
    assert len(results) == 9 * 8
    by_task = {}
    for r in results:
        by_task.setdefault(r.variation, []).append((r.seed, r.mirror))
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
        mean_return(results, variation=f"motor_{leg}{side}_joint")
        for leg, side in (("front_left", "L"), ("front_right", "R"), ("back_left", "L"), ("back_right", "R"))
    ]
    assert outer == pytest.approx([outer[0]] * 4, abs=1e-6)


def test_an_equivariant_policy_does_as_well_with_a_payload_on_every_corner():
    results = list(evaluate_generalization(Still(), "MemAug/MinitaurPositionPayload-MuJoCo-v0", "still", n_episodes=4))
    names = ["none", *(f"payload_{leg}" for leg in ("front_left", "back_left", "front_right", "back_right"))]
    assert list(dict.fromkeys(r.variation for r in results)) == names
    none, *loaded = [mean_return(results, variation=name) for name in names]
    assert loaded == pytest.approx([loaded[0]] * 4, abs=1e-6)
    assert none != pytest.approx(loaded[0], abs=1e-3)


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


def test_a_position_task_tells_how_far_from_the_target_an_episode_ended():
    results = list(evaluate_generalization(Still(), POSITION, "still", n_episodes=8, seed=3))
    assert all(0.4 < r.distance < 1.6 for r in results)
    # An equivariant policy ends as far from a target as from its mirror image.
    assert [r.distance for r in results[1:4]] == pytest.approx([results[0].distance] * 3, abs=1e-6)
    assert results[4].distance != pytest.approx(results[0].distance, abs=1e-3)
    assert success_rate(results) == 0


def test_success_is_to_be_near_and_upright():
    results = [
        result(distance=0.25),
        result(distance=0.26),
        result(distance=0.1, terminated=True),
        result(distance=0.0),
        result(split="ood", distance=0.1),
    ]
    assert success_rate(results, split="id") == 0.5
    assert success_rate(results) == 0.6
    assert np.isnan(success_rate([result()]))
    assert split_table(results).splitlines()[2].split("|")[4:6] == [" 1.0 (50% there) ", " 1.0 (100% there) "]


@pytest.mark.parametrize(
    ("named", "noun"),
    [
        (["motor_front_leftL_joint"], "failure"),
        (["payload_front_left", "payload_back_left"], "payload"),
        (["payload_front_left", "motor_front_leftL_joint"], "variation"),
        ([], "variation"),
    ],
)
def test_tables_name_what_varies(named, noun):
    results = [result(variation=name) for name in named] + [result(split="none", variation="none")]
    assert variation_noun(results) == noun
    assert f"no {noun}" in split_table(results)


def test_csv_holds_every_episode(tmp_path):
    results = [result(value=1.5), result(split="ood", terminated=True), result(distance=0.125)]
    path = write_csv(results, tmp_path / "new" / "results.csv")
    rows = list(csv.DictReader(path.open()))
    assert [row["episode_return"] for row in rows] == ["1.5", "1.0", "1.0"]
    assert [row["distance"] for row in rows] == ["", "", "0.125"]
    assert rows[1]["terminated"] == "True"
    assert [file.name for file in path.parent.iterdir()] == ["results.csv"]
    assert read_csv(path) == results


def test_csv_written_without_distances_is_read(tmp_path):
    path = write_csv([result(value=1.5)], tmp_path / "results.csv")
    path.write_text("\n".join(line.removesuffix(",distance").removesuffix(",") for line in path.read_text().split()))
    assert read_csv(path) == [result(value=1.5)]


def test_legs():
    assert leg_of("motor_front_leftL_joint") == "front left"
    assert leg_of("payload_back_right") == "back right"
    assert leg_of("LF_HAA") == "LF_HAA"


def test_figure_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    results = [
        result(policy, split, variation, value, env=env)
        for policy, value in (("a", 1.0), ("b", 2.0))
        for env, split, variation in (
            ("E", "none", "none"),
            ("E", "id", "motor_front_leftL_joint"),
            ("E", "ood", "motor_back_rightR_joint"),
            ("F", "ood", "payload_back_left"),
        )
    ]
    path = returns_by_leg(results, tmp_path / "figure.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 5000
