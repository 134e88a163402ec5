"""What a mirror is: signed permutations, terms of an observation, and the groups that they make."""

from sb3_memaug.symmetry.compatibility import check_group_fits
from sb3_memaug.symmetry.geometry import Actuator, Body, Closure, Joint, Link, RobotGeometry, Shape
from sb3_memaug.symmetry.group import SymmetryGroup
from sb3_memaug.symmetry.image_flip import ImageFlip
from sb3_memaug.symmetry.label_permutation import LabelPermutation
from sb3_memaug.symmetry.mirror import Mirror
from sb3_memaug.symmetry.reflection import Reflection
from sb3_memaug.symmetry.signed_permutation import SignedPermutation
from sb3_memaug.symmetry.terms import Term, group_of_terms
from sb3_memaug.symmetry.transform import Transform

__all__ = [
    "Actuator",
    "Body",
    "Closure",
    "ImageFlip",
    "Joint",
    "LabelPermutation",
    "Link",
    "Mirror",
    "Reflection",
    "RobotGeometry",
    "Shape",
    "SignedPermutation",
    "SymmetryGroup",
    "Term",
    "Transform",
    "check_group_fits",
    "group_of_terms",
]
