"""Robots in MuJoCo."""
