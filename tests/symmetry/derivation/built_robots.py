"""Robots that are symmetric because they were built so: random limbs, each beside its images, in random order."""

from dataclasses import dataclass, replace

import numpy as np

from sb3_memaug.symmetry import PLANES, Actuator, Body, Joint, RobotGeometry, Shape

MIRRORS = {"left_right": "sagittal", "front_back": "transverse", "half_turn": "half_turn"}


@dataclass
class Part:
    """
    :param body: with at most one joint
    :param images: index of its image under each element of the group
    :param signs: of its joint's angle under each of them
    :param gear: of the motor of its joint; 0 for none
    """

    body: Body
    images: list[int]
    signs: list[int]
    gear: float = 0.0


@dataclass
class Built:
    """Bodies and motors, and what the reflections that built them do to joints, bodies and motors."""

    bodies: list[Body]
    motors: list[Actuator]
    partners: dict[str, dict[str, dict]]

    def geometry(self) -> RobotGeometry:
        return RobotGeometry.from_bodies("built", self.bodies, self.motors)

    def shuffled(self, rng: np.random.Generator) -> "Built":
        """Bodies in any order in which parents come before children, motors in any order at all."""
        order: list[int] = []
        while len(order) < len(self.bodies):
            parents = enumerate(body.parent for body in self.bodies)
            ready = [i for i, parent in parents if i not in order and (parent in order or parent < 0)]
            order.append(int(rng.choice(ready)))
        bodies = [self.bodies[i] for i in order]
        bodies = [replace(body, parent=order.index(body.parent) if body.parent >= 0 else -1) for body in bodies]
        return replace(self, bodies=bodies, motors=[self.motors[i] for i in rng.permutation(len(self.motors))])

    def changed(self, body: str, **changes) -> "Built":
        """With one body, or its joint, other than it was built."""
        bodies = list(self.bodies)
        i = next(i for i, b in enumerate(bodies) if b.name == body)
        if changes.keys() <= vars(bodies[i]).keys():
            bodies[i] = replace(bodies[i], **changes)
        else:
            bodies[i] = replace(bodies[i], joints=[replace(bodies[i].joints[0], **changes)])
        return replace(self, bodies=bodies)


def build(seed: int, *mirrors: str) -> Built:
    """With one mirror, or with left-right and front-back and so the half turn."""
    rng = np.random.default_rng(seed)
    group = [(1, 1, 1)]
    for mirror in mirrors:
        group += [_product(g, PLANES[MIRRORS[mirror]]) for g in group]
    parts: list[Part] = []
    for i in range(rng.integers(1, 4)):
        parts.append(_middle_part(rng, group, i))
    middle = len(parts)
    for _ in range(rng.integers(1, 4)):
        parts += _limb_and_images(rng, group, int(rng.integers(middle)), len(parts))
    for part, label in zip(parts, rng.permutation(len(parts)).tolist(), strict=True):
        joints = [replace(joint, name=f"axis_{label}") for joint in part.body.joints]
        part.body = replace(part.body, name=f"part_{label}", joints=joints)
    partners = {
        mirror: _partners(parts, group.index(PLANES[plane])) for mirror, plane in MIRRORS.items() if mirror in mirrors
    }
    motors = [motor for part in parts if part.gear for motor in [_motor(part, parts)]]
    return Built([part.body for part in parts], motors, partners).shuffled(rng)


def _product(g, h):
    return tuple(a * b for a, b in zip(g, h, strict=True))


def _axis_signs(g, kind: str) -> np.ndarray:
    """Of the components of a joint's axis: that of a hinge is an axial vector."""
    return np.array(g) * (np.prod(g) if kind == "hinge" else 1)


def _tensor(rng) -> np.ndarray:
    square = rng.normal(size=(3, 3))
    return square @ square.T / 100 + np.eye(3) / 100


def _place(rng) -> np.ndarray:
    """Well in front, on the left and above."""
    return rng.uniform(0.1, 0.6, 3)


def _part(rng, parent: int, joints: list[Joint]) -> Body:
    shape = Shape("", str(rng.choice(["box", "sphere"])), _place(rng), _tensor(rng))
    return Body("", parent, _place(rng), rng.uniform(0.5, 5), _place(rng), _tensor(rng), joints, [shape])


def _joint(rng, kind: str, axis: np.ndarray, both_ways: bool = False) -> Joint:
    angle, low, high = rng.uniform(-1, 1), rng.uniform(0.2, 2), rng.uniform(0.2, 2)
    limits = angle - (high if both_ways else low), angle + high
    return Joint("", kind, _place(rng), axis / np.linalg.norm(axis), angle, limits, {"damping": rng.uniform(0.1, 1)})


