"""One of the robots of an Isaac Lab environment, as this library reads and disturbs robots, and its feet."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import numpy as np
import torch

from sb3_memaug.robots import Robot, RobotState, register_adapter
from sb3_memaug.robots.newton.geometry import leaf, newton_shapes
from sb3_memaug.robots.newton.isaaclab import isaaclab_geometry
from sb3_memaug.robots.registry import AdapterOrder
from sb3_memaug.robots.robot import check_length, rotation_matrix
from sb3_memaug.symmetry import RobotGeometry
from sb3_memaug.symmetry.frames import RigidMotion

from .resets import reset_events
from .terms import action_names

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


class IsaacLabRobot(Robot):
    """
    The articulation ``robot`` of one environment, in a simulation by Newton. Positions are about the environment's
    origin; the base's velocity is that of its centre of mass, which Isaac Lab's tasks observe.

    Motors can be dead or sound; a reset with the event ``joint_failure`` decides that anew. The force on the base
    follows its point in every control step, as a payload does, which presses beside it.

    :param env: ``isaaclab.envs.ManagerBasedEnv``, wrapped or not
    :param index: of the environment
    :raises ValueError: if there is no such environment, or actions set something else than joints
    """

    def __init__(self, env: Any, index: int = 0) -> None:
        env = env.unwrapped
        if not 0 <= index < env.num_envs:
            raise ValueError(f"`index` must be one of {env.num_envs} environments, got {index}")
        self.env = env
        self.index = index
        self.articulation = env.scene["robot"]
        self._feet = Feet(env, index)
        super().__init__(self.articulation.joint_names, action_names(env), self._feet.names)
        self._force: tuple[np.ndarray, np.ndarray] | None = None
        self._wrench: tuple[Any, Any] | None = None

    @cached_property
    def _ids(self) -> Any:
        return torch.tensor([self.index], dtype=torch.int32, device=self.env.device)

    def _numbers(self, proxy: Any) -> np.ndarray:
        return proxy.torch[self.index].double().cpu().numpy()

    def _row(self, *numbers: np.ndarray) -> Any:
        return torch.as_tensor(np.concatenate(numbers)[None], dtype=torch.float32, device=self.env.device)

    @property
    def _origin(self) -> np.ndarray:
        return self.env.scene.env_origins[self.index].double().cpu().numpy()

    def get_state(self) -> RobotState:
        data = self.articulation.data
        pose, velocity = self._numbers(data.root_link_pose_w), self._numbers(data.root_com_vel_w)
        return RobotState(
            base_position=pose[:3] - self._origin,
            base_orientation=pose[[6, 3, 4, 5]],
            base_linear_velocity=velocity[:3],
            base_angular_velocity=velocity[3:],
            joint_positions=self._numbers(data.joint_pos),
            joint_velocities=self._numbers(data.joint_vel),
        )

    def set_state(self, state: RobotState) -> None:
        from .mdp.payload import hold_payloads

        robot, ids = self.articulation, self._ids
        robot.actuators.reset(ids)
        for sensor in self.env.scene.sensors.values():
            sensor.reset(ids)
        # Each of them has the solver forget its warm starts.
        robot.write_root_link_pose_to_sim_index(
            root_pose=self._row(state.base_position + self._origin, state.base_orientation[[1, 2, 3, 0]]), env_ids=ids
        )
        robot.write_root_com_velocity_to_sim_index(
            root_velocity=self._row(state.base_linear_velocity, state.base_angular_velocity), env_ids=ids
        )
        robot.write_joint_position_to_sim_index(position=self._row(state.joint_positions), env_ids=ids)
        robot.write_joint_velocity_to_sim_index(velocity=self._row(state.joint_velocities), env_ids=ids)
        self.env.sim.forward()
        # Else the first accelerations would be measured from the velocities of before.
        robot.update(self.env.physics_dt)
        # They press where the robot stood before.
        hold_payloads(self.env, None)

    def foot_contacts(self) -> np.ndarray:
        return self._feet.contacts()

    def foot_positions(self) -> np.ndarray:
        return self._feet.positions() - self._origin

    def set_motor_strength(self, scale: np.ndarray) -> None:
        scale = check_length("scale", scale, len(self.motor_names))
        if not np.isin(scale, (0, 1)).all():
            raise ValueError(f"motors in Isaac Lab can be dead, 0, or sound, 1, got the strengths {scale.tolist()}")
        factors = np.ones(len(self.joint_names))
        factors[self.motor_indices] = scale
        for parameter in self._motor_parameters:
            parameter.scale(self._row(factors), self._ids)

    @cached_property
    def _motor_parameters(self) -> list[Any]:
        from .mdp.joint_failure import JointFailure
        from .mdp.motor_parameters import motor_parameters, refuse_efforts_past_motors

        for failure in reset_events(self.env, JointFailure):
            if failure._parameters:
                # Read when all motors were sound, which they need not be now.
                return failure._parameters
        refuse_efforts_past_motors(self.env, self.articulation)
        return motor_parameters(self.articulation)

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        force, point = check_length("force", force, 3), check_length("point", point, 3)
        if self._force is None:
            if not force.any():
                return
            self._stand_between()
        self._force = force, point

    def _stand_between(self) -> None:
        """Isaac Lab forgets forces that are added after a physics step, and applies actions before each."""
        manager = self.env.action_manager
        process, apply = manager.process_action, manager.apply_action

        def aim_and_process(action: Any) -> None:
            self._aim()
            process(action)

        def push_and_apply() -> None:
            self._push()
            apply()

        manager.process_action, manager.apply_action = aim_and_process, push_and_apply

    def _aim(self) -> None:
        """Force and moment in the world, which stay as they are in a control step."""
        assert self._force is not None
        force, point = self._force
        data = self.articulation.data
        turn = rotation_matrix(self._numbers(data.root_link_quat_w)[[3, 0, 1, 2]])
        lever = turn @ (point - self._numbers(data.body_com_pos_b)[0])
        self._wrench = self._row(force)[None], self._row(np.cross(lever, force))[None]

    def _push(self) -> None:
        assert self._wrench is not None
        forces, torques = self._wrench
        # No force either: the simulator keeps the last one that it was given.
        self.articulation.instantaneous_wrench_composer.add_forces_and_torques_index(
            forces=forces,
            torques=torques,
            body_ids=[0],
            env_ids=self._ids,
            is_global=True,
        )

    def gravity(self) -> np.ndarray:
        return np.array(self.env.cfg.sim.gravity, dtype=float)

    def geometry(self) -> RobotGeometry:
        return isaaclab_geometry(self.articulation)


def _first_robot(env: Any) -> Robot | None:
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(env).__mro__}
    return IsaacLabRobot(env) if "isaaclab.ManagerBasedEnv" in kinds else None


register_adapter(_first_robot, AdapterOrder.ISAAC_LAB)
