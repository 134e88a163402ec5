"""The rays of a sensor that scans the ground, as a grid of points in the base's frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

#: m, by which points of a row may differ.
SAME = 1e-4


class Rays(NamedTuple):
    """
    In the frame that they are cast in, in the order of the scan.

    :param starts: in m, (rays, 3)
    :param directions: (rays, 3)
    :param body: that carries the sensor, None if that is no body of the robot
    """

    starts: np.ndarray
    directions: np.ndarray
    body: str | None


def rays_of(env: Any, params: Mapping[str, Any]) -> Rays | None:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``
    :param params: of an observation's term
    :return: the rays of its ``sensor_cfg``; None if it has none, or that sensor casts no rays
    """
    chosen = params.get("sensor_cfg")
    sensor: Any = None if chosen is None else env.scene.sensors[chosen.name]
    if sensor is None or not hasattr(sensor, "ray_starts"):
        return None
    # Offsets are part of them. All environments have the same.
    starts, directions = (rays.torch[0].double().cpu().numpy() for rays in (sensor.ray_starts, sensor.ray_directions))
    bodies = env.scene["robot"].body_names
    carriers = [part for part in sensor.cfg.prim_path.split("/") if part in bodies]
    return Rays(starts, directions, carriers[-1] if carriers else None)


def grid_of(rays: Rays) -> tuple[str, tuple[int, int]] | None:
    """
    :param rays: of a sensor
    :return: the kind of its term and the numbers of points along x and y; None if they are no grid
    """
    x, y = rays.starts[:, 0], rays.starts[:, 1]
    shape = (_distinct(x), _distinct(y))
    if shape[0] * shape[1] != len(x):
        return None
    for kind, (x_grid, y_grid) in (
        ("grid", (x.reshape(shape), y.reshape(shape))),
        ("transposed_grid", (x.reshape(shape[::-1]).T, y.reshape(shape[::-1]).T)),
    ):
        if np.ptp(x_grid, axis=1).max() < SAME and np.ptp(y_grid, axis=0).max() < SAME:
            return kind, shape
    return None


def _distinct(numbers: np.ndarray) -> int:
    return int((np.diff(np.sort(numbers)) > SAME).sum()) + 1