def _middle_part(rng, group, index: int) -> Part:
    """Its own image under the whole group; the first one is the base."""
    still = np.min(group, axis=0) > 0
    joints, signs = [], [1] * len(group)
    if index:
        kind = str(rng.choice(["hinge", "slide"]))
        # What picks up different signs cannot come together in one axis.
        components = np.array([_axis_signs(g, kind) for g in group]).T.tolist()
        signs = components[rng.integers(3)]
        axis = rng.uniform(0.2, 1, 3) * [component == signs for component in components]
        joint = _joint(rng, kind, axis, both_ways=min(signs) < 0)
        joints = [replace(joint, position=joint.position * still)]
    body = _part(rng, int(rng.integers(index)) if index else -1, joints)
    inertia, extent = (np.mean([np.outer(g, g) * t for g in group], 0) for t in (body.inertia, body.shapes[0].extent))
    shape = replace(body.shapes[0], position=body.shapes[0].position * still, extent=extent)
    body = replace(body, position=body.position * still, centre=body.centre * still, inertia=inertia, shapes=[shape])
    return Part(body, [index] * len(group), signs, float(rng.choice([0, 2, -2])) if index else 0.0)


def _limb_and_images(rng, group, parent: int, start: int) -> list[Part]:
    limb: list[Body] = []
    for i in range(rng.integers(1, 5)):
        kind = str(rng.choice(["hinge", "hinge", "slide", "fixed"])) if i else "hinge"
        joints = [] if kind == "fixed" else [_joint(rng, kind, rng.normal(size=3))]
        limb.append(_part(rng, start + int(rng.integers(i)) if i else parent, joints))
    flips = rng.choice([1, -1], (len(group), len(limb)))
    flips[0] = 1
    driven = rng.integers(2, size=len(limb)) * [len(body.joints) for body in limb]
    gears = 2.0 * driven * rng.choice([1, -1], (len(group), len(limb)))
    parts = []
    for c, g in enumerate(group):
        others = [group.index(_product(h, g)) for h in group]
        for i, body in enumerate(limb):
            image = _image(rng, body, g, int(flips[c, i]))
            if i:
                image = replace(image, parent=body.parent + c * len(limb))
            images = [start + other * len(limb) + i for other in others]
            parts.append(Part(image, images, [int(flips[c, i] * flips[o, i]) for o in others], float(gears[c, i])))
    return parts


def _image(rng, body: Body, g, flip: int) -> Body:
    joints = []
    for joint in body.joints:
        low, high = sorted(flip * (limit - joint.angle) for limit in joint.limits)
        angle, axis = rng.uniform(-1, 1), flip * _axis_signs(g, joint.kind) * joint.axis
        # Any point of the axis is as good as another.
        position = joint.position * g + rng.uniform(-0.3, 0.3) * axis
        joints.append(replace(joint, position=position, axis=axis, angle=angle, limits=(angle + low, angle + high)))
    turn = np.outer(g, g)
    (shape,) = body.shapes
    shape = replace(shape, position=shape.position * g, extent=turn * shape.extent)
    position, centre, inertia = body.position * g, body.centre * g, turn * body.inertia
    return replace(body, position=position, centre=centre, inertia=inertia, joints=joints, shapes=[shape])


def _motor(part: Part, parts: list[Part]) -> Actuator:
    """What one part's motor may do, the motors of its images may do in their direction."""
    (joint,) = part.body.joints
    first = min(part.images)
    sign = part.signs[part.images.index(first)] * np.sign(part.gear * parts[first].gear)
    limits = (-1.0, 2.0) if sign > 0 else (-2.0, 1.0)
    if first == max(part.images):
        limits = (-1.0, 1.0)
    return Actuator(joint.name.replace("axis", "motor"), joint.name, part.gear, limits)


def _partners(parts: list[Part], element: int) -> dict[str, dict]:
    joints, bodies, motors = {}, {}, {}
    for part in parts:
        image, sign = parts[part.images[element]], part.signs[element]
        bodies[part.body.name] = image.body.name
        for joint, other in zip(part.body.joints, image.body.joints, strict=True):
            joints[joint.name] = other.name, sign
            if part.gear:
                signed = sign * int(np.sign(part.gear * image.gear))
                motors[joint.name.replace("axis", "motor")] = other.name.replace("axis", "motor"), signed
    return {"joints": joints, "bodies": bodies, "actuators": motors}
