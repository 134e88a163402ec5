import sys

import pytest

from sb3_memaug.envs.minitaur.minitaur_env import DAMPING, PHYSICS_DT, STIFFNESS, TORQUE_LIMIT, MinitaurEnv, make_robot
from sb3_memaug.envs.tasks import VelocityTask

ARGUMENTS = (PHYSICS_DT, STIFFNESS, DAMPING, TORQUE_LIMIT)


def test_an_unknown_simulator_is_refused():
    with pytest.raises(ValueError, match=r"one of \['bullet', 'mujoco'\], got 'gazebo'"):
        make_robot("gazebo", *ARGUMENTS)


@pytest.mark.parametrize(
    ("simulator", "module", "advice"),
    [
        ("bullet", "pybullet", r"sb3-memaug\[bullet\].*Python 3\.11.*-MuJoCo-"),
        ("mujoco", "mujoco", r"sb3-memaug\[mujoco\]"),
    ],
)
def test_a_missing_simulator_is_named_with_its_extra(monkeypatch, simulator, module, advice):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "sb3_memaug.envs.minitaur.bullet_model", raising=False)
    with pytest.raises(ImportError, match=advice):
        make_robot(simulator, *ARGUMENTS)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"control_dt": 0.01}, "`control_dt` must be a multiple of 0.004 s, got 0.01"),
        ({"control_dt": 0.0}, "`control_dt` must be a multiple"),
        ({"control_dt": float("nan")}, "`control_dt` must be finite, got nan"),
        ({"control_dt": float("inf")}, "`control_dt` must be finite, got inf"),
        ({"initial_spread": -0.1}, "`initial_spread` must not be negative, got -0.1"),
        ({"render_mode": "ascii"}, "`render_mode` must be None or one of"),
    ],
)
def test_wrong_arguments_are_refused_before_a_simulator_starts(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        MinitaurEnv("gazebo", VelocityTask(), **arguments)
