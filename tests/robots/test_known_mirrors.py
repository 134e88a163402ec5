"""Mirrors of robots that are known by heart, and those that real robots' files have."""

import os
import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.envs.minitaur.anatomy import REFLECTIONS, STANCE
from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.symmetry import derive_symmetry

from .robot_files import example_robot, quadruped_mjcf

#: What becomes of an angle, by what its joint does.
SIGNS = {"left_right": {"roll": -1, "pitch": 1, "yaw": -1}, "front_back": {"roll": 1, "pitch": -1, "yaw": -1}}
#: Legs that change places.
DOGS = {
    "left_right": {"LF": "RF", "LH": "RH", "FL": "FR", "RL": "RR", "HL": "HR", "L": "R", "l": "r", "left": "right"},
    "front_back": {"LF": "LH", "RF": "RH", "FL": "HL", "FR": "HR"},
}
MINI_CHEETAH = {"left_right": DOGS["left_right"], "front_back": {"FL": "RL", "FR": "RR"}}
LEG = {"HAA": "roll", "HFE": "pitch", "KFE": "pitch", "hip_joint": "roll", "thigh": "pitch", "calf": "pitch"}
G1 = {
    **dict.fromkeys(("waist_yaw", "hip_yaw", "shoulder_yaw", "wrist_yaw"), "yaw"),
    **dict.fromkeys(("waist_roll", "hip_roll", "ankle_roll", "shoulder_roll", "wrist_roll"), "roll"),
    **dict.fromkeys(
        ("hip_pitch", "knee", "ankle_pitch", "shoulder_pitch", "elbow", "wrist_pitch", "waist_pitch"), "pitch"
    ),
}


def anymal_d() -> Path:
    """Where the environment variable says, or where robot_descriptions keeps it; nothing is downloaded."""
    cache = Path(os.environ.get("ROBOT_DESCRIPTIONS_CACHE", "~/.cache/robot_descriptions")).expanduser()
    default = cache / "anymal_d_simple_description" / "urdf" / "anymal.urdf"
    path = Path(os.environ.get("ANYMAL_D_URDF", default))
    return path if path.is_file() else pytest.skip("set ANYMAL_D_URDF to the URDF file of ANYmal D")


def mjcf(name: str) -> Path:
    pytest.importorskip("mujoco")
    return quadruped_mjcf(name)


KNOWN = {
    "anymal_c": (lambda: example_robot("anymal_c_simple_description/urdf/anymal"), LEG, DOGS, 12),
    "anymal_d": (anymal_d, LEG, DOGS, 12),
    "anymal_b": (lambda: example_robot("anymal_b_simple_description/robots/anymal"), LEG, DOGS, 12),
    "solo12": (lambda: example_robot("solo12"), LEG, DOGS, 12),
    "solo": (lambda: example_robot("solo"), LEG, DOGS, 8),
    "mini_cheetah": (lambda: mjcf("mini_cheetah"), LEG, MINI_CHEETAH, 12),
    "go1_mjcf": (lambda: mjcf("go1"), LEG, {"left_right": DOGS["left_right"]}, 12),
    "go1": (lambda: example_robot("go1"), LEG, {"left_right": DOGS["left_right"]}, 12),
    "go2_mjcf": (lambda: mjcf("go2"), LEG, {"left_right": DOGS["left_right"]}, 12),
    "go2": (lambda: example_robot("go2"), LEG, {"left_right": DOGS["left_right"]}, 12),
    "a1": (lambda: example_robot("a1"), LEG, {"left_right": DOGS["left_right"]}, 12),
    "aliengo": (lambda: mjcf("aliengo"), LEG, {"left_right": DOGS["left_right"]}, 12),
    "g1": (lambda: example_robot("g1_29dof_rev_1_0"), G1, {"left_right": DOGS["left_right"]}, 29),
}


def partner(name, swaps):
    swaps = swaps | {b: a for a, b in swaps.items()}
    return "_".join(swaps.get(word, word) for word in name.split("_"))


def by_name(names, mirror, does, swaps):
    return {
        name: (partner(name, swaps), SIGNS[mirror][next(what for part, what in does.items() if part in name)])
        for name in names
    }


@pytest.mark.parametrize("robot", KNOWN)
def test_mirrors_are_those_that_everybody_knows(robot):
    find, does, swaps, count = KNOWN[robot]
    derived = derive_symmetry(find())
    assert derived.reflections.keys() == swaps.keys(), str(derived)
    # ANYmal D carries a camera that pans and tilts.
    joints = [joint.name for joint in derived.geometry.joints if any(part in joint.name for part in does)]
    motors = [actuator.name for actuator in derived.geometry.actuators]
    assert len(joints) == count
    assert len(motors) in (0, count)
    for mirror, reflection in derived.reflections.items():
        assert {name: reflection.joints[name] for name in joints} == by_name(joints, mirror, does, swaps[mirror])
        signs = {a.name: reflection.joints[a.joint][1] for a in derived.geometry.actuators}
        assert reflection.actuators == {name: (partner(name, swaps[mirror]), signs[name]) for name in motors}
        feet = [name for name in reflection.bodies if re.search("(?i)foot", name)]
        assert all(reflection.bodies[foot] == partner(foot, swaps[mirror]) for foot in feet)
        assert (reflection.joint_map(joints) @ reflection.joint_map(joints)).is_identity
    if len(swaps) == 2:
        left_right, front_back = (reflection.joint_map(joints) for reflection in derived.reflections.values())
        assert left_right @ front_back == front_back @ left_right


