"""The plane that a robot walks on, and what of the robot touches it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mujoco

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
