"""URDF files, piece by piece."""

from __future__ import annotations


def link(name, mass=1.0, inside=""):
    return (
        f'<link name="{name}"><inertial><mass value="{mass}"/>'
        f'<inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>{inside}</link>'
    )


def joint(name, parent, child, kind="revolute", xyz="0 0 0", axis="0 1 0", inside=""):
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{xyz}"/><axis xyz="{axis}"/><limit lower="-1" upper="1" effort="9" velocity="5"/>{inside}'
        "</joint>"
    )


def biped_parts(left_inside="", right_inside=""):
    """A pelvis on two legs of a thigh and a shin."""
    parts = link("pelvis", 5)
    for side, y, inside in (("left", 0.1, left_inside), ("right", -0.1, right_inside)):
        parts += link(f"{side}_thigh") + link(f"{side}_shin", 0.5)
        parts += joint(f"{side}_hip", "pelvis", f"{side}_thigh", xyz=f"0 {y} 0")
        parts += joint(f"{side}_knee", f"{side}_thigh", f"{side}_shin", xyz="0 0 -0.4", inside=inside)
    return parts


def robot(*parts, attributes=""):
    return f'<robot name="small" {attributes}>{"".join(parts)}</robot>'
