"""Variations of tasks, and which is the mirror image of which."""

from dataclasses import replace

import gymnasium as gym
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.disturbances.payload import Payloads
from sb3_memaug.disturbances.place import Places
from sb3_memaug.disturbances.variation import Variation, mirror_images, section_label, variations, variations_of
from sb3_memaug.envs.minitaur.anatomy import REFLECTIONS
from sb3_memaug.symmetry import Reflection
from sb3_memaug.wrappers import JointFailure, Payload

pytest.importorskip("mujoco")
LEFT_RIGHT, FRONT_BACK = REFLECTIONS["left_right"], REFLECTIONS["front_back"]
LEGS = ("front_left", "front_right", "back_left", "back_right")
MOTORS = [f"motor_{leg}{side}_joint" for leg in LEGS for side in "LR"]
QUADRANTS = {"front_left": (1, 1), "front_right": (1, -1), "back_left": (-1, 1), "back_right": (-1, -1)}


def failures(*names):
    return [Variation("id", "joint_failure", tuple(name.split("+")), label=name) for name in names]


def payloads(size=0.1):
    """One in each quadrant."""
    spans = {1: (0.0, size), -1: (-size, 0.0)}
    return [
        Variation("id", "payload", (), (spans[x], spans[y]), (1.0, 2.0), f"payload_{name}", name.replace("_", " "))
        for name, (x, y) in QUADRANTS.items()
    ]


def images_of(listed, factors):
    return {v.label: listed[i].label for v, i in zip(listed, mirror_images(listed, factors), strict=True)}


def names_of(env_id):
    return [(variation.split, variation.label) for variation in variations(env_id)]


def test_where_nothing_varies_there_is_one_task():
    (only,) = variations("MemAug/MinitaurPosition-MuJoCo-v0")
    assert (only.split, only.label) == ("none", "none")
    assert only.options(3) == {}


def test_failures_are_none_and_every_joint_of_both_splits():
    found = variations("MemAug/MinitaurVelocityJointFailure-MuJoCo-v0")
    assert [variation.split for variation in found] == ["none"] + ["id"] * 2 + ["ood"] * 6
    assert len({variation.label for variation in found}) == 9
    assert found[0].options(3) == {"failed_joint": None}
    assert all(variation.options(3) == {"failed_joint": variation.label} for variation in found[1:])


def test_payloads_are_none_and_every_section_of_both_splits():
    assert names_of("MemAug/MinitaurPositionPayload-MuJoCo-v0") == [
        ("none", "none"),
        ("id", "payload_front_left"),
        ("ood", "payload_back_left"),
        ("ood", "payload_front_right"),
        ("ood", "payload_back_right"),
    ]


def test_payloads_of_a_seed_are_mirror_images_of_each_other():
    found = {variation.label: variation.options for variation in variations("MemAug/MinitaurVelocityPayload-MuJoCo-v0")}
    assert found.pop("none")(3) == {"payload": None}
    seen = []
    for seed in range(20):
        first = found["payload_front_left"](seed)["payload"]
        assert 3 <= first["mass"] <= 6
        assert 0 <= first["x"] <= 0.16
        assert 0 <= first["y"] <= 0.1
        seen.append(tuple(first.values()))
        for name, (x, y) in QUADRANTS.items():
            image = {"mass": first["mass"], "x": x * first["x"], "y": y * first["y"]}
            assert found[f"payload_{name}"](seed) == {"payload": image}
    assert len(set(seen)) == 20
    assert max(mass for mass, *_ in seen) > 5.5
    assert min(mass for mass, *_ in seen) < 3.5


@pytest.mark.parametrize(
    ("x", "y", "name"),
    [
        ((0.0, 0.4), (0.0, 0.1), "payload_front_left"),
        ((-0.4, 0.0), (-0.1, -0.05), "payload_back_right"),
        ((-0.07, 0.07), (0.08, 0.11), "payload_left"),
        ((-0.1, 0.1), (-0.1, 0.1), "payload"),
    ],
)
def test_sections_are_named_by_where_they_lie(x, y, name):
    assert section_label((x, y)) == name


@pytest.fixture
def both():
    """An environment with failures of whole legs, and payloads."""

    def make(split="id"):
        legs = {"id": [("hip_1", "ankle_1")], "ood": ["hip_2"]}[split]
        where = {"id": (0.0, 0.1), "ood": (-0.1, 0.0)}[split]
        return Payload(JointFailure(gym.make("Ant-v5"), legs), mass=1.0, x=(-0.1, 0.1), y=where)

    gym.register("Test/Both-v0", make)
    yield "Test/Both-v0"
    del gym.registry["Test/Both-v0"]


def test_one_thing_varies_at_a_time(both):
    found = variations(both)
    assert names_of(both) == [
        ("none", "none"),
        ("id", "hip_1+ankle_1"),
        ("id", "payload_left"),
        ("ood", "hip_2"),
        ("ood", "payload_right"),
    ]
    assert found[0].options(0) == {"failed_joint": None, "payload": None}
    assert found[1].options(0) == {"failed_joint": ("hip_1", "ankle_1"), "payload": None}
    options = found[2].options(0)
    assert options["failed_joint"] is None
    assert options["payload"]["mass"] == 1.0
    with gym.make(both) as env:
        assert env.reset(options=found[1].options(0))[1]["failed_joint"] == ("hip_1", "ankle_1")
        assert dict(env.reset(options=options)[1]["payload"]) == {**options["payload"], "z": 0.0}


