"""The symmetry of an environment: transforms, mirrors, their groups, and how they are derived from a robot."""

from sb3_memaug.symmetry.derivation.derive import DerivedReflection, DerivedSymmetry, derive_symmetry
from sb3_memaug.symmetry.derivation.differences import Residual, Tolerances
from sb3_memaug.symmetry.derivation.geometry import (
    Actuator,
    Body,
    Closure,
    Coupling,
    Joint,
    Link,
    RobotGeometry,
    Shape,
    read_geometry,
    register_geometry_reader,
)
from sb3_memaug.symmetry.frames import BaseAxes
from sb3_memaug.symmetry.group import Mirror, SymmetryGroup
from sb3_memaug.symmetry.reflection import PLANES, Reflection
from sb3_memaug.symmetry.spaces import check_group_fits, with_labels
from sb3_memaug.symmetry.terms import Term, group_of_terms
from sb3_memaug.symmetry.transforms import ImageFlip, LabelPermutation, SignedPermutation, Transform

__all__ = [
    "PLANES",
    "Actuator",
    "BaseAxes",
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
