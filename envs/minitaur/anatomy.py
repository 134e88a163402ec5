"""The minitaur's parts: masses, names, pose and reflections, the same in every simulator.

A leg is a five-bar linkage: two motors on one axis turn two upper links, whose knees carry two lower links that meet
in the foot. Names and motor angles are those of the URDF that ships with PyBullet: an angle of zero points an upper
link upwards, and the ``L`` and ``R`` motors of a leg turn about opposite axes. A knee turns about the axis of its
motor. Masses and inertias are what Bullet computes from the URDF's shapes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sb3_memaug.robots import RobotState
from sb3_memaug.symmetry import Reflection

#: kg and kg·m² (x, y, z), of the base with its two chassis plates.
BASE_MASS, BASE_INERTIA = 3.2, (0.0261, 0.0313, 0.0524)
#: kg and kg·m², of each chassis plate; m, of its distance from the base's centre.
PLATE_MASS, PLATE_INERTIA, PLATE_Y = 0.1, (7.07e-5, 9.894e-4, 1.0307e-3), 0.1
#: kg and kg·m², of a motor that turns about y.
MOTOR_MASS, MOTOR_INERTIA = 0.25, (2.007e-4, 3.588e-4, 2.007e-4)
#: kg, of an upper or a lower link, and kg·m², of each when it points along z.
LINK_MASS = 0.05
UPPER_INERTIA = (5.08e-5, 5.08e-5, 8.0e-7)
LOWER_INERTIA = (1.706e-4, 1.706e-4, 1.2e-6)
#: kg·m² and N·m·s/rad, of the rotor or bearing of every joint. At a time step of 4 ms the inertia is also what lets
#: Bullet's solver close the light linkages within its iterations.
ROTOR_INERTIA, JOINT_DAMPING = 0.0005, 0.001


LEGS = ("front_left", "back_left", "front_right", "back_right")
SIDES = ("L", "R")


def motor(leg: str, side: str) -> str:
    """
    :param leg: one of :data:`LEGS`
    :param side: one of :data:`SIDES`
    :return: name of the joint that the motor turns
    """
    return f"motor_{leg}{side}_joint"


def knee(leg: str, side: str) -> str:
    """
    :param leg: one of :data:`LEGS`
    :param side: one of :data:`SIDES`
    :return: name of the passive joint between the links
    """
    return f"knee_{leg}{side}_link"


def outer_side(leg: str) -> str:
    """
    :param leg: one of :data:`LEGS`
    :return: which of its motors is farther from the robot's middle; no mirror exchanges the outer with the inner one
    """
    return "L" if leg.endswith("left") else "R"


MOTORS = tuple(motor(leg, side) for leg in LEGS for side in SIDES)
KNEES = tuple(knee(leg, side) for leg in LEGS for side in SIDES)

#: m, from the motor's axis to the knee and from the knee to the foot.
UPPER_LENGTH = 0.115
LOWER_LENGTH = 0.2
#: m, half the thickness of a lower link: how far the ground is from a foot's centre.
FOOT_RADIUS = 0.005

#: Sign of the motor angles when both upper links of a leg are level, as in the factory's stance but for the sign of the
#: back legs: there the outer links point forward, so that the back legs mirror the front legs, which the layers in
#: which inner and outer links lie would otherwise prevent.
_STANCE_SIGNS = {"front_left": -1.0, "back_left": 1.0, "front_right": 1.0, "back_right": -1.0}


def knee_angles(motor_angles: Sequence[float]) -> list[float]:
    """
    Close the linkage of each leg.

    :param motor_angles: of :data:`MOTORS` in rad
    :return: angles of :data:`KNEES` at which the two lower links of each leg meet below the body
    """
    angles = []
    for i in range(len(LEGS)):
        left, right = motor_angles[2 * i : 2 * i + 2]
        # Knees in the plane of the leg, x forward and z up; the R motor turns the other way.
        knees = [UPPER_LENGTH * np.array((math.sin(a), math.cos(a))) for a in (left, -right)]
        middle, gap = (knees[0] + knees[1]) / 2, knees[1] - knees[0]
        half = math.hypot(*gap) / 2
        across = np.array((-gap[1], gap[0])) / (2 * half)
        foot = middle - math.copysign(math.sqrt(LOWER_LENGTH**2 - half**2), across[1]) * across
        for position, angle, sign in ((knees[0], left, 1), (knees[1], right, -1)):
            x, z = foot - position
            angles.append(math.remainder(sign * math.atan2(x, z) - angle, math.tau))
    return angles


_STANCE_MOTORS = [_STANCE_SIGNS[leg] * math.pi / 2 for leg in LEGS for _ in SIDES]
#: rad, of every joint in the default pose.
STANCE = dict(zip(MOTORS + KNEES, _STANCE_MOTORS + knee_angles(_STANCE_MOTORS), strict=True))
#: rad, from the stance to the stops of a motor, either way. Without them the free chain of a dead motor folds over its
#: own hip, and the body lies on the ground at that corner.
MOTOR_RANGE = 1.25
#: m, of the motors' axes above the ground in the stance, the legs being vertical, and where an episode starts.
STANCE_HEIGHT = math.sqrt(LOWER_LENGTH**2 - UPPER_LENGTH**2) + FOOT_RADIUS
START_HEIGHT = STANCE_HEIGHT + 0.02


def _reflection(plane: str, legs: dict[str, str], sides: dict[str, str]) -> Reflection:
    """Every joint of the minitaur turns the other way in a mirror; what differs is which one is its partner."""
    partners = {
        name(leg, side): (name(legs[leg], sides[side]), -1) for name in (motor, knee) for leg in LEGS for side in SIDES
    }
    return Reflection(plane, partners, legs)


REFLECTIONS = {
    "left_right": _reflection(
        "sagittal",
        legs={
            "front_left": "front_right",
            "front_right": "front_left",
            "back_left": "back_right",
            "back_right": "back_left",
        },
        sides={"L": "R", "R": "L"},
    ),
    "front_back": _reflection(
        "transverse",
        legs={
            "front_left": "back_left",
            "back_left": "front_left",
            "front_right": "back_right",
            "back_right": "front_right",
        },
        sides={"L": "L", "R": "R"},
    ),
}


def standing_state(joint_names: Sequence[str], rng: np.random.Generator, spread: float) -> RobotState:
    """
    A state near the stance, the linkages closed, a little above the ground.

    :param joint_names: joints in the simulator's order
    :param rng: source of randomness
    :param spread: motors deviate from the stance by up to this angle in rad, either way
    :return: the state, at rest
    """
    offsets = rng.uniform(-spread, spread, len(MOTORS))
    motors = [STANCE[name] + offset for name, offset in zip(MOTORS, offsets.tolist(), strict=True)]
    knees = knee_angles(motors)
    angles = dict(zip(MOTORS + KNEES, motors + knees, strict=True))
    return RobotState(
        base_position=np.array((0.0, 0.0, START_HEIGHT)),
        base_orientation=np.array((1.0, 0.0, 0.0, 0.0)),
        base_linear_velocity=np.zeros(3),
        base_angular_velocity=np.zeros(3),
        joint_positions=np.array([angles[name] for name in joint_names]),
        joint_velocities=np.zeros(len(joint_names)),
    )
