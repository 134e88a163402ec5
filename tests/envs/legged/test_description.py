import pytest

mujoco = pytest.importorskip("mujoco")

from sb3_memaug.envs.legged.description import read_description  # noqa: E402

from .robots import BASE, LINKS, joint  # noqa: E402

JOINTS = ["left_hip", "left_knee", "right_hip", "right_knee"]


def test_of_a_scene_only_the_robot_is_left(two_legs):
    description = read_description(two_legs())
    assert description.base == "trunk"
    assert description.motors == dict.fromkeys(JOINTS, 15.0)
    assert description.poses == {
        "home": {"left_hip": 0.3, "left_knee": -0.6, "right_hip": 0.3, "right_knee": -0.6},
    }
    model = description.spec.compile()
    assert model.nbody == 6
    assert model.ngeom == 5
    assert [model.nu, model.nsensor, model.nkey, model.nlight, model.ncam] == [0] * 5
    assert [model.joint(j).name for j in range(1, model.njnt)] == JOINTS
    assert all(model.body(b).name for b in range(model.nbody))
    assert all(model.geom(g).name for g in range(model.ngeom))


def test_a_base_that_is_fixed_is_made_to_float(two_legs):
    model = read_description(two_legs(base="", key=None)).spec.compile()
    assert model.njnt == 5
    assert model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE


def test_a_base_that_moves_otherwise_is_refused(two_legs):
    rails = '<joint name="x" type="slide" axis="1 0 0"/><joint name="z" type="slide" axis="0 0 1"/>'
    with pytest.raises(ValueError, match=r"base 'trunk' moves by the joints \['x', 'z'\].*give it a <freejoint/>"):
        read_description(two_legs(base=rails, key=None))


@pytest.mark.parametrize(
    ("actuator", "limit"),
    [
        ('<motor joint="left_hip"/>', 15.0),
        ('<motor joint="left_hip" ctrllimited="false"/>', None),
        ('<motor joint="left_hip" forcerange="-2 1.5"/>', 10.0),
        ('<general joint="left_hip" gainprm="4" ctrlrange="-1 2" gear="-3"/>', 24.0),
        ('<position joint="left_hip" kp="50" ctrlrange="-1 1"/>', None),
        ('<position joint="left_hip" kp="50" ctrlrange="-1 1" forcerange="-9 9" gear="1"/>', 9.0),
    ],
)
def test_torque_limits_are_the_joints_whatever_the_actuators_are(two_legs, actuator, limit):
    assert read_description(two_legs(actuators=actuator)).motors == {"left_hip": limit}


def test_a_robot_without_actuators_is_driven_in_all_its_joints(two_legs):
    assert read_description(two_legs(actuators="")).motors == dict.fromkeys(JOINTS)


def test_a_urdf_file_floats_and_keeps_its_masses_and_its_effort(dog):
    description = read_description(dog(effort=12.0))
    assert description.base == "base"
    assert len(description.motors) == 12
    assert set(description.motors.values()) == {12.0}
    model = description.spec.compile()
    assert model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE
    assert model.body("base").mass[0] == pytest.approx(BASE)
    assert model.body_mass.sum() == pytest.approx(BASE + 4 * sum(LINKS), abs=1e-4)
    assert model.body("FL_foot").id > 0
    assert model.joint("FL_KFE").range.tolist() == [-2.6, 2.6]


def test_effort_of_zero_is_none(dog):
    assert set(read_description(dog(effort=0)).motors.values()) == {None}


def test_joints_that_follow_others_are_no_motors_but_follow(dog):
    tail = (
        '<link name="tail"/><link name="tip"/>'
        + joint("wag", "base", "tail", "-0.3 0 0", "0 0 1", (-1, 1), 5)
        + joint("curl", "tail", "tip", "-0.1 0 0", "0 0 1", (-1, 1), 5, extra='<mimic joint="wag" multiplier="-2"/>')
    )
    description = read_description(dog(extra=tail))
    assert "wag" in description.motors
    assert "curl" not in description.motors
    model = description.spec.compile()
    assert model.neq == 1
    data = mujoco.MjData(model)
    data.joint("wag").qpos[0], data.joint("curl").qpos[0] = 0.3, -0.6
    mujoco.mj_forward(model, data)
    assert data.efc_pos[data.efc_type == mujoco.mjtConstraint.mjCNSTR_EQUALITY] == pytest.approx([0], abs=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>", r"robot\.xml has no bodies, and so no robot"),
        ("<mujoco><nonsense/></mujoco>", "(?s)MuJoCo cannot read the robot in .*nonsense"),
        (
            "<mujoco><worldbody><body><freejoint/><geom size='1'/></body></worldbody></mujoco>",
            "nothing drives a joint of the robot",
        ),
    ],
)
def test_files_without_a_robot_are_refused(tmp_path, text, message):
    path = tmp_path / "robot.xml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_description(path)
