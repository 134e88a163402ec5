"""Small robots, written as files."""

from __future__ import annotations

import numpy as np

from sb3_memaug.symmetry import Body, Joint, RobotGeometry, Shape

#: m: the hips' places, the offset of the thigh to the outside, thigh and shank, and the foot's radius.
HIP_X, HIP_Y, OFFSET, THIGH, SHANK, RADIUS = 0.2, 0.06, 0.07, 0.2, 0.2, 0.02
LEGS = {"FL": (1, 1), "FR": (1, -1), "HL": (-1, 1), "HR": (-1, -1)}
#: kg, of the base, and of each of the three links of a leg.
BASE, LINKS = 6.0, (0.5, 0.8, 0.2)


def inertial(mass, x=0.0, y=0.0, z=0.0):
    moment = mass * 2e-3
    return (
        f'<inertial><origin xyz="{x} {y} {z}"/><mass value="{mass}"/>'
        f'<inertia ixx="{moment}" iyy="{moment}" izz="{moment}" ixy="0" ixz="0" iyz="0"/></inertial>'
    )


def joint(name, parent, child, xyz, axis, limit, effort, kind="revolute", extra=""):
    bounds = f'lower="{limit[0]}" upper="{limit[1]}"' if limit else ""
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{xyz}"/><axis xyz="{axis}"/><limit effort="{effort}" velocity="20" {bounds}/>{extra}</joint>'
    )


def quadruped_urdf(knee=(-2.6, 2.6), effort=20.0, foot=True, base="", extra=""):
    """Symmetric front to back, too, where the knees' limits are; its straight legs point down."""
    parts = [
        f'<link name="base">{inertial(BASE)}'
        f'<collision><geometry><box size="0.5 0.15 0.1"/></geometry></collision>{base}</link>'
    ]
    sphere = f'<collision><geometry><sphere radius="{RADIUS}"/></geometry></collision>' if foot else ""
    for leg, (x, y) in LEGS.items():
        parts += [
            f'<link name="{leg}_hip">{inertial(LINKS[0], y=y * OFFSET / 2)}</link>',
            joint(f"{leg}_HAA", "base", f"{leg}_hip", f"{x * HIP_X} {y * HIP_Y} 0", "1 0 0", (-0.8, 0.8), effort),
            f'<link name="{leg}_thigh">{inertial(LINKS[1], z=-THIGH / 2)}</link>',
            joint(f"{leg}_HFE", f"{leg}_hip", f"{leg}_thigh", f"0 {y * OFFSET} 0", "0 1 0", (-2.0, 2.0), effort),
            f'<link name="{leg}_shank">{inertial(LINKS[2], z=-SHANK / 2)}</link>',
            joint(f"{leg}_KFE", f"{leg}_thigh", f"{leg}_shank", f"0 0 {-THIGH}", "0 1 0", knee, effort),
            f'<link name="{leg}_foot">{sphere}</link>',
            joint(f"{leg}_ankle", f"{leg}_shank", f"{leg}_foot", f"0 0 {-SHANK}", "0 1 0", None, 0, kind="fixed"),
        ]
    return f'<robot name="dog">{"".join(parts)}{extra}</robot>'


#: What stands beside a robot in a scene, and must not come along.
SCENE = """
  <geom name="floor" type="plane" size="1 1 1"/><geom name="step" type="box" size="1 1 0.1" pos="2 0 0"/>
  <light pos="0 0 3"/><camera pos="0 0 1"/>
  <body name="ball" pos="1 0 1"><freejoint name="roll"/><geom name="ball" size="0.1"/></body>
"""


def two_legs_mjcf(base="<freejoint/>", actuators=None, scene=SCENE, key="0 0 1 1 0 0 0 0.3 -0.6 0.3 -0.6"):
    """Two legs of two joints, without names where MuJoCo asks for none, in a scene."""
    legs = "".join(
        f"""<body pos="0 {y} 0"><joint name="{side}_hip" axis="0 1 0"/>
              <geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02"/>
              <body pos="0 0 -0.2"><joint name="{side}_knee" axis="0 1 0" range="-2 -0.1"/>
                <geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02"/></body></body>"""
        for side, y in (("left", 0.1), ("right", -0.1))
    )
    if actuators is None:
        actuators = "".join(f'<motor joint="{s}_{j}"/>' for s in ("left", "right") for j in ("hip", "knee"))
    ball = "" if not scene else "1 0 1 1 0 0 0"
    keyframe = f'<keyframe><key name="home" qpos="{ball} {key}"/></keyframe>' if key else ""
    return f"""
    <mujoco model="legs"><compiler autolimits="true" angle="radian"/>
      <default><motor ctrlrange="-3 3" gear="5"/><geom friction="0.4"/></default>
      <worldbody>{scene}<body name="trunk" pos="0 0 0.45">{base}<geom type="box" size="0.1 0.1 0.1"/>{legs}</body>
      </worldbody>
      <actuator>{actuators}</actuator>
      <sensor><jointpos joint="left_hip"/></sensor>{keyframe}
    </mujoco>"""


def leg_geometry(upper, lower, knee_limits=(-np.inf, np.inf), hip_x=0.3, sign=1, ankle=None, clock=0.0):
    """
    Four legs of a hip and a knee that turn about ``sign`` times y, their thighs turned by ``clock`` and back at the
    knee in the file's pose; with an ankle, only two of them and with feet of that height.
    """
    bodies = [Body("base", -1, np.zeros(3), 5.0, np.zeros(3), np.eye(3))]
    thigh = upper * np.array((-np.sin(clock), 0, -np.cos(clock)))
    axis = np.array((0.0, sign, 0.0))
    places = [(hip_x, 0.1), (hip_x, -0.1), (-hip_x, 0.1), (-hip_x, -0.1)] if ankle is None else [(0, 0.1), (0, -0.1)]
    for i, (x, y) in enumerate(places):
        hip = np.array((x, y, 0.0))
        knee, end = hip + thigh, hip + thigh + (0, 0, -lower)
        bodies += [
            Body(f"thigh_{i}", 0, hip, 1.0, (hip + knee) / 2, np.eye(3), [Joint(f"hip_{i}", "hinge", hip, axis)]),
            Body(
                f"shank_{i}",
                len(bodies),
                knee,
                0.5,
                (knee + end) / 2,
                np.eye(3),
                [Joint(f"knee_{i}", "hinge", knee, axis, limits=knee_limits)],
                [] if ankle else [Shape("", "sphere", end, 1e-4 * np.eye(3))],
            ),
        ]
        if ankle is None:
            bodies.append(Body(f"foot_{i}", len(bodies) - 1, end, 0.0, end, np.zeros((3, 3))))
        else:
            sole = Shape("", "box", end + np.array((0.03, 0, -ankle)), np.diag((0.01, 0.002, 1e-6)))
            ankle_joint = Joint(f"ankle_{i}", "hinge", end, axis)
            bodies.append(Body(f"foot_{i}", len(bodies) - 1, end, 0.2, end, 1e-3 * np.eye(3), [ankle_joint], [sole]))
    return RobotGeometry.from_bodies("legs", bodies)
