"""What a robot's geometry says against a reflection, and against there being one."""

from __future__ import annotations

from collections.abc import Iterator

from sb3_memaug.checks.subject import Subject
from sb3_memaug.symmetry import DerivedReflection, Reflection, derive_symmetry
from sb3_memaug.symmetry.derived_symmetry import NOTICEABLE


def wrong_joints(subject: Subject, element: str) -> list[str]:
    """
    :param subject: under examination
    :param element: of its group, by its name
    :return: joints that mirror others than the reflection says
    """
    findings = []
    for given, derived in _derived(subject, element):
        right = derived.reflection.joints if derived.reflection else {}
        for joint, (partner, sign) in given.joints.items():
            if joint not in right:
                continue
            if right[joint][0] != partner:
                findings.append(f"{joint}: mirrors {right[joint][0]}, not {partner}, says the robot's geometry")
            elif right[joint][1] != sign:
                findings.append(f"{joint}: sign, says the robot's geometry")
    return findings


def asymmetries(subject: Subject, element: str) -> tuple[list[str], list[str]]:
    """
    :param subject: under examination
    :param element: of its group, by its name
    :return: where the robot is not its own mirror image beyond the tolerances of a derivation, surfaces excepted that
        touch nothing; and where it is not quite
    """
    beyond, within = [], []
    for _, derived in _derived(subject, element):
        for residual in derived.residuals:
            if residual.ratio > 1 and (residual.decisive or residual.quantity != "surface"):
                beyond.append(f"the robot is not symmetric: {residual}")
            elif residual.ratio > NOTICEABLE:
                within.append(f"the robot is not quite symmetric: {residual}")
    return beyond, within


def _derived(subject: Subject, element: str) -> Iterator[tuple[Reflection, DerivedReflection]]:
    """The reflection of an element, and what the robot's geometry says of it where it can be read."""
    reflection = subject.reflection_of(element)
    # The pose that it leaves as it is, wherever the robot has got to.
    pose = {joint: reflection.pose.get(joint, 0.0) for joint in subject.robot.joint_names}
    try:
        candidates = derive_symmetry(subject.env, pose, axes=reflection.base).candidates
    except (ValueError, NotImplementedError):
        return
    for derived in candidates.values():
        if derived.reflection is not None and derived.reflection.plane == reflection.plane:
            yield reflection, derived