@pytest.mark.parametrize(
    ("factors", "images"),
    [
        ([], {"front_leftL": "front_leftL", "back_rightR": "back_rightR"}),
        ([LEFT_RIGHT], {"front_leftL": "front_rightR", "front_leftR": "front_rightL", "back_leftL": "back_rightR"}),
        ([FRONT_BACK], {"front_leftL": "back_leftL", "front_leftR": "back_leftR", "front_rightR": "back_rightR"}),
        ([LEFT_RIGHT, FRONT_BACK], {"front_leftL": "back_rightR", "front_rightL": "back_leftR"}),
    ],
    ids=["identity", "left_right", "front_back", "both"],
)
def test_failures_of_the_minitaur(factors, images):
    found = images_of(failures(*MOTORS), factors)
    assert sorted(found.values()) == sorted(MOTORS)
    assert all(found[found[name]] == name for name in MOTORS)
    for joint, image in images.items():
        assert found[f"motor_{joint}_joint"] == f"motor_{image}_joint"


@pytest.mark.parametrize(
    ("factors", "image_of_front_left"),
    [([LEFT_RIGHT], "front_right"), ([FRONT_BACK], "back_left"), ([LEFT_RIGHT, FRONT_BACK], "back_right")],
    ids=["left_right", "front_back", "both"],
)
def test_payloads(factors, image_of_front_left):
    found = images_of(payloads(), factors)
    assert found["payload_front_left"] == f"payload_{image_of_front_left}"
    assert all(found[found[name]] == name for name in found)


def test_joints_that_fail_together_come_in_any_order():
    names = ["hip_l+knee_l", "knee_r+hip_r"]
    sagittal = Reflection("sagittal", {f"{j}_{a}": (f"{j}_{b}", 1) for j in ("hip", "knee") for a, b in ("lr", "rl")})
    assert images_of(failures(*names), [sagittal]) == {names[0]: names[1], names[1]: names[0]}


def test_what_has_no_image_is_named():
    with pytest.raises(
        ValueError, match="mirror image of the variation 'motor_front_leftL_joint' is 'motor_front_rightR"
    ):
        mirror_images(failures(MOTORS[0]), [LEFT_RIGHT])
    with pytest.raises(ValueError, match="joint 'tail' has no partner in this reflection; known are"):
        mirror_images(failures("tail"), [LEFT_RIGHT])


def test_payloads_elsewhere_or_of_other_masses_are_no_images():
    left, right = payloads()[:2]
    assert mirror_images([left, right], [LEFT_RIGHT]) == [1, 0]
    for other in (replace(right, mass=(1.0, 3.0)), replace(right, section=((0.0, 0.2), (-0.1, 0.0)))):
        with pytest.raises(ValueError, match="mirror image of the variation 'payload_front_left' is 'payload_front_r"):
            mirror_images([left, other], [LEFT_RIGHT])


def test_the_mirror_image_of_a_variation_is_one():
    (failure,) = failures("motor_front_leftL_joint")
    failure = replace(failure, place="front left")
    image = failure.mirrored(LEFT_RIGHT)
    assert image.columns() == {
        "split": "id",
        "kind": "joint_failure",
        "variation": "motor_front_rightR_joint",
        "joints": "motor_front_rightR_joint",
        "place": "front right",
    }
    assert image.options(0) == {"failed_joint": "motor_front_rightR_joint"}
    assert image.mirrored(LEFT_RIGHT) == failure
    payload = payloads()[0]
    image = payload.mirrored(FRONT_BACK)
    assert (image.section, image.mass, image.place) == (((-0.1, 0.0), (0.0, 0.1)), (1.0, 2.0), "back left")
    assert image.mirrored(FRONT_BACK) == payload
    none = Variation("none", "none", label="none")
    assert none.mirrored(LEFT_RIGHT) == none


@pytest.mark.parametrize("simulator", ["", "-MuJoCo"])
def test_places_of_the_minitaur(simulator):
    if not simulator:
        pytest.importorskip("pybullet")
    found = variations(f"MemAug/MinitaurVelocityJointFailure{simulator}-v0")
    assert found[0].place == ""
    for variation in found[1:]:
        assert "_".join(variation.place.split()) in variation.label
        assert len(variation.place.split()) == 2
        assert variation.joints == (variation.label,)
        assert variation.columns()["kind"] == "joint_failure"


def test_columns_of_each_kind(both):
    assert [tuple(variation.columns().values()) for variation in variations(both)] == [
        ("none", "none", "none", "", ""),
        ("id", "joint_failure", "hip_1+ankle_1", "hip_1+ankle_1", "front left"),
        ("id", "payload", "payload_left", "", "left"),
        ("ood", "joint_failure", "hip_2", "hip_2", "back left"),
        ("ood", "payload", "payload_right", "", "right"),
    ]


def test_no_two_sections_have_one_label():
    areas = [((0.0, 0.1), (0.0, 0.1)), ((0.1, 0.2), (0.0, 0.1)), ((0.0, 0.1), (-0.1, 0.0))]
    sections = [{"x": x, "y": y} for x, y in areas]
    found = variations_of({"id": [Payloads((1.0, 2.0), sections=sections)]}, Places())
    assert [variation.label for variation in found[1:]] == [
        "payload_front_left",
        "payload_front_left_2",
        "payload_front_right",
    ]
