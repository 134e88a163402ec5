"""The feet of a robot: which bodies they are, where they are, and what they touch."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import numpy as np

from sb3_memaug.robots.newton.geometry import leaf, newton_shapes
from sb3_memaug.robots.robot import rotation_matrix
from sb3_memaug.symmetry.rigid_motion import RigidMotion

#: Bodies that are meant to touch the ground.
FEET = "(?i).*foot.*|.*ankle_roll.*"
#: m, by which the shapes of a sole may differ in height.
SOLE = 0.01


class Feet:
    """
    Those of the bodies that a sensor of contacts watches.

    :param env: ``isaaclab.envs.ManagerBasedEnv``
    :param index: of the environment
    """

    def __init__(self, env: Any, index: int) -> None:
        self._robot, self._index = env.scene["robot"], index
        sensors = [sensor for sensor in env.scene.sensors.values() if hasattr(sensor.data, "net_forces_w")]
        watched = sensors[0].sensor_names if sensors else []
        #: Of the bodies.
        self.names = [name for name in watched if re.fullmatch(FEET, name)]
        self._sensor = sensors[0] if sensors else None
        self._watched = [watched.index(foot) for foot in self.names]
        self._bodies = [self._robot.body_names.index(foot) for foot in self.names]

    def contacts(self) -> np.ndarray:
        """
        :return: whether each of them touches anything
        """
        if self._sensor is None:
            return np.zeros(0, dtype=bool)
        # To be asked for anew: that is when it is computed.
        forces = self._sensor.data.net_forces_w.torch[self._index, self._watched]
        return forces.any(dim=1).cpu().numpy()

    def positions(self) -> np.ndarray:
        """
        :return: in the world, in m, (feet, 3)
        """
        poses = self._robot.data.body_link_pose_w.torch[self._index, self._bodies].double().cpu().numpy()
        places = [
            pose[:3] + rotation_matrix(pose[[6, 3, 4, 5]]) @ sole for pose, sole in zip(poses, self._soles, strict=True)
        ]
        return np.reshape(places, (-1, 3))

    @cached_property
    def _soles(self) -> list[np.ndarray]:
        """Centre of each foot's lowest shapes in its own frame, whose z axis points up where the robot stands."""
        from isaaclab_newton.physics import NewtonManager

        model = NewtonManager.get_model()
        bodies = [leaf(label) for label in model.body_label]
        soles = []
        for foot in self.names:
            shapes = newton_shapes(model, bodies.index(foot), RigidMotion.identity())
            centres = np.array([shape.position for shape in shapes] or [np.zeros(3)])
            soles.append(centres[centres[:, 2] < centres[:, 2].min() + SOLE].mean(axis=0))
        return soles
