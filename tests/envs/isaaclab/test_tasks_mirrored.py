"""The mirrors of the tasks, put to the test in the simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch as th

from sb3_memaug.checks import check_symmetry
from sb3_memaug.envs.isaaclab.single_env import IsaacLabEnv
from sb3_memaug.symmetry import Term
from sb3_memaug.wrappers import MirrorSpec
from tests.envs.isaaclab.simulated import simulated
from tests.envs.isaaclab.test_registration import EIGHT

TASKS = [env_id.removeprefix("MemAug/").removesuffix("-v0") for env_id in EIGHT]
LEGGED_IN_FRONT_AND_BEHIND = ["left_right", "front_back", "left_right*front_back"]


def centre_the_base(env):
    """The base of a real ANYmal is asymmetric: its mass is moved to the middle, and its inertia to the axes."""
    robot = env.scene["robot"]
    centre, inertia = (values.torch[:, :1] for values in (robot.data.body_com_pos_b, robot.data.body_inertia))
    robot.set_coms_index(coms=centre * th.tensor((0.0, 0.0, 1.0)), body_ids=[0])
    robot.set_inertias_index(inertias=inertia * th.eye(3).flatten(), body_ids=[0])


@pytest.fixture(scope="module", params=TASKS)
def env(request):
    with simulated(request.param, num_envs=1, randomize=False) as env:
        if request.param.startswith("AnymalD"):
            centre_the_base(env)
        yield IsaacLabEnv(env)


def test_mirrors_of_a_task_hold_in_the_simulator(env):
    report = check_symmetry(env, n_states=3, steps=(1, 3))

    names = LEGGED_IN_FRONT_AND_BEHIND if "AnymalD" in report.env else ["left_right"]
    assert [element.name for element in report.elements] == names
    assert report.holds, str(report)
    # That nothing moved would hold as well.
    assert len(report.unmoved) < 3


@pytest.mark.parametrize("env", ["AnymalD-Velocity-Payload", "G1-Position-JointFailure"], indirect=True)
def test_a_wrong_sign_in_one_action_is_found(env):
    reflection = env.reflections["left_right"]
    ((_, _, size, names),) = [(t.name, t.kind, t.size, t.names) for t in env.action_terms]
    partner, sign = reflection.joints[names[0]]
    actuators = {**reflection.joints, names[0]: (partner, -sign), partner: (names[0], -sign)}
    wrong = MirrorSpec(
        env,
        reflections={"left_right": replace(reflection, actuators=actuators)},
        action=[Term("targets", "actuators", size, names)],
    )

    (element,) = check_symmetry(wrong, n_states=1, steps=(1,)).elements

    assert not element.holds
    assert {f"targets[{names.index(name)}] {name}: sign" for name in (names[0], partner)} <= set(element.findings)
