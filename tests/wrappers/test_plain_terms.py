"""Terms and reflections as YAML and JSON hold them."""

import json

import gymnasium as gym
import pytest

from sb3_memaug.envs.minitaur.anatomy import MOTORS, REFLECTIONS
from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.symmetry import Reflection, Term, Tolerances
from sb3_memaug.wrappers.plain_terms import (
    from_plain,
    reflection_from_plain,
    reflection_to_plain,
    terms_from_plain,
    terms_to_plain,
)


@pytest.fixture(scope="module")
def minitaur():
    pytest.importorskip("mujoco")
    env = MinitaurEnv("mujoco", VelocityTask())
    yield env
    env.close()


@pytest.fixture(scope="module")
def ant():
    pytest.importorskip("mujoco")
    return gym.make("Ant-v5")


@pytest.fixture(scope="module")
def cart_pole():
    return gym.make("CartPole-v1")


def test_sizes_need_not_be_told(cart_pole):
    plain = [
        {"name": "velocity", "kind": "vector"},
        {"name": "two_velocities", "kind": "vector", "size": 6},
        {"name": "angles", "kind": "joints", "names": ["a", "b"]},
        {"name": "scan", "kind": "grid", "shape": [2, 3]},
    ]
    assert terms_from_plain(plain, cart_pole) == [
        Term("velocity", "vector", 3),
        Term("two_velocities", "vector", 6),
        Term("angles", "joints", 2, ("a", "b")),
        Term("scan", "grid", 6, shape=(2, 3)),
    ]


def test_terms_may_be_terms_and_come_by_key(cart_pole):
    height = Term("height", "scalar", 1)
    assert terms_from_plain({"state": [height]}, cart_pole) == {"state": [height]}
    assert terms_to_plain({"state": [height]}, cart_pole) == {
        "state": [{"name": "height", "kind": "scalar", "size": 1}]
    }


def test_names_may_be_repeated(cart_pole):
    plain = {"name": "angles and velocities", "kind": "joints", "names": ["a", "b"], "repeat": 2}
    assert terms_from_plain([plain], cart_pole) == [Term("angles and velocities", "joints", 4, ("a", "a", "b", "b"))]
    for repeat in (0, 1.5, "2"):
        with pytest.raises(ValueError, match="`repeat` must be a positive whole number"):
            terms_from_plain([plain | {"repeat": repeat}], cart_pole)


@pytest.mark.parametrize("what", ["motors", "joints", "feet"])
def test_names_may_be_those_of_the_robot(minitaur, what):
    (term,) = terms_from_plain(
        [{"name": "it", "kind": "feet" if what == "feet" else "joints", "names": what}], minitaur
    )
    robot = minitaur.robot
    assert term.names == {"motors": robot.motor_names, "joints": robot.joint_names, "feet": robot.foot_names}[what]


@pytest.mark.parametrize(("what", "kind", "count"), [("actuators", "actuators", 8), ("bodies", "spatial_vectors", 13)])
def test_names_may_be_those_of_the_model(ant, what, kind, count):
    plain = [{"name": "it", "kind": kind, "names": what}]
    (term,) = terms_from_plain(plain, ant)
    assert len(term.names) == count
    assert terms_to_plain([term], ant) == plain


def test_all_names_are_told_in_one_word(minitaur):
    robot = minitaur.robot
    terms = [
        Term("targets", "action", 8, robot.motor_names),
        Term("angles", "joints", 16, robot.joint_names),
        Term("contacts", "feet", 4, robot.foot_names),
        Term("some", "joints", 2, robot.motor_names[:2]),
        Term("otherwise", "joints", 8, robot.motor_names[::-1]),
    ]
    plain = terms_to_plain(terms, minitaur)
    assert [term["names"] for term in plain] == [
        "motors",
        "joints",
        "feet",
        list(MOTORS[:2]),
        list(robot.motor_names[::-1]),
    ]
    assert not any("size" in term for term in plain)
    assert terms_from_plain(json.loads(json.dumps(plain)), minitaur) == terms


def test_names_stay_as_they_are_where_there_is_no_robot(cart_pole):
    plain = terms_to_plain([Term("angles", "joints", 2, ("a", "b"))], cart_pole)
    assert plain == [{"name": "angles", "kind": "joints", "names": ["a", "b"]}]


def test_the_minitaur_in_plain_words_and_back(minitaur):
    plain = json.loads(json.dumps(terms_to_plain(minitaur.observation_terms, minitaur)))
    assert terms_from_plain(plain, minitaur) == list(minitaur.observation_terms)


@pytest.mark.parametrize("mirror", REFLECTIONS)
def test_reflections_in_plain_words_and_back(mirror):
    reflection = REFLECTIONS[mirror]
    plain = json.loads(json.dumps(reflection_to_plain(reflection)))
    assert plain.keys() == {"plane", "joints", "feet"}
    again = reflection_from_plain(plain)
    assert (again.plane, again.feet) == (reflection.plane, reflection.feet)
    assert again.joint_map(MOTORS) == reflection.joint_map(MOTORS)


def test_nothing_of_a_reflection_is_lost():
    whole = Reflection(
        "sagittal",
        {"waist": ("waist", -1)},
        {"foot": "foot"},
        {"chest": "chest"},
        {"left": ("right", 1), "right": ("left", 1)},
        {"waist": 0.5},
    )
    again = reflection_from_plain(json.loads(json.dumps(reflection_to_plain(whole))))
    assert again.actuator_map(["left", "right"]) == whole.actuator_map(["left", "right"])
    assert again.joint_position_map(["waist"]) == whole.joint_position_map(["waist"])
    assert (again.bodies, again.feet) == (whole.bodies, whole.feet)
    assert reflection_from_plain(whole) is whole


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("velocity", "a term must be a mapping with `name`, `kind` …, got 'velocity'"),
        ({"kind": "vector"}, r"expected a mapping with some of \['name', 'kind', 'size', .*missing .*'name'"),
        ({"name": "v"}, r"expected a mapping with some of .*missing .*'kind'"),
        ({"name": "v", "kind": "vector", "joints": []}, "unexpected keyword argument 'joints'"),
        ({"name": "v", "kind": "speed"}, "term 'v': `kind` must be one of"),
        ({"name": "v", "kind": "joints", "names": "wheels"}, r"`names` must be a list or one of \['motors', "),
        (
            {"name": "v", "kind": "bodies", "names": "bodies"},
            "`names: bodies` are those of a MuJoCo model, which .*CartPole",
        ),
        ({"name": "v", "kind": "joints", "names": "motors"}, "no robot found in CartPoleEnv"),
    ],
)
def test_terms_that_are_none_are_refused(cart_pole, term, message):
    with pytest.raises(ValueError, match=message):
        terms_from_plain([term], cart_pole)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("sagittal", "expected a mapping with some of"),
        ({"joints": {}}, "missing .*'plane'"),
        ({"plane": "sagittal", "hands": {}}, "unexpected keyword argument 'hands'"),
        ({"plane": "frontal"}, "`plane` must be one of"),
        ({"plane": "sagittal", "joints": {"a": ["b", 1]}}, "`joints` must pair"),
        (
            {"plane": "sagittal", "joints": {"a": "a"}},
            r"'a' needs a partner and a sign, as \('right_hip', -1\), got 'a'",
        ),
    ],
)
def test_reflections_that_are_none_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        reflection_from_plain(value)


def test_arguments_become_what_they_are_arguments_of():
    assert from_plain(Tolerances, {"mass": 0.2}) == Tolerances(mass=0.2)
