"""From files to models, small ones of our own and those of real robots."""

from pathlib import Path

import gymnasium.envs.mujoco
import numpy as np
import pytest

from tests.robots.robot_files import example_robot, quadruped_mjcf

from .robots import BASE, LEGS, LINKS, RADIUS, SHANK, THIGH

mujoco = pytest.importorskip("mujoco")

from sb3_memaug.envs.legged.legged_model import build_legged_model  # noqa: E402
from sb3_memaug.envs.legged.scene import GROUND, place  # noqa: E402

DT = 0.005
FEET = [f"{leg}_foot" for leg in LEGS]
BENT_LEG = 0.85 * (THIGH + SHANK)
WEIGHT = 9.81 * (BASE + 4 * sum(LINKS))
GYMNASIUM = Path(gymnasium.envs.mujoco.__file__).parent / "assets"


def settled(legged, seconds):
    """Its data after some time on servos that hold its default pose."""
    model, data = legged.model, place(legged.model, legged.pose)
    data.qpos[2] = legged.height
    for servo in legged.servos:
        data.actuator(servo.joint).ctrl[0] = legged.pose[servo.joint]
    mujoco.mj_step(model, data, round(seconds / model.opt.timestep))
    return data


def stands(legged, seconds=2.0):
    data = settled(legged, seconds)
    base = legged.model.jnt_bodyid[legged.model.jnt_type == mujoco.mjtJoint.mjJNT_FREE][0]
    upright = data.xmat[base, 8]
    sunk = (legged.height - data.qpos[2]) / legged.hip_height
    return upright > 0.98 and abs(sunk) < 0.2 and not any(warning.number for warning in data.warning)


def test_the_quadruped_by_hand(dog):
    legged = build_legged_model(dog(), DT)
    assert legged.height == pytest.approx(BENT_LEG + RADIUS)
    assert legged.hip_height == pytest.approx(legged.height)
    assert legged.feet == {f"{leg}_foot": (f"{leg}_foot_collision_0",) for leg in LEGS}
    half = np.arccos(0.85)
    assert [legged.pose[f"FL_{joint}"] for joint in ("HAA", "HFE", "KFE")] == pytest.approx([0, half, -2 * half])
    assert list(legged.symmetry.reflections) == ["left_right", "front_back"]
    assert {servo.torque_limit for servo in legged.servos} == {20.0}
    # From the hip joint to the foot: the thigh's offset, too.
    stiffness = 0.75 * WEIGHT * (0.07 + THIGH + SHANK)
    assert [servo.stiffness for servo in legged.servos] == pytest.approx([stiffness] * 12, rel=1e-4)
    assert stands(legged)


def test_knees_that_bend_one_way_leave_left_and_right(dog):
    legged = build_legged_model(dog(knee=(-2.6, -0.1)), DT)
    assert list(legged.symmetry.reflections) == ["left_right"]
    assert stands(legged)


def test_missing_feet_are_added_where_the_legs_end(dog):
    legged = build_legged_model(dog(foot=False), DT)
    assert legged.feet == {f"{leg}_foot": (f"{leg}_foot_sphere",) for leg in LEGS}
    radius = legged.model.geom("FL_foot_sphere").size[0]
    assert legged.height == pytest.approx(BENT_LEG + radius)
    assert legged.model.body_mass.sum() == pytest.approx(WEIGHT / 9.81, abs=1e-4)
    assert stands(legged)


def test_a_foot_that_hangs_in_the_air_is_warned_of(dog):
    with pytest.warns(UserWarning, match=r"the foot 'HL_foot' is 0\.\d+ m above the ground"):
        legged = build_legged_model(dog(), DT, pose={"HL_KFE": 2.5})
    assert legged.height == pytest.approx(BENT_LEG + RADIUS)


def test_a_robot_touches_the_ground_and_not_itself(dog):
    legged = build_legged_model(dog(base='<collision><geometry><sphere radius="0.37"/></geometry></collision>'), DT)
    data = place(legged.model, legged.pose)
    mujoco.mj_forward(legged.model, data)
    ground = legged.model.geom(GROUND).id
    assert data.ncon
    assert (data.contact.geom == ground).any(axis=1).all()


def test_arguments_reach_the_model(dog):
    legged = build_legged_model(
        dog(),
        DT,
        pose={".*L_HAA": 0.1, ".*R_HAA": -0.1},
        feet=FEET[::-1],
        stiffness=30,
        damping=2,
        torque_limit={".*": 9},
    )
    assert legged.pose["HL_HAA"] == 0.1
    assert list(legged.feet) == FEET[::-1]
    assert {servo[1:] for servo in legged.servos} == {(30.0, 2.0, 9.0)}
    assert legged.model.actuator_forcerange.tolist() == [[-9, 9]] * 12


