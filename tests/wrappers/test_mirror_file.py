"""Mirrors that outlive the order of joints, in JSON files."""

import json

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.files import InputError
from sb3_memaug.symmetry import Reflection, SignedPermutation
from sb3_memaug.wrappers import MirrorSpec
from sb3_memaug.wrappers.mirror_file import read_mirror_file, write_mirror_file

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
