"""Terms and reflections as YAML and JSON hold them, and files of both."""

import json

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.envs.minitaur.anatomy import MOTORS, REFLECTIONS
from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.files import InputError
from sb3_memaug.symmetry import Reflection, SignedPermutation, Term, Tolerances
from sb3_memaug.wrappers import MirrorSpec
from sb3_memaug.wrappers.mirror_file import (
    from_plain,
    read_mirror_file,
    reflection_from_plain,
    reflection_to_plain,
    terms_from_plain,
    terms_to_plain,
    write_mirror_file,
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


LEGS = {"FL": (0.3, 0.2), "FR": (0.3, -0.2), "RL": (-0.3, 0.2), "RR": (-0.3, -0.2)}


def dog(legs, motors):
    bodies = "".join(
        f"""<body name="{leg}" pos="{LEGS[leg][0]} {LEGS[leg][1]} 0">
          <joint name="{leg}_roll" axis="1 0 0"/><joint name="{leg}_pitch" axis="0 1 0"/>
          <geom type="capsule" size="0.02" fromto="0 0 0 0 0 -0.3"/></body>"""
        for leg in legs
    )
    actuators = "".join(
        f'<motor name="{leg}_{j}_motor" joint="{leg}_{j}"/>' for leg in motors for j in ("pitch", "roll")
    )
    return f"""
    <mujoco>
      <worldbody><body name="trunk"><freejoint/><geom type="box" size="0.3 0.1 0.05"/>{bodies}</body></worldbody>
      <actuator>{actuators}</actuator>
    </mujoco>
    """


class Dog(gym.Env):
    """Sees its joints, and a force on each of its bodies."""

    def __init__(self, legs, motors):
        mujoco = pytest.importorskip("mujoco")
        self.model = mujoco.MjModel.from_xml_string(dog(legs, motors))
        self.data = mujoco.MjData(self.model)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (8 + 30,), np.float64)
        self.action_space = gym.spaces.Box(-1, 1, (8,), np.float32)


TERMS = [
    {"name": "angles", "kind": "joint_positions", "names": "joints"},
    {"name": "forces", "kind": "spatial_vectors", "names": "bodies"},
]
ONE = ("FL", "FR", "RL", "RR"), ("FL", "FR", "RL", "RR")
OTHER = ("RR", "FL", "FR", "RL"), ("RL", "RR", "FR", "FL")


def write(path, env):
    return write_mirror_file(path, env.reflections, env, env.observation_terms, env.action_terms)


def test_a_file_serves_a_model_with_another_order_of_joints(tmp_path):
    one, other = (MirrorSpec(Dog(*order), observation=TERMS) for order in (ONE, OTHER))
    assert one.symmetry_group != other.symmetry_group
    path = write(tmp_path / "dog.json", one)
    assert MirrorSpec(Dog(*ONE), file=str(path)).symmetry_group == one.symmetry_group
    again = MirrorSpec(Dog(*OTHER), file=str(path))
    assert again.symmetry_group == other.symmetry_group
    assert again.symmetry_group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    # Motors of RL, RR, FR and FL, pitch before roll.
    assert again.symmetry_group["left_right"].action == SignedPermutation([2, 3, 0, 1, 6, 7, 4, 5], [1, -1] * 4)


def test_a_file_is_plain_json_with_names(tmp_path):
    path = write(tmp_path / "new" / "dog.json", MirrorSpec(Dog(*ONE), observation=TERMS, mirrors=["left_right"]))
    content = json.loads(path.read_text())
    assert content["observation"] == TERMS
    assert content["action"] == [{"name": "controls", "kind": "actuators", "names": "actuators"}]
    assert content["reflections"].keys() == {"left_right"}
    assert content["reflections"]["left_right"]["joints"]["RL_roll"] == ["RR_roll", -1]
    assert [file.name for file in path.parent.iterdir()] == ["dog.json"]
    assert read_mirror_file(path) == content


@pytest.mark.parametrize("other", ["mujoco", "bullet"])
def test_a_file_of_one_simulator_serves_the_other(tmp_path, other):
    pytest.importorskip("mujoco")
    pytest.importorskip({"mujoco": "mujoco", "bullet": "pybullet"}[other])
    one, twin = MirrorSpec(MinitaurEnv("mujoco", VelocityTask())), MinitaurEnv(other, VelocityTask())
    path = write(tmp_path / "minitaur.json", one)
    assert MirrorSpec(twin, file=str(path)).symmetry_group == MirrorSpec(twin).symmetry_group
    one.close()
    twin.close()


