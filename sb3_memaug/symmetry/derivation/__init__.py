"""Finding the mirrors of a robot from its geometry and inertia."""

from sb3_memaug.symmetry.derivation.derive import MIRRORS, DerivedReflection, DerivedSymmetry, derive_symmetry

__all__ = ["MIRRORS", "DerivedReflection", "DerivedSymmetry", "derive_symmetry"]
