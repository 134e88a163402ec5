"""What a mirror is: signed permutations, terms of an observation, and the groups that they make."""

from sb3_memaug.symmetry.compatibility import check_group_fits, with_labels
from sb3_memaug.symmetry.derivation import derive_symmetry
from sb3_memaug.symmetry.derived_symmetry import DerivedReflection, DerivedSymmetry
from sb3_memaug.symmetry.geometry import Actuator, Body, Closure, Coupling, Joint, Link, RobotGeometry, Shape
from sb3_memaug.symmetry.geometry_readers import read_geometry, register_geometry_reader
from sb3_memaug.symmetry.group import SymmetryGroup
from sb3_memaug.symmetry.image_flip import ImageFlip
from sb3_memaug.symmetry.label_permutation import LabelPermutation
from sb3_memaug.symmetry.mirror import Mirror
from sb3_memaug.symmetry.reflection import PLANES, Reflection
from sb3_memaug.symmetry.residual import Residual
from sb3_memaug.symmetry.signed_permutation import SignedPermutation
from sb3_memaug.symmetry.terms import Term, group_of_terms
from sb3_memaug.symmetry.tolerances import Tolerances
from sb3_memaug.symmetry.transform import Transform

__all__ = [
    "PLANES",
    "Actuator",
    "Body",
    "Closure",
    "Coupling",
    "DerivedReflection",
    "DerivedSymmetry",
    "ImageFlip",
    "Joint",
    "LabelPermutation",
    "Link",
    "Mirror",
    "Reflection",
    "Residual",
    "RobotGeometry",
    "Shape",
    "SignedPermutation",
    "SymmetryGroup",
    "Term",
    "Tolerances",
    "Transform",
    "check_group_fits",
    "derive_symmetry",
    "group_of_terms",
    "read_geometry",
    "register_geometry_reader",
    "with_labels",
]
