"""A robot in its scene in MuJoCo: poses, ground, feet and looks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.symmetry import RobotGeometry

from .stance import Leg, tip

_TYPES = mujoco.mjtGeom


def place(model: Any, angles: Mapping[str, float]) -> Any:
    """
    :param model: ``mujoco.MjModel`` with a floating base
    :param angles: of joints in rad or m, by name
    :return: ``mujoco.MjData`` with the base level at the world's origin, whose kinematics are up to date
    """
    data = mujoco.MjData(model)
    base = int(np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)[0])
    start = int(model.jnt_qposadr[base])
    data.qpos[start : start + 7] = 0, 0, 0, 1, 0, 0, 0
    for name, angle in angles.items():
        data.joint(name).qpos[0] = angle
    mujoco.mj_kinematics(model, data)
    return data


def bottoms(model: Any, data: Any) -> dict[int, float]:
    """
    :param model: ``mujoco.MjModel``
    :param data: ``mujoco.MjData``, whose kinematics are up to date
    :return: z in m of the deepest point of each geom that can touch the ground, by its index
    """
    solid = np.flatnonzero((model.geom_contype != 0) & (model.geom_bodyid != 0)).tolist()
    return {g: float(data.geom_xpos[g, 2]) - _depth(model, g, data.geom_xmat[g].reshape(3, 3)[2]) for g in solid}


def _depth(model: Any, geom: int, up: np.ndarray) -> float:
    """
    Of a geom below its centre.

    :param up: the world's z axis along the geom's own axes
    """
    kind, size = _TYPES(model.geom_type[geom]), model.geom_size[geom]
    if kind == _TYPES.mjGEOM_SPHERE:
        return float(size[0])
    if kind == _TYPES.mjGEOM_CAPSULE:
        return float(size[0] + size[1] * abs(up[2]))
    if kind == _TYPES.mjGEOM_ELLIPSOID:
        return float(np.linalg.norm(size * up))
    if kind == _TYPES.mjGEOM_CYLINDER:
        return float(size[0] * np.hypot(up[0], up[1]) + size[1] * abs(up[2]))
    if kind == _TYPES.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        start = model.mesh_vertadr[mesh]
        return float(-(model.mesh_vert[start : start + model.mesh_vertnum[mesh]] @ up).min())
    return float(size @ abs(up))


#: Of the ground's geom, texture and material, and of the sky.
GROUND, SKY = "memaug_ground", "memaug_sky"


def put_on_plane(spec: Any, timestep: float) -> None:
    """
    Give a robot ground and light. It touches the ground with all that could touch anything, and itself with nothing:
    contacts within a robot take most of the time of a step, and links often overlap where they meet.

    :param spec: ``mujoco.MjSpec`` of the robot, changed in place
    :param timestep: of the physics in s
    """
    spec.option.timestep = timestep
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for body in spec.bodies:
        for geom in body.geoms:
            if geom.contype or geom.conaffinity:
                geom.contype, geom.conaffinity = 1, 0
    _add_ground(spec)
    _add_light(spec)


def _add_ground(spec: Any) -> None:
    kinds = mujoco.mjtTexture
    checker = {"builtin": mujoco.mjtBuiltin.mjBUILTIN_CHECKER, "rgb1": [0.93] * 3, "rgb2": [0.84, 0.86, 0.88]}
    spec.add_texture(name=GROUND, type=kinds.mjTEXTURE_2D, **checker, width=256, height=256, nchannel=3)
    material = spec.add_material(name=GROUND, texrepeat=[100, 100], texuniform=False, rgba=[1] * 4, reflectance=0)
    textures = material.textures
    textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = GROUND
    material.textures = textures
    ground = add_solid(spec.worldbody, GROUND, mujoco.mjtGeom.mjGEOM_PLANE, [50, 50, 1])
    ground.contype, ground.conaffinity, ground.material, ground.rgba = 0, 1, GROUND, [1] * 4


def add_solid(body: Any, name: str, kind: Any, size: Sequence[float]) -> Any:
    """
    :param body: to which it is added, of a ``mujoco.MjSpec``
    :param name: of the new geom
    :param kind: a ``mujoco.mjtGeom``
    :param size: of that kind, three numbers in m
    :return: a geom without mass that touches the ground, in MuJoCo's own defaults: the file's may be of any kind
    """
    return body.add_geom(
        name=name,
        type=kind,
        size=size,
        pos=[0] * 3,
        quat=[1, 0, 0, 0],
        mass=0,
        density=0,
        group=0,
        contype=1,
        conaffinity=0,
        condim=3,
        priority=0,
        friction=[1.0, 0.005, 0.0001],
        solmix=1,
        solref=[0.02, 1],
        solimp=[0.9, 0.95, 0.001, 0.5, 2],
        margin=0,
        gap=0,
    )


def _add_light(spec: Any) -> None:
    # What the file says of the scene's size was said of its own scene.
    spec.stat.extent, spec.stat.center = math.nan, [math.nan] * 3
    light = spec.worldbody.add_light(
        pos=[0, 0, 3], dir=[-0.3, 0.3, -1], ambient=[0.3] * 3, diffuse=[0.5] * 3, castshadow=True
    )
    if hasattr(light, "directional"):
        light.directional = True
    else:
        # So it is called since MuJoCo 3.3.
        light.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    gradient = {"builtin": mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, "rgb1": [1] * 3, "rgb2": [0.7, 0.8, 0.9]}
    spec.add_texture(name=SKY, type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, **gradient, width=64, height=64, nchannel=3)


#: Radius of a foot where the file has no shape for it, relative to the length of the leg.
RADIUS = 0.05
#: Shapes of the last link belong to the foot if they reach as deep as its deepest one but for this part of the length
#: of the leg.
SOLE = 0.05
#: A foot is off the ground if it is by more than this part of the length of the leg.
HANGING = 0.1


def add_missing_feet(spec: Any, model: Any, standing: RobotGeometry, legs: Sequence[Leg], length: float) -> None:
    """
    Put a sphere at the end of each leg that has no shape there.

    :param spec: ``mujoco.MjSpec`` of the robot, changed in place
    :param model: what it compiles to
    :param standing: the robot in its default pose
    :param legs: of the robot
    :param length: of a leg in m
    """
    data = place(model, {joint.name: joint.angle for joint in standing.joints})
    bodies = {body.name: body for body in spec.bodies}
    for leg in legs:
        end = tip(standing, leg)
        depths = _depths(model, data, leg)
        if not depths or min(depths.values()) > end[2]:
            body = data.body(leg.foot)
            sphere = add_solid(
                bodies[leg.foot], f"{leg.foot}_sphere", mujoco.mjtGeom.mjGEOM_SPHERE, [RADIUS * length, 0, 0]
            )
            sphere.pos = body.xmat.reshape(3, 3).T @ (end - body.xpos)


def foot_geoms(
    model: Any, angles: Mapping[str, float], legs: Sequence[Leg], length: float
) -> dict[str, tuple[str, ...]]:
    """
    :param model: ``mujoco.MjModel`` of the robot
    :param angles: of its joints in the default pose
    :param legs: of the robot
    :param length: of a leg in m
    :return: names of the geoms that each foot stands on, by the foot's name
    """
    data = place(model, angles)
    ground = min(bottoms(model, data).values())
    feet = {}
    for leg in legs:
        depths = _depths(model, data, leg)
        deepest = min(depths.values())
        if deepest > ground + HANGING * length:
            warnings.warn(
                f"the foot {leg.foot!r} is {deepest - ground:.3f} m above the ground in the default pose: "
                "give another `pose`, or the names of the `feet` where this is none",
                stacklevel=2,
            )
        feet[leg.foot] = tuple(model.geom(g).name for g, z in depths.items() if z <= deepest + SOLE * length)
    return feet


def _depths(model: Any, data: Any, leg: Leg) -> dict[int, float]:
    """Of all that is fixed to the foot."""
    link = model.body_weldid[model.body(leg.foot).id]
    return {g: z for g, z in bottoms(model, data).items() if model.body_weldid[model.geom_bodyid[g]] == link}


#: MuJoCo's viewers hide the one and show the other.
HIDDEN_GROUP, SHOWN_GROUP = 3, 0
#: Thickness of a stick, relative to the robot's size.
THICKNESS = 0.02


def settle_looks(spec: Any, model: Any, geometry: RobotGeometry, legs: tuple[Leg, ...]) -> None:
    """
    Of links with meshes to look at, hide the shapes that touch. Of the others show them, and draw sticks from joint to
    joint: what is left of a link whose meshes MuJoCo cannot read may be next to nothing.

    :param spec: ``mujoco.MjSpec`` of the robot, changed in place
    :param model: what it compiles to
    :param geometry: of the robot, with its joints as in that model
    :param legs: of the robot
    """
    data = place(model, {joint.name: joint.angle for joint in geometry.joints})
    bodies = {body.name: body for body in spec.bodies}
    for i, link in enumerate(geometry.links):
        geoms = [geom for name in link.frames for geom in bodies[name].geoms]
        has_looks = any(geom.type == mujoco.mjtGeom.mjGEOM_MESH and not geom.contype for geom in geoms)
        for geom in geoms:
            if geom.contype:
                geom.group = HIDDEN_GROUP if has_looks else SHOWN_GROUP
        if not has_looks:
            frame = data.body(link.name)
            start = frame.xpos if link.joint is None else link.joint.position
            ends = [child.joint.position for child in geometry.links if child.parent == i and child.joint is not None]
            for end in [*ends, *(tip(geometry, leg) for leg in legs if leg.link == i)]:
                _add_stick(bodies[link.name], frame, start, end, THICKNESS * geometry.size)


def _add_stick(body: Any, frame: Any, start: np.ndarray, end: np.ndarray, thickness: float) -> None:
    if np.linalg.norm(end - start) > thickness:
        there = [frame.xmat.reshape(3, 3).T @ (point - frame.xpos) for point in (start, end)]
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=np.concatenate(there),
            size=[thickness / 2, 0, 0],
            mass=0,
            density=0,
            contype=0,
            conaffinity=0,
            group=SHOWN_GROUP,
            rgba=[0.4, 0.4, 0.45, 1],
        )
