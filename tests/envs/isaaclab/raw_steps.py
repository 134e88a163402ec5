"""What the simulator itself holds after each physics step, not read through Isaac Lab's data, sensors or terms."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.robots.newton.geometry import leaf
from sb3_memaug.robots.robot import rotation_matrix

#: Contacts look back as many physics steps, and accelerations one.
KEPT = 3


class RawStep(NamedTuple):
    """
    After one physics step, a row for each environment. Joints and bodies are in the order of Newton's model.

    :param positions: of the joints
    :param velocities: of the joints
    :param torques: that motors, explicit and implicit ones, have given the joints at the beginning of the step
    :param places: of the bodies' frames, (envs, bodies, 3)
    :param turns: of the bodies as rotation matrices, (envs, bodies, 3, 3)
    :param motions: velocities of the bodies' centres of mass and angular ones, in the world, (envs, bodies, 6)
    :param forces: net normal forces of contacts on the bodies, in the world, (envs, bodies, 3)
    """

    positions: np.ndarray
    velocities: np.ndarray
    torques: np.ndarray
    places: np.ndarray
    turns: np.ndarray
    motions: np.ndarray
    forces: np.ndarray


class RawSteps:
    """
    The last physics steps of an environment, in :attr:`steps`, and since when feet are in the air or on the ground.

    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, whose physics steps are counted from now on
    """

    def __init__(self, env: Any) -> None:
        from isaaclab_newton.physics import NewtonManager

        self._manager, self._env = NewtonManager, env
        model = NewtonManager.get_model()
        self.body_names = [leaf(label) for label in model.body_label][: model.body_count // env.num_envs]
        self.steps: deque[RawStep] = deque(maxlen=KEPT)
        #: s, of each environment and body: in the air, on the ground, and in the air before that.
        self.air, self.ground, self.last_air = (np.zeros((env.num_envs, len(self.body_names))) for _ in range(3))
        self._torques: list[np.ndarray] = []
        solver, update = NewtonManager._solver, env.scene.update
        solve = solver.step

        def solve_and_look(*args: Any, **kwargs: Any) -> None:
            solve(*args, **kwargs)
            explicit = NewtonManager.get_control().joint_f.numpy().reshape(env.num_envs, -1)
            self._torques.append((explicit + solver.mjw_data.qfrc_actuator.numpy())[:, 6:])

        def look_and_update(dt: float) -> None:
            assert dt == env.physics_dt
            self._look(dt)
            update(dt)

        solver.step, env.scene.update = solve_and_look, look_and_update

    def bodies(self, *endings: str) -> list[int]:
        """
        :param endings: of names
        :return: indices of the bodies whose names end so
        """
        found = [i for i, name in enumerate(self.body_names) if name.endswith(endings)]
        assert found
        return found

    def begin(self, env_ids: Any) -> None:
        """
        :param env_ids: environments that start anew: what was before is forgotten
        """
        for numbers in (self.air, self.ground, self.last_air):
            numbers[env_ids] = 0.0
        for step in self.steps:
            step.forces[env_ids] = 0.0

    def _look(self, dt: float) -> None:
        state, n_envs = self._manager.get_state_0(), self._env.num_envs
        bodies = state.body_q.numpy().reshape(n_envs, -1, 7).astype(float)
        turns = [[rotation_matrix(body[[6, 3, 4, 5]]) for body in row] for row in bodies]
        step = RawStep(
            positions=state.joint_q.numpy().reshape(n_envs, -1)[:, 7:].copy(),
            velocities=state.joint_qd.numpy().reshape(n_envs, -1)[:, 6:].copy(),
            torques=self._torques[0],
            places=bodies[..., :3],
            turns=np.array(turns),
            motions=state.body_qd.numpy().reshape(n_envs, -1, 6).copy(),
            forces=self._normal_forces(self._manager._solver),
        )
        self._torques.clear()
        self.steps.append(step)
        touching = step.forces.any(axis=-1)
        landed = touching & (self.air > 0)
        self.last_air = np.where(landed, self.air + dt, self.last_air)
        self.ground = np.where(touching, self.ground + dt, 0.0)
        self.air = np.where(touching, 0.0, self.air + dt)

    def _normal_forces(self, solver: Any) -> np.ndarray:
        """From the forces of the solver's constraints."""
        import mujoco

        data, model = solver.mjw_data, solver.mjw_model
        n_bodies = len(self.body_names)
        newton_body = solver.mjc_body_to_newton.numpy()[0]
        forces = np.zeros((self._env.num_envs, n_bodies, 3))
        contact, efc = data.contact, data.efc.force.numpy()
        geoms, frames, worlds = contact.geom.numpy(), contact.frame.numpy(), contact.worldid.numpy()
        rows, dims, owners = contact.efc_address.numpy(), contact.dim.numpy(), model.geom_bodyid.numpy()
        for i in range(int(data.nacon.numpy()[0])):
            if rows[i, 0] < 0:
                continue
            # An elliptic cone has a row for the normal force, a pyramid adds up its edges'.
            elliptic = model.opt.cone == mujoco.mjtCone.mjCONE_ELLIPTIC
            count = 1 if elliptic or dims[i] == 1 else 2 * (dims[i] - 1)
            force = efc[worlds[i], rows[i, :count]].sum() * frames[i][0]
            for geom, sign in zip(geoms[i], (-1, 1), strict=True):
                body = newton_body[owners[geom]] if owners[geom] else -1
                if body >= 0:
                    forces[worlds[i], body % n_bodies] += sign * force
        return forces
