import numpy as np
import pytest

from sb3_memaug.report.figures.common import (
    NONE_COLOR,
    OTHER_COLORS,
    PLACE_COLORS,
    foot_places,
    origin_of,
    place_colors,
    short_labels,
    touchdowns,
    variation_labels,
    walks_shown,
)
from sb3_memaug.report.style import POLICY_COLORS

from .behavior_tables import BACK, ENV, LEFT, RIGHT, pd, run_tables, walk

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


def variations(*rows):
    """Of (variation, kind, joints, place) each."""
    return pd.DataFrame(rows, columns=["variation", "kind", "joints", "place"])


def failures(joints):
    """Of a place for each joint."""
    return variations(("none", "none", "", ""), *((joint, "joint_failure", joint, joints[joint]) for joint in joints))


MINITAUR = {
    f"motor_{end}_{side}{motor}_joint": f"{end} {side}"
    for end in ("front", "back")
    for side in ("left", "right")
    for motor in "LR"
}
ANYMAL = {
    f"{leg}_{joint}": place
    for leg, place in zip(("LF", "LH", "RF", "RH"), PLACE_COLORS, strict=True)
    for joint in ("HAA", "HFE", "KFE")
}
G1 = {f"{side}_hip_{axis}_joint": side for side in ("left", "right") for axis in ("pitch", "roll", "yaw")}


@pytest.mark.parametrize(
    ("joints", "name", "label"),
    [
        (MINITAUR, "motor_front_leftL_joint", "front left L"),
        (MINITAUR, "motor_back_rightR_joint", "back right R"),
        (ANYMAL, "LF_HAA", "LF HAA"),
        (ANYMAL, "RH_KFE", "RH KFE"),
        (G1, "left_hip_pitch_joint", "left hip pitch"),
        (G1, "left_hip_yaw_joint", "left hip yaw"),
        (G1, "right_hip_roll_joint", "right hip roll"),
        (G1, "none", "none"),
    ],
)
def test_labels_are_the_words_in_which_joints_differ(joints, name, label):
    labels = variation_labels(failures(joints))
    assert labels[name] == label
    assert len(set(labels.values())) == len(joints) + 1


def test_joints_that_fail_together_and_payloads_have_labels_too():
    assert variation_labels(
        variations(
            ("LF_HAA+RH_KFE", "joint_failure", "LF_HAA+RH_KFE", ""),
            ("payload_front_left", "payload", "", "front left"),
            ("payload_2", "payload", "", ""),
        )
    ) == {"LF_HAA+RH_KFE": "LF HAA + RH KFE", "payload_front_left": "front left", "payload_2": "payload 2"}


def test_what_would_be_labeled_alike_keeps_its_name():
    rows = variations(*((f"payload_front_left{end}", "payload", "", "front left") for end in ("", "_2")))
    assert variation_labels(rows) == {name: name for name in ("payload_front_left", "payload_front_left_2")}
    assert short_labels(["knee_L", "kneeL", "hip"]) == {"knee_L": "knee_L", "kneeL": "kneeL", "hip": "hip"}


def test_words_of_a_place_stay_and_a_single_name_is_not_shortened():
    assert list(short_labels(["left_knee", "left_hip"]).values()) == ["left knee", "left hip"]
    assert list(short_labels(["leg_a_foot", "leg_b_foot"]).values()) == ["a", "b"]
    assert short_labels(["LF_FOOT"]) == {"LF_FOOT": "LF FOOT"}


def test_all_at_a_place_have_its_color_and_what_has_none_has_its_own():
    places = {"LF_HAA": "front left", "FL_hip": "front left", "left_knee": "left", "left_hip": "left", "a": "", "b": ""}
    *front, knee, hip, a, b = place_colors(places).values()
    assert front == [PLACE_COLORS["front left"]] * 2
    assert (knee, hip, a, b) == (OTHER_COLORS[0], OTHER_COLORS[0], *OTHER_COLORS[1:3])


@pytest.mark.parametrize(
    ("where", "places"),
    [
        # As those of ANYmal, whose names say nothing of it.
        ([(0.4, 0.2), (-0.4, 0.2), (0.4, -0.2), (-0.4, -0.2)], list(PLACE_COLORS)),
        # The base of a biped may lie in front of its feet.
        ([(-0.05, 0.1), (-0.04, -0.1)], ["left", "right"]),
        (
            [(0.3, 0.2), (0.0, 0.2), (-0.3, 0.2), (0.3, -0.2), (0.0, -0.2), (-0.3, -0.2)],
            ["front left", "left", "back left", "front right", "right", "back right"],
        ),
        ([(0.1, 0.2)], [""]),
    ],
)
@pytest.mark.parametrize("heading", [0.0, 2.0])
def test_feet_are_where_they_stand_along_the_heading(where, places, heading):
    rows = walk({f"foot_{i}": [1, 0, 1] for i in range(len(where))}, heading=heading)
    forward, left = (np.cos(heading), np.sin(heading)), (-np.sin(heading), np.cos(heading))
    for i, offset in enumerate(where):
        for k, axis in enumerate("xy"):
            rows[f"{axis}_foot_{i}"] = rows[axis] + offset[0] * forward[k] + offset[1] * left[k]
    assert list(foot_places(rows).values()) == places


def test_no_leg_has_the_color_of_a_policy():
    assert not set(POLICY_COLORS.values()) & {*PLACE_COLORS.values(), *OTHER_COLORS, NONE_COLOR}
