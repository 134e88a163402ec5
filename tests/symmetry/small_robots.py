"""Robots of a few bodies, in few words."""

import numpy as np

from sb3_memaug.symmetry import Body, Joint, RobotGeometry, Shape

INERTIA = np.diag((0.01, 0.02, 0.03))


def hinge(name, position, axis=(1, 0, 0), limits=(-1, 1), **more):
    return Joint(name, "hinge", np.array(position, float), np.array(axis, float), limits=limits, **more)


def slide(name, position, axis=(1, 0, 0), limits=(-1, 1), **more):
    return Joint(name, "slide", np.array(position, float), np.array(axis, float), limits=limits, **more)


def ball(position, radius=0.1, name="", kind="sphere"):
    return Shape(name, kind, np.array(position, float), radius**2 * np.eye(3))


def body(name, parent, position, *joints, mass=1.0, centre=None, inertia=INERTIA, shapes=()):
    """Its centre of mass where its frame is, unless given otherwise."""
    position = np.array(position, float)
    centre = position if centre is None else np.array(centre, float)
    return Body(name, parent, position, mass, centre, inertia, joints, shapes)


def trunk(**more):
    return body("trunk", -1, (0, 0, 0), **more)


def robot(*bodies, **more):
    return RobotGeometry.from_bodies("robot", bodies, **more)


def two_legs(left=(), right=(), **more):
    """Each on a hinge along x, with changes to either, as its ``mass``, or to its joint, as its ``axis``."""
    legs = []
    for side, y, changes in (("left", 0.2, dict(left)), ("right", -0.2, dict(right))):
        of_joint = {key: changes.pop(key) for key in ("axis", "limits", "angle", "properties") if key in changes}
        position = changes.pop("position", (0, y, 0))
        joint = changes.pop("kind", hinge)(f"{side}_hip", position, **of_joint)
        legs.append(body(f"{side}_leg", 0, position, joint, **changes))
    return robot(trunk(), *legs, **more)


#: rad, of a thigh from upright.
BEND = 0.5
#: Where the hips of four legs are.
HIPS = {"FL": (0.3, 0.2), "FR": (0.3, -0.2), "RL": (-0.3, 0.2), "RR": (-0.3, -0.2)}
LEFT_RIGHT = {"FL": "FR", "FR": "FL", "RL": "RR", "RR": "RL"}
FRONT_BACK = {"FL": "RL", "RL": "FL", "FR": "RR", "RR": "FR"}
#: The same however a limb is bent.
ROUND = {"inertia": np.eye(3) / 100}


def limb(name, start, *places, axis=(0, 1, 0), parent=0, **more):
    """A chain of bodies, each on a hinge at its origin and all about one axis."""
    return [
        body(f"{name}_{i}", start + i - 1 if i else parent, place, hinge(f"{name}_{i}", place, axis), **(ROUND | more))
        for i, place in enumerate(places)
    ]


def quadruped(bends=(BEND,) * 4, shift=0.0, extra=(), **more):
    """Legs of two links, their knees bent to the front; the base's origin is shifted to the back."""
    bodies = [trunk(centre=(shift, 0, 0))]
    for (name, (x, y)), bend in zip(HIPS.items(), bends, strict=True):
        knee = np.array((0.2 * np.sin(bend), 0, -0.2 * np.cos(bend)))
        hip, foot = np.array((x + shift, y, 0)), knee * (0, 0, 2)
        places = hip, hip + knee
        bodies += limb(name, len(bodies), *places)
        bodies.append(body(f"{name}_foot", len(bodies) - 1, hip + foot, **ROUND, shapes=[ball(hip + foot, 0.02)]))
    return robot(*bodies, *extra, **more)


def legs_of(reflection):
    return {name.split("_")[0]: partner.split("_")[0] for name, (partner, _) in reflection.joints.items()}
