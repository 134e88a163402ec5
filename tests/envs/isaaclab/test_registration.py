"""."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import gymnasium as gym
import pytest
import torch as th

import sb3_memaug  # noqa: F401, which registers them
from sb3_memaug.envs import splits
from tests.envs.isaaclab.simulated import simulated

EIGHT = [
    f"MemAug/{robot}-{goal}-{variation}-v0"
    for robot in ("AnymalD", "G1")
    for goal in ("Position", "Velocity")
    for variation in ("JointFailure", "Payload")
]


@pytest.mark.parametrize("env_id", EIGHT)
def test_the_eight_tasks_are_registered_with_a_configuration(env_id):
    module, _, name = gym.spec(env_id).kwargs["env_cfg_entry_point"].partition(":")

    assert importlib.util.find_spec(module) is not None
    assert name == "".join(env_id.removeprefix("MemAug/").removesuffix("-v0").split("-")) + "EnvCfg"


def test_registering_them_imports_no_isaac_lab():
    code = "import sys, sb3_memaug;assert not {'isaaclab', 'warp', 'pxr'} & sys.modules.keys(), sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(importlib.util.find_spec("isaaclab") is not None, reason="Isaac Lab is installed")
def test_without_isaac_lab_they_say_what_to_install():
    with pytest.raises(ImportError, match=r"pip install isaaclab==3\.0\.0"):
        gym.make(EIGHT[0])


def test_failures_out_of_distribution_are_mirror_images_of_those_in_it():
    assert splits.ANYMAL_D_JOINTS["id"] == ["LF_HAA", "LF_HFE", "LF_KFE"]
    assert len(set(splits.ANYMAL_D_JOINTS["ood"])) == 9
    assert [name.replace("left", "right") for name in splits.G1_JOINTS["id"]] == splits.G1_JOINTS["ood"]
    assert splits.G1_JOINTS["all"] == splits.G1_JOINTS["id"] + splits.G1_JOINTS["ood"]


def mirrored(section, axes):
    return {axis: tuple(sorted(sign * bound for bound in section[axis])) for axis, sign in zip("xy", axes, strict=True)}


def test_payloads_out_of_distribution_are_mirror_images_of_those_in_it():
    (front_left,), others = splits.ANYMAL_D_SECTIONS["id"], splits.ANYMAL_D_SECTIONS["ood"]
    assert others == [mirrored(front_left, axes) for axes in ((1, -1), (-1, 1), (-1, -1))]
    (left,), (right,) = splits.G1_SECTIONS["id"], splits.G1_SECTIONS["ood"]
    assert right == mirrored(left, (1, -1))


def test_robots_stand_on_uneven_ground_in_place_of_the_plane():
    with simulated("AnymalD-Velocity", num_envs=4, terrain_noise=(0.1, 0.15)) as env:
        robot = env.scene["robot"]
        feet, _ = robot.find_bodies(".*FOOT")

        def heights():
            return robot.data.body_link_pos_w.torch[:, feet, 2]

        env.reset()
        assert heights().min() > 0.15
        for _ in range(40):
            env.step(th.zeros(4, 12))
        # A foot's origin lies about 1 cm above what it stands on.
        assert 0.1 < heights().min() < heights().max() < 0.18
        assert heights().max() - heights().min() > 0.02


def test_a_range_of_heights_that_is_none_is_refused():
    with (
        pytest.raises(ValueError, match=r"range of heights in m, the lower one first, got \(0.05, 0.0\)"),
        simulated("AnymalD-Velocity", terrain_noise=(0.05, 0.0)),
    ):
        pass


@pytest.mark.parametrize(
    ("task", "complaint"),
    [
        ("AnymalD-Velocity-JointFailure", r"one of \['id', 'ood', 'all'\], got 'test'"),
        ("G1-Position", "neither failures nor payloads"),
    ],
)
def test_a_split_that_a_task_has_not_is_named(task, complaint):
    with pytest.raises(ValueError, match=complaint), simulated(task, split="test"):
        pass
