"""Robots in URDF and MJCF files."""
