"""The tasks in the simulator, with robots of the wheel `example-robot-data`."""

from __future__ import annotations

import importlib
import sysconfig
from contextlib import contextmanager
from pathlib import Path

import gymnasium as gym
import pytest

import sb3_memaug  # noqa: F401, which registers them

SHARED = Path(sysconfig.get_paths()["purelib"], "cmeel.prefix", "share", "example-robot-data", "robots")
#: ANYmal C has the joints and bodies of ANYmal D.
FILES = {
    "AnymalD": SHARED / "anymal_c_simple_description" / "urdf" / "anymal.urdf",
    "G1": SHARED / "g1_description" / "urdf" / "g1_29dof_rev_1_0.urdf",
}


@contextmanager
def simulated(task, num_envs=3, robot=None, change=None, **kwargs):
    """``change`` may change the robot's configuration, after it is made from its file."""
    pytest.importorskip("isaaclab")
    file = robot or FILES[task.partition("-")[0]]
    if not file.is_file():
        pytest.skip("example-robot-data is not installed")
    if change is not None:
        kwargs["cfg"] = _with_another_robot(task, change)
    env = gym.make(f"MemAug/{task}-v0", robot=file, num_envs=num_envs, device="cpu", seed=0, **kwargs).unwrapped
    try:
        yield env
    finally:
        env.close()


def _with_another_robot(task, change):
    module, _, name = gym.spec(f"MemAug/{task}-v0").kwargs["env_cfg_entry_point"].partition(":")
    kind = getattr(importlib.import_module(module), name)

    class Changed(kind):
        def use_robot(self, file):
            super().use_robot(file)
            change(self.scene.robot)

    return Changed()