def test_tolerances_let_unequal_sides_pass(two_legs, tmp_path):
    path = two_legs()
    path.write_text(path.read_text().replace('pos="0 -0.1 0"', 'pos="0.004 -0.1 0"'))
    assert not build_legged_model(path, DT).symmetry.reflections
    assert "left_right" in build_legged_model(path, DT, tolerances={"position": 0.01}).symmetry.reflections


def test_a_robot_whose_hips_are_below_its_feet_is_refused(tmp_path):
    inertial = '<inertial pos="0 0 0.1" mass="1" diaginertia="0.01 0.01 0.01"/>'
    legs = "".join(
        f"""<body pos="0 {y} -1"><joint name="hip_{side}" axis="0 1 0"/>{inertial}
              <body pos="0 0 0.2"><joint name="knee_{side}" axis="0 1 0" range="-1 1"/>{inertial}
                <geom size="0.02" pos="0 0 0.2"/></body></body>"""
        for side, y in (("left", 0.1), ("right", -0.1))
    )
    path = tmp_path / "upside_down.xml"
    path.write_text(
        '<mujoco><compiler autolimits="true" angle="radian"/><worldbody><body name="trunk"><freejoint/>'
        f'<geom type="box" size="0.1 0.1 0.05"/>{legs}</body></worldbody></mujoco>'
    )
    with pytest.raises(ValueError, match=r"the hips of .* are 0\.38\d m below the ground.*with z up"):
        build_legged_model(path, DT, pose={".*": 0.0})


def test_tolerances_that_there_are_not_are_refused(dog):
    with pytest.raises(ValueError, match=r"`tolerances` names 'color', which is none; there are \['position'"):
        build_legged_model(dog(), DT, tolerances={"color": 0.1})


def test_links_with_meshes_hide_what_touches_and_others_are_drawn(dog, tmp_path):
    (tmp_path / "shell.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n")
    shell = '<visual><geometry><mesh filename="shell.obj"/></geometry></visual>'
    model = build_legged_model(dog(base=shell), DT).model
    shown = {
        model.body(b).name: {int(model.geom_group[g]) for g in range(model.ngeom) if model.geom_bodyid[g] == b}
        for b in range(model.nbody)
    }
    assert shown["base"] == {1, 3}
    assert shown["FL_thigh"] == shown["FL_foot"] == {0}
    sticks = (model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE) & (model.geom_contype == 0)
    assert sticks.sum() == 4 * 3
    assert model.geom_size[sticks, 1].max() * 2 == pytest.approx(THIGH)


@pytest.mark.parametrize(
    ("name", "mirrors"),
    [("ant", ["left_right", "front_back"]), ("humanoid", ["left_right"])],
)
def test_gymnasiums_robots(name, mirrors):
    legged = build_legged_model(GYMNASIUM / f"{name}.xml", DT)
    assert list(legged.symmetry.reflections) == mirrors
    # Two legs without ankles balance, or fall.
    assert stands(legged) == (name == "ant")


@pytest.mark.parametrize(
    ("name", "mirrors"),
    [
        ("anymal_c_simple_description/urdf/anymal", ["left_right", "front_back"]),
        ("solo12", ["left_right", "front_back"]),
        ("a1_description/urdf/a1", ["left_right"]),
        ("hyq_no_sensors", ["left_right"]),
    ],
)
def test_quadrupeds_in_urdf_files_stand(name, mirrors):
    legged = build_legged_model(example_robot(name), DT)
    assert list(legged.symmetry.reflections) == mirrors
    assert len(legged.feet) == 4
    assert len(legged.servos) == 12
    assert stands(legged, 5.0)


@pytest.mark.parametrize(("name", "knee"), [("aliengo", -1.8), ("mini_cheetah", 1.11)])
def test_quadrupeds_in_mjcf_files_stand_as_their_keyframe_does_if_that_stands(name, knee):
    legged = build_legged_model(quadruped_mjcf(name), DT)
    assert legged.pose["FL_calf_joint"] == pytest.approx(knee, abs=0.01)
    assert "left_right" in legged.symmetry.reflections
    assert stands(legged, 5.0)


def test_placeholders_for_torque_limits_are_not_believed():
    limits = {servo.torque_limit for servo in build_legged_model(example_robot("solo12"), DT).servos}
    assert all(1.0 < limit < 6.0 for limit in limits)
