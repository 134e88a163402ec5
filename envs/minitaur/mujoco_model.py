"""The minitaur in MuJoCo: the URDF's masses and lengths, and both chains of a leg in one plane."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from .anatomy import (
    BASE_INERTIA,
    BASE_MASS,
    FOOT_RADIUS,
    JOINT_DAMPING,
    LEGS,
    LINK_MASS,
    LOWER_INERTIA,
    LOWER_LENGTH,
    MOTOR_INERTIA,
    MOTOR_MASS,
    MOTOR_RANGE,
    ROTOR_INERTIA,
    SIDES,
    STANCE,
    START_HEIGHT,
    UPPER_INERTIA,
    UPPER_LENGTH,
    knee,
    motor,
    outer_side,
)

#: m, from the motor's axis to the centre of the upper link.
UPPER_CENTRE = 0.06
#: m, of the legs from the base's centre; rad, by which their planes lean outwards.
LEG_X, LEG_Y, LEG_LEAN = 0.21, 0.0925, math.radians(5)


def minitaur_xml(timestep: float, stiffness: float, damping: float, torque_limit: float) -> str:
    """
    :param timestep: of the physics in s
    :param stiffness: of the motors' position control in N·m/rad
    :param damping: of the same in N·m·s/rad
    :param torque_limit: of a motor in N·m
    :return: the model in MuJoCo's XML
    """
    root = ElementTree.fromstring(
        f"""
        <mujoco model="minitaur">
          <compiler angle="radian"/>
          <option timestep="{timestep}" integrator="implicitfast" cone="pyramidal" iterations="20" ls_iterations="20"/>
          <visual><global offwidth="960" offheight="720"/><headlight ambient="0.4 0.4 0.4"/></visual>
          <asset>
            <texture name="sky" type="skybox" builtin="gradient" rgb1="1 1 1" rgb2="0.7 0.8 0.9"
                     width="64" height="64"/>
            <texture name="ground" type="2d" builtin="checker" rgb1="0.93 0.93 0.93" rgb2="0.84 0.86 0.88"
                     width="256" height="256"/>
            <material name="ground" texture="ground" texrepeat="100 100"/>
          </asset>
          <default>
            <joint armature="{ROTOR_INERTIA}" damping="{JOINT_DAMPING}"/>
            <geom contype="0" conaffinity="0" friction="1 0.02 0.01" condim="3" group="0" rgba="0.3 0.32 0.36 1"/>
            <default class="foot"><geom type="sphere" size="{FOOT_RADIUS}" contype="1" rgba="0.1 0.1 0.1 1"/></default>
            <default class="hull"><geom type="box" contype="1"/></default>
          </default>
          <worldbody>
            <light directional="true" diffuse="0.5 0.5 0.5" pos="0 0 3" dir="-0.3 0.3 -1"/>
            <geom name="ground" type="plane" size="50 50 1" conaffinity="1" material="ground" rgba="1 1 1 1"/>
            <body name="base" pos="0 0 {START_HEIGHT}">
              <freejoint name="base"/>
              <inertial pos="0 0 0" mass="{BASE_MASS}" diaginertia="{_vector(BASE_INERTIA)}"/>
              <geom class="hull" size="0.165 0.05 0.035"/>
              <geom class="hull" size="0.085 0.15 0.025" rgba="0.42 0.45 0.5 1"/>
            </body>
          </worldbody>
          <equality/>
          <actuator/>
        </mujoco>
        """
    )
    base, equality, actuator = root.find(".//body"), root.find("equality"), root.find("actuator")
    assert base is not None
    assert equality is not None
    assert actuator is not None
    for leg in LEGS:
        base.append(_leg(leg))
        for side in SIDES:
            ElementTree.SubElement(
                actuator,
                "position",
                joint=motor(leg, side),
                kp=str(stiffness),
                kv=str(damping),
                forcerange=f"{-torque_limit} {torque_limit}",
            )
        ElementTree.SubElement(
            equality,
            "connect",
            body1=f"lower_{leg}L",
            body2=f"lower_{leg}R",
            anchor=f"0 0 {LOWER_LENGTH}",
            solref=f"{2 * timestep} 1",
        )
    return ElementTree.tostring(root, encoding="unicode")


def _leg(leg: str) -> ElementTree.Element:
    """
    Built in the stance, which the reference of each joint undoes: MuJoCo scales its constraints by the inertia in the
    pose in which a model is built, so that pose has to be symmetric.
    """
    x = LEG_X if leg.startswith("front") else -LEG_X
    left = leg.endswith("left")
    color = {"front": "0.85 0.33 0.1 1", "back": "0.1 0.45 0.7 1"}[leg.split("_")[0]]
    hip = ElementTree.fromstring(
        f'<body name="{leg}" pos="{x} {LEG_Y if left else -LEG_Y} 0" euler="{LEG_LEAN if left else -LEG_LEAN} 0 0"/>'
    )
    # One sphere for the two chains that meet in it, on the link that both mirrors keep on the outside.
    foot = f'<geom name="foot_{leg}" class="foot" pos="0 0 {LOWER_LENGTH}"/>'
    for side in SIDES:
        sign = 1 if side == "L" else -1
        angle, knee_angle = STANCE[motor(leg, side)], STANCE[knee(leg, side)]
        mass = MOTOR_MASS + LINK_MASS
        centre = LINK_MASS * UPPER_CENTRE / mass
        inertia = [
            m + u + across * (MOTOR_MASS * centre**2 + LINK_MASS * (UPPER_CENTRE - centre) ** 2)
            for m, u, across in zip(MOTOR_INERTIA, UPPER_INERTIA, (1, 1, 0), strict=True)
        ]
        hip.append(
            ElementTree.fromstring(
                f"""
                <body name="upper_{leg}{side}" quat="{_about_y(sign * angle)}">
                  <joint name="{motor(leg, side)}" axis="0 {sign} 0" ref="{angle}" limited="true"
                         range="{angle - MOTOR_RANGE} {angle + MOTOR_RANGE}"/>
                  <inertial pos="0 0 {centre}" mass="{mass}" diaginertia="{_vector(inertia)}"/>
                  <geom type="cylinder" size="0.0434 0.013" zaxis="0 1 0" rgba="0.2 0.2 0.22 1"/>
                  <geom type="capsule" size="0.008" fromto="0 0 0 0 0 {UPPER_LENGTH}" rgba="{color}"/>
                  <body name="lower_{leg}{side}" pos="0 0 {UPPER_LENGTH}" quat="{_about_y(sign * knee_angle)}">
                    <joint name="{knee(leg, side)}" axis="0 {sign} 0" ref="{knee_angle}"/>
                    <inertial pos="0 0 0" mass="{LINK_MASS}" diaginertia="{_vector(LOWER_INERTIA)}"/>
                    <geom type="capsule" size="0.006" fromto="0 0 0 0 0 {LOWER_LENGTH}" rgba="{color}"/>
                    {foot if side == outer_side(leg) else ""}
                  </body>
                </body>
                """
            )
        )
    return hip


def _about_y(angle: float) -> str:
    return f"{math.cos(angle / 2)} 0 {math.sin(angle / 2)} 0"


def _vector(values: object) -> str:
    return " ".join(str(value) for value in values)  # type: ignore[attr-defined]