def test_reflections_alone_are_enough_for_an_environment_with_terms(tmp_path):
    env = MirrorSpec(Dog(*ONE), observation=TERMS)
    path = write_mirror_file(tmp_path / "dog.json", env.reflections)
    assert read_mirror_file(path).keys() == {"reflections"}
    assert MirrorSpec(Dog(*OTHER), observation=TERMS, file=str(path)).symmetry_group.names == env.symmetry_group.names


def test_what_is_given_goes_before_what_is_written(tmp_path):
    path = write(tmp_path / "dog.json", MirrorSpec(Dog(*ONE), observation=TERMS))
    left_right = MirrorSpec(Dog(*ONE), observation=TERMS).reflections["left_right"]
    env = MirrorSpec(Dog(*ONE), file=str(path), reflections={"left_right": left_right})
    assert env.symmetry_group.names == ("identity", "left_right")


def test_the_spec_remembers_the_file(tmp_path):
    path = write(tmp_path / "dog.json", MirrorSpec(Dog(*ONE), observation=TERMS))
    gym.register("Dog-v0", entry_point=Dog, kwargs={"legs": ONE[0], "motors": ONE[1]})
    try:
        env = MirrorSpec(gym.make("Dog-v0", disable_env_checker=True), file=str(path))
        assert gym.make(env.spec).symmetry_group == env.symmetry_group
    finally:
        del gym.registry["Dog-v0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"dog\.json is no JSON file"),
        ("[]", r"dog\.json must hold an object with \['reflections', 'observation', 'action'\], got list"),
        ('{"mirrors": {}}', r"must hold an object with .*, got \['mirrors'\]"),
    ],
)
def test_what_is_no_mirror_file_is_refused(tmp_path, text, message):
    path = tmp_path / "dog.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_mirror_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.json"):
        MirrorSpec(Dog(*ONE), observation=TERMS, file=str(tmp_path / "nothing.json"))


def test_half_a_description_is_not_written(tmp_path):
    path = write_mirror_file(tmp_path / "one.json", {"left_right": Reflection("sagittal")}, observation=[])
    assert read_mirror_file(path) == {"reflections": {"left_right": {"plane": "sagittal"}}}


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ({"observation": 3}, "observation", "expected a list, or an object of lists, got 3"),
        ({"reflections": []}, "reflections", r"expected an object, got \[\]"),
        ({"observation": [TERMS[0], 3]}, "observation.1", "a term must be a mapping .*, got 3"),
        ({"observation": [{**TERMS[0], "kind": "joint"}]}, "observation.0", "`kind` must be one of"),
        (
            {"observation": TERMS, "action": [{"name": "a", "kind": "actuators", "names": 3}]},
            "action.0",
            "must be a list",
        ),
        ({"reflections": {"m": {"plane": "frontal"}}}, "reflections.m", "`plane` must be one of"),
        ({"reflections": {"m": {"plane": "sagittal", "joints": {"a": "b"}}}}, "reflections.m", "needs a partner"),
        ({"reflections": {"m": 3}}, "reflections.m", "expected a mapping with some of"),
    ],
)
def test_what_a_file_gets_wrong_is_told_with_its_place(tmp_path, content, place, message):
    path = tmp_path / "dog.json"
    path.write_text(json.dumps(content))
    given = {} if "observation" in content else {"observation": TERMS}
    with pytest.raises(InputError, match=message) as error:
        MirrorSpec(Dog(*ONE), file=path, **given)
    assert (error.value.source, error.value.place) == (str(path), place)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mirrors": "left_right"}, "`mirrors` must be a list, got 'left_right'"),
        ({"mirrors": [1]}, "each of `mirrors` must be a text"),
        ({"observation": 3}, "`observation` must be a list, got 3"),
        ({"action": "torques"}, "`action` must be a list, got 'torques'"),
        ({"reflections": ["sagittal"]}, "`reflections` must be a mapping by names"),
        ({"file": 3}, "the path of a file: expected a text, got 3"),
        ({"tolerances": 3}, "expected a mapping with some of .*, got 3"),
        ({"pose": 3}, "`pose` must be a mapping by names, got 3"),
        ({"locked": "FL_roll"}, "`locked` must be a list, got 'FL_roll'"),
        ({"locked": ["("]}, "which is no regular expression"),
        ({"observation": (term for term in TERMS), "action": (print,)}, "a term must be a mapping"),
    ],
)
def test_arguments_of_other_types_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        MirrorSpec(Dog(*ONE), **{"observation": TERMS, **given})


def test_only_an_environment_has_mirrors():
    with pytest.raises(ValueError, match="`env` must be an environment of Gymnasium, got 'Ant-v5'"):
        MirrorSpec("Ant-v5")
