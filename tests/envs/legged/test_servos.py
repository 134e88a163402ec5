import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

from sb3_memaug.envs.legged.servos import Servo, add_servos, by_name, choose_servos  # noqa: E402

MOTORS = {"hip": 20.0, "knee": 40.0, "tail": None}


def test_the_strongest_motor_carries_the_robot_and_the_others_go_with_their_torque():
    servos = {servo.joint: servo for servo in choose_servos(MOTORS, 80.0)}
    assert servos["knee"] == ("knee", 60.0, 1.5, 40.0)
    assert servos["hip"] == ("hip", 30.0, 0.75, 20.0)
    # What has no limit has half of the weight times the length.
    assert servos["tail"] == servos["knee"]._replace(joint="tail")


def test_limits_that_no_motor_has_are_placeholders():
    servos = choose_servos({"hip": 1000.0, "knee": 16.1, "tail": 15.9}, 8.0)
    assert [servo.torque_limit for servo in servos] == [4.0, 4.0, 15.9]


def test_numbers_for_all_and_by_name():
    servos = choose_servos(MOTORS, 80.0, stiffness=25, damping={"knee": 2.0}, torque_limit={"hip|tail": 10.0})
    assert servos == (
        Servo("hip", 25.0, 0.625, 10.0),
        Servo("knee", 25.0, 2.0, 40.0),
        Servo("tail", 25.0, 0.625, 10.0),
    )


def test_names_are_matched_as_a_whole():
    names = ["LF_HAA", "LF_HFE", "RF_HFE"]
    assert by_name("pose", {".*HFE": 0.4, "LF_HAA": 1}, names) == {"LF_HFE": 0.4, "RF_HFE": 0.4, "LF_HAA": 1.0}
    with pytest.raises(ValueError, match=r"`pose` names 'HFE', which matches none of the joints \['LF_HAA'"):
        by_name("pose", {"HFE": 0.4}, names)
    with pytest.raises(ValueError, match=r"`pose` gives the joint 'LF_HFE' two values: two of \['LF.*', '.*HFE'\]"):
        by_name("pose", {"LF.*": 0.4, ".*HFE": 0.1}, names)


@pytest.mark.parametrize("wrong", [{"stiffness": 0.0}, {"torque_limit": -1.0}, {"damping": {"knee": -0.1}}])
def test_servos_that_would_not_hold_are_refused(wrong):
    with pytest.raises(ValueError, match="must be positive, and `damping` not negative"):
        choose_servos(MOTORS, 80.0, **wrong)


@pytest.mark.parametrize("weighty_length", [0.0, float("nan")])
def test_legs_of_no_length_have_no_servos(weighty_length):
    with pytest.raises(ValueError, match="legs that have a length, and a robot that has a weight"):
        choose_servos(MOTORS, weighty_length)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("strong", "`pose` must be a finite number, .* got 'strong'"),
        (float("nan"), "must be a finite number"),
        (True, "must be a finite number"),
        ({"knee": "0.3"}, "must be a finite number, .* got '0.3'"),
        ({"[": 0.3}, r"`pose` names '\[', which is no regular expression"),
        ({1: 0.3}, "`pose` names 1, which is no regular expression"),
    ],
)
def test_what_is_no_number_by_name_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        by_name("pose", values, list(MOTORS))


def test_a_servo_is_a_spring_with_a_damper_and_a_limit_whatever_the_files_defaults_are():
    spec = mujoco.MjSpec.from_string(
        """
        <mujoco>
          <option timestep="0.005"/>
          <default><motor gear="7" ctrlrange="-1 1"/><position kp="3" forcerange="-2 2"/></default>
          <worldbody><body><joint name="hip" axis="0 1 0" ref="0.4"/><geom size="0.1"/></body>
          <body><joint name="knee" axis="0 1 0" armature="0.01"/><geom size="0.1"/></body></worldbody>
        </mujoco>
        """
    )
    add_servos(spec, [Servo("knee", 30.0, 0.5, 10.0), Servo("hip", 20.0, 0.0, 5.0)])
    model = spec.compile()
    data = mujoco.MjData(model)
    data.joint("knee").qpos[0], data.joint("knee").qvel[0], data.joint("hip").qpos[0] = 0.2, 0.4, 0.6
    for target, knee, hip in ((0.3, 30 * 0.1 - 0.2, -20 * 0.3), (2.0, 10.0, 5.0), (-2.0, -10.0, -5.0)):
        data.ctrl[:] = target
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(data.actuator_force, [knee, np.clip(hip, -5, 5)], atol=1e-12)
        np.testing.assert_allclose([data.joint(name).qfrc_actuator[0] for name in ("knee", "hip")], data.actuator_force)
    # The rotor that the file does not know.
    assert model.joint("hip").dofadr[0] == 0
    np.testing.assert_allclose(model.dof_armature, [20.0 * 0.005**2, 0.01])