def test_the_camera_of_anymal_d_is_taken_as_locked_where_it_has_no_mirror_image():
    derived = derive_symmetry(anymal_d())
    pan, tilt = "inspection_payload_mount_to_pan", "inspection_payload_pan_to_tilt"
    assert {name: derived.reflections["left_right"].joints[name] for name in (pan, tilt)} == {
        pan: (pan, -1),
        tilt: (tilt, 1),
    }
    assert derived.candidates["front_back"].locked == (pan, tilt)


@pytest.mark.parametrize("simulator", ["mujoco", "bullet"])
def test_the_minitaur_in_every_simulator(simulator):
    pytest.importorskip({"mujoco": "mujoco", "bullet": "pybullet"}[simulator])
    env = MinitaurEnv(simulator, VelocityTask())
    env.reset(seed=0)
    robot = env.robot if simulator == "mujoco" else (env.robot.client, env.robot.body)
    derived = derive_symmetry(robot, STANCE)
    env.close()
    assert {name: r.joints for name, r in derived.reflections.items()} == {
        name: r.joints for name, r in REFLECTIONS.items()
    }
    assert all(reflection.pose == STANCE for reflection in derived.reflections.values())


def test_the_ant_has_both_mirrors_whatever_its_legs_are_called():
    """It runs along x; what its authors called its front right leg is the left one at its back."""
    pytest.importorskip("mujoco")
    derived = derive_symmetry(gym.make("Ant-v5"))
    assert {name: r.joints for name, r in derived.reflections.items()} == {
        "left_right": {
            **{f"hip_{a}": (f"hip_{b}", -1) for a, b in ((1, 4), (2, 3), (3, 2), (4, 1))},
            **{f"ankle_{a}": (f"ankle_{b}", 1) for a, b in ((1, 4), (2, 3), (3, 2), (4, 1))},
        },
        "front_back": {
            **{f"hip_{a}": (f"hip_{b}", -1) for a, b in ((1, 2), (2, 1), (3, 4), (4, 3))},
            **{f"ankle_{a}": (f"ankle_{b}", -1) for a, b in ((1, 2), (2, 1), (3, 4), (4, 3))},
        },
    }
    for reflection in derived.reflections.values():
        assert reflection.actuators == reflection.joints
    legs = ("front_left_leg", "right_back_leg"), ("front_right_leg", "back_leg")
    bodies = derived.reflections["left_right"].bodies
    assert {(a, bodies[a]) for a in bodies if a.endswith("leg")} == {*legs, *((b, a) for a, b in legs)}


def test_the_humanoid_has_left_and_right():
    pytest.importorskip("mujoco")
    derived = derive_symmetry(gym.make("Humanoid-v5"))
    sides = (("left", "right"), ("right", "left"))
    # Joints x and z of a hip turn about opposite axes on the two sides, and so do the elbows'.
    signs = {"hip_x": 1, "hip_z": 1, "hip_y": 1, "knee": 1, "shoulder1": -1, "shoulder2": -1, "elbow": 1}
    expected = {f"{a}_{part}": (f"{b}_{part}", sign) for a, b in sides for part, sign in signs.items()}
    expected |= {f"abdomen_{axis}": (f"abdomen_{axis}", sign) for axis, sign in (("x", -1), ("y", 1), ("z", -1))}
    assert {name: r.joints for name, r in derived.reflections.items()} == {"left_right": expected}
    assert derived.reflections["left_right"].actuators == expected
    assert derived.reflections["left_right"].bodies["left_foot"] == "right_foot"


def test_what_is_not_quite_symmetric_about_a_go1_is_told():
    derived = derive_symmetry(mjcf("go1"))
    misses = [str(residual) for residual in derived.candidates["left_right"].near_misses]
    assert "trunk: centre of mass 2.0 mm off the plane" in misses
    breaks = [str(residual) for residual in derived.candidates["front_back"].breaks]
    assert any(line.startswith("FL_calf_joint and RL_calf_joint: limits [-2.82, -0.888]") for line in breaks)


def test_an_arm_that_stands_outside_its_stops_is_symmetric_between_them():
    """Its joints are at half a turn where they are in the middle."""
    path = example_robot("anymal-kinova")
    assert "left_right" not in derive_symmetry(path).reflections
    middle = {f"j2s6s200_joint_{i}": np.pi for i in (2, 3, 5)}
    left_right = derive_symmetry(path, middle).reflections["left_right"]
    # It is mounted so that it bends to the side.
    arm = {f"j2s6s200_joint_{i}": (f"j2s6s200_joint_{i}", -1) for i in range(1, 7)}
    assert {name: left_right.joints[name] for name in arm} == arm
    assert left_right.joint_position_map(list(arm)).offset == (0, *(2 * np.pi,) * 2, 0, 2 * np.pi, 0)
