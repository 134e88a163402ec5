"""Environments whose mirrors hold, and one whose robot is not symmetric."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug.envs  # noqa: F401
from sb3_memaug import JointFailure, MirrorSpec, Payload, check_symmetry
from sb3_memaug.envs.minitaur.anatomy import MOTORS
from sb3_memaug.symmetry import Term

from ..robots.models import arrays, changed

#: Of the elements of the minitaur's group.
ELEMENTS = ("left_right", "front_back", "left_right*front_back")


@pytest.fixture
def make():
    made = []

    def make(name, **kwargs):
        pytest.importorskip("mujoco" if "MuJoCo" in name or "MemAug" not in name else "pybullet")
        env = gym.make(name, **kwargs)
        made.append(env)
        return env if env.has_wrapper_attr("symmetry_group") else MirrorSpec(env)

    yield make
    for env in made:
        env.close()


@pytest.mark.parametrize("name", ["Ant-v5", "Walker2d-v5", "Swimmer-v5", "InvertedDoublePendulum-v5"])
def test_mirrors_of_gymnasium_are_exact(make, name):
    report = check_symmetry(make(name))
    assert report.holds
    assert [element.exact for element in report.elements] == [True]


def test_an_ant_that_observes_where_it_is_is_exact(make):
    env = make("Ant-v5", exclude_current_positions_from_observation=False)
    assert check_symmetry(env, n_states=8, steps=(1, 10)).elements[0].exact


def test_what_never_moved_is_told(make):
    report = check_symmetry(make("InvertedDoublePendulum-v5"))
    assert report.unmoved == ("constraint_force[0]",)
    assert str(report).endswith("not put to the test, because they never moved: constraint_force[0]")


def test_a_humanoid_does_not_hold_because_the_robot_is_not_symmetric(make):
    (element,) = check_symmetry(make("Humanoid-v5")).elements
    assert not element.holds
    assert element.findings[:2] == (
        "the robot is not symmetric: right_knee and left_knee: stiffness 0 and 1",
        "the robot is not symmetric: right_hip_y and left_hip_y: armature 0.008 and 0.01",
    )


def test_a_humanoid_holds_when_it_is_mended(make):
    env = make("Humanoid-v5")
    model = env.unwrapped.model
    model.jnt_stiffness[model.joint("right_knee").id] = model.jnt_stiffness[model.joint("left_knee").id]
    for name in ("hip_x", "hip_y", "hip_z"):
        right, left = (model.joint(f"{side}_{name}").dofadr for side in ("right", "left"))
        model.dof_armature[right] = model.dof_armature[left]
    mujoco = pytest.importorskip("mujoco")
    # What MuJoCo has computed from them, and uses where joints and contacts push.
    mujoco.mj_setConst(model, env.unwrapped.data)
    assert check_symmetry(env).holds
    # The model's own solver goes through contacts one after the other, and its errors are not symmetric.
    model.opt.solver = mujoco.mjtSolver.mjSOL_NEWTON
    assert check_symmetry(env).elements[0].exact


@pytest.mark.parametrize("servos", [False, True])
def test_a_dog_that_is_symmetric_in_one_pose_only(tmp_path, servos):
    pytest.importorskip("mujoco")
    from ..wrappers.bent_dog import Dog, dog

    path = tmp_path / "dog.xml"
    path.write_text(dog(servos))
    terms = [
        Term("orientation", "quaternion_wxyz", 4),
        {"name": "joint_angles", "kind": "joint_positions", "names": "joints"},
        {"name": "joint_velocities", "kind": "joints", "names": "joints"},
    ]
    left_right, front_back, _ = check_symmetry(MirrorSpec(Dog(str(path)), observation=terms)).elements
    assert left_right.exact
    # MuJoCo scales the stops by the inertia in the pose of the file, which has no such mirror.
    assert front_back.holds and not front_back.exact


@pytest.mark.parametrize("name", ["MinitaurVelocity", "MinitaurPosition"])
def test_all_mirrors_of_the_minitaur_are_exact_in_mujoco(make, name):
    report = check_symmetry(make(f"MemAug/{name}-MuJoCo-v0"))
    assert [(element.name, element.exact) for element in report.elements] == [(name, True) for name in ELEMENTS]


def test_failures_and_payloads_of_the_environment_itself_are_left_to_the_check(make):
    env = Payload(make("MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"), mass=(1.0, 4.0), x=(-0.2, 0.2), y=(0.0, 0.1))
    report = check_symmetry(env, n_states=8, steps=(1, 10))
    assert all(element.exact for element in report.elements)


def test_the_minitaur_holds_in_bullet(make):
    report = check_symmetry(make("MemAug/MinitaurVelocity-v0"), n_states=6, steps=(1, 10))
    assert [element.name for element in report.elements] == list(ELEMENTS)
    assert report.holds and not report.elements[0].exact
    assert max(element.errors[0].worst for element in report.elements) < 1e-2


@pytest.mark.parametrize("simulator", ["-MuJoCo", ""])
def test_a_wrong_sign_is_found_in_a_closed_chain(make, simulator):
    name = f"MemAug/MinitaurVelocity{simulator}-v0"
    terms = [
        Term(term.name, "scalar", 3) if term.name == "projected_gravity" else term
        for term in make(name).get_wrapper_attr("observation_terms")
    ]
    env = MirrorSpec(make(name), mirrors=["left_right"], observation=terms)
    (element,) = check_symmetry(env, n_states=6, steps=(1, 5)).elements
    assert element.findings == (
        "projected_gravity[1]: sign",
        "projected_gravity: mirrors as terms of kind 'vector' do, not 'scalar'",
    )


@pytest.mark.parametrize("simulator", ["-MuJoCo", ""])
def test_the_wrong_sign_of_a_joint_is_found_in_a_closed_chain(make, simulator):
    env = make(f"MemAug/MinitaurVelocity{simulator}-v0")
    right = env.get_wrapper_attr("reflections")["left_right"]
    pair = (MOTORS[0], right.joints[MOTORS[0]][0])
    joints = {name: (other, -sign if name in pair else sign) for name, (other, sign) in right.joints.items()}
    env = MirrorSpec(env, reflections={"left_right": replace(right, joints=joints)})
    (element,) = check_symmetry(env, n_states=6, steps=(1, 5)).elements
    assert {f"{name}: sign, says the robot's geometry" for name in pair} == set(element.findings)


@pytest.mark.parametrize("simulator", ["-MuJoCo", ""])
def test_a_wrong_action_is_found_in_a_closed_chain(make, simulator):
    name = f"MemAug/MinitaurVelocity{simulator}-v0"
    action = [Term("motor_targets", "action", 8, (*MOTORS[2:4], *MOTORS[:2], *MOTORS[4:]))]
    env = MirrorSpec(make(name), mirrors=["left_right"], action=action)
    (element,) = check_symmetry(env, n_states=6, steps=(1, 5)).elements
    assert len(element.findings) == 8
    assert f"motor_targets[5] {MOTORS[5]}: mirrors -motor_targets[0] {MOTORS[2]}, not motor_targets[2] {MOTORS[0]}" in (
        element.findings
    )


@pytest.mark.parametrize("name", ["Ant-v5", "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"])
def test_the_simulator_is_left_as_it_was(make, name):
    env = make(name)
    if name == "Ant-v5":
        env = JointFailure(env, strength=0.3)
    robot = env.get_wrapper_attr("robot")
    env.reset(seed=0, options={"failed_joint": None})
    before = arrays(robot.model)
    check_symmetry(env, n_states=4, steps=(1, 3))
    assert changed(robot.model, before) == []
    assert not robot.data.xfrc_applied.any()
    assert "do_simulation" not in vars(env.unwrapped)
    with gym.make(name) as untouched:
        untouched = JointFailure(untouched, strength=0.3) if name == "Ant-v5" else untouched
        lives = []
        for each in (env, untouched):
            each.reset(seed=3, options={"failed_joint": robot.motor_names[0]})
            lives.append([each.step(np.full(8, 0.2, dtype=np.float32))[0] for _ in range(5)])
    np.testing.assert_array_equal(*lives)


def test_the_simulator_is_left_as_it_was_when_something_goes_wrong(make):
    class Broken(gym.Wrapper):
        steps = 0

        def step(self, action):
            self.steps += 1
            if self.steps > 100:
                raise RuntimeError("broken")
            return self.env.step(action)

    env = make("Ant-v5")
    robot, before = env.get_wrapper_attr("unwrapped"), arrays(env.unwrapped.model)
    with pytest.raises(RuntimeError, match="broken"):
        check_symmetry(Broken(env))
    assert changed(robot.model, before) == []
    assert not robot.data.xfrc_applied.any()
    assert "do_simulation" not in vars(robot)
