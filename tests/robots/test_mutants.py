"""
Files that chance has broken are read, or refused in words: never an error that nobody wrote for a user.

``MEMAUG_MUTANTS=5000 python -m pytest tests/robots/test_mutants.py`` tries as many of each robot, for longer.
"""

from __future__ import annotations

import os
import random
import warnings
from pathlib import Path

import gymnasium.envs.mujoco
import pytest

from sb3_memaug.symmetry import derive_symmetry

from .mutants import bare_error, mutant
from .robot_files import example_robot, quadruped_mjcf
from .small_urdf import biped_parts, joint, link, robot

pytest.importorskip("mujoco")

from sb3_memaug.envs.legged.legged_model import build_legged_model

MUTANTS = int(os.environ.get("MEMAUG_MUTANTS", 12))
ROBOTS = {
    "solo12.urdf": lambda: example_robot("solo12"),
    "hyq.urdf": lambda: example_robot("hyq_no_sensors"),
    "panda.urdf": lambda: example_robot("panda"),
    "mini_cheetah.xml": lambda: quadruped_mjcf("mini_cheetah"),
    "ant.xml": lambda: Path(gymnasium.envs.mujoco.__file__).parent / "assets" / "ant.xml",
}
USES = {"derive": derive_symmetry, "legged": lambda path: build_legged_model(path, 0.005)}
#: Whose errors are told well.
OURS = ("/sb3_memaug/", "/envs/")


@pytest.mark.parametrize("use", list(USES))
@pytest.mark.parametrize("name", ["small.urdf", *ROBOTS])
def test_no_error_is_bare(name, use, tmp_path):
    if name == "small.urdf":
        ground = link("world") + link("ground") + joint("held", "world", "ground", "fixed")
        base = joint("root", "world", "pelvis", "floating")
        text = robot(ground, base, biped_parts('<mimic joint="left_hip"/>', '<mimic joint="right_hip"/>'))
    else:
        text = ROBOTS[name]().read_text()
    path = tmp_path / name
    bare = {}
    for seed in range(MUTANTS):
        path.write_bytes(mutant(text, random.Random(f"{name} {seed}")))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Numbers that overflow, or are none.
            warnings.simplefilter("error", RuntimeWarning)
            account = bare_error(lambda: USES[use](path), OURS)
        if account is not None:
            bare[seed] = account
    assert not bare, f"{len(bare)} of {MUTANTS}, by their seeds {list(bare)}; the first:\n{next(iter(bare.values()))}"


def test_what_is_bare_is_found():
    def index():
        return [][0]

    def empty():
        return max([])

    def said():
        raise ValueError("expected one, got none")

    for call in (index, empty):
        assert "Error" in (bare_error(call, ("/tests/",)) or "")
    assert bare_error(said, ("/tests/",)) is None
    assert bare_error(said, OURS) is not None
    assert bare_error(lambda: None, OURS) is None
