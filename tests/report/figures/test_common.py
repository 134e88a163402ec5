"""."""

import numpy as np
import pytest

from sb3_memaug.report.figures.common import (
    NONE_COLOR,
    OTHER_COLORS,
    PLACE_COLORS,
    colours_of_legs,
    label_of,
    motor_of,
    origin_of,
    touchdowns,
    walks_shown,
)
from sb3_memaug.report.style import POLICY_COLORS

from .behaviour_tables import BACK, ENV, LEFT, RIGHT, pd, run_tables, walk

FEET = {"front_left": [1, 0, 1]}


def shown(*walks):
    return walks_shown(pd.concat(walks, ignore_index=True))


def test_of_nothing_nothing_is_shown():
    assert walks_shown(run_tables().trajectories) == {}


def test_a_foot_touches_down_where_it_was_off_the_ground_before():
    assert touchdowns(np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)).tolist() == [3, 6]
    assert touchdowns(np.array([1], dtype=bool)).tolist() == []


def test_the_first_id_variation_is_shown_and_the_last_ood_one():
    ood = {"split": "ood"}
    found = shown(walk(FEET), walk(FEET, **ood, variation=BACK), walk(FEET, **ood, variation=RIGHT))
    assert {key: rows["variation"].unique().tolist() for key, rows in found.items()} == {
        (ENV, "id"): [LEFT],
        (ENV, "ood"): [RIGHT],
    }


def test_each_policy_is_shown_after_its_first_training_seed():
    found = shown(
        walk(FEET, training_seed=2),
        walk(FEET, training_seed=1),
        walk(FEET, policy="memory-id", training_seed=3),
    )
    runs = found[ENV, "id"][["policy", "training_seed"]].drop_duplicates().to_numpy().tolist()
    assert runs == [["memory-aug", 1], ["memory-id", 3]]
    assert origin_of(found[ENV, "id"]).endswith("each is of its first training seed (1 and 3).")


def test_all_policies_start_alike():
    found = shown(
        walk(FEET, seed=1000),
        walk(FEET, seed=1001),
        walk(FEET, policy="memory-id", seed=1001),
        walk(FEET, policy="memory-id", seed=1002),
    )
    rows = found[ENV, "id"]
    assert rows["policy"].tolist() == ["memory-aug"] * 3 + ["memory-id"] * 3
    assert rows["seed"].unique().tolist() == [1001]
    assert f"({LEFT}, seed 1001)" in origin_of(rows)


def test_captions_tell_the_mirror():
    rows = walk(FEET).assign(mirror="left_right")
    assert f"({LEFT}, seed 1000, mirrored by left_right)" in origin_of(rows)


@pytest.mark.parametrize(
    ("name", "motor", "label"),
    [
        ("motor_front_leftL_joint", "L", "front left L"),
        ("motor_back_rightR_joint", "R", "back right R"),
        ("payload_front_left", "", "front left"),
        ("front_left", "", "front left"),
        ("LF_FOOT", "", "LF FOOT"),
        ("none", "", "none"),
    ],
)
def test_names_are_read_for_people(name, motor, label):
    assert motor_of(name) == motor
    assert label_of(name) == label


def test_what_belongs_to_a_leg_has_its_colour():
    names = ["none", "motor_front_leftL_joint", "payload_front_left", "front_left", "LF_FOOT", "RF_FOOT"]
    grey, *left, first, second = colours_of_legs(names).values()
    assert grey == NONE_COLOR
    assert left == [PLACE_COLORS["front left"]] * 3
    assert (first, second) == OTHER_COLORS[:2]


def test_no_leg_has_the_colour_of_a_policy():
    assert not set(POLICY_COLORS.values()) & {*PLACE_COLORS.values(), *OTHER_COLORS, NONE_COLOR}
