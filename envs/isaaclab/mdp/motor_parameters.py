"""What has to be zero for a motor to give no torque, wherever Isaac Lab keeps it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from isaaclab.actuators import ActuatorBase, ImplicitActuator
from isaaclab.actuators.newton import read_group_parameter, write_group_parameter
from isaaclab.envs.mdp.actions.joint_actions import JointEffortAction

#: Of Newton's actuators. A limit alone would do, but what the motor is asked for beyond it counts as overload.
NEWTON_PARAMETERS = (
    ("controller", "kp"),
    ("controller", "kd"),
    ("clamping", "max_motor_effort"),
    ("clamping", "max_effort"),
)
NEWTON_LIMITS = ("max_motor_effort", "max_effort")
SIMULATOR_PARAMETERS = ("stiffness", "damping", "effort_limit")


class MotorParameter(ABC):
    """A number of each of some joints' motors, in each environment."""

    def __init__(self, joints: torch.Tensor):
        """Remember the numbers of healthy motors.

        Args:
            joints: Indices of the joints.
        """
        self.joints = joints
        self.values = self.read().clone()

    def scale(self, factors: torch.Tensor, env_ids: torch.Tensor) -> None:
        """Set the numbers to a multiple of those of healthy motors.

        Args:
            factors: The multiples, for all joints of the robot. Shape is (len(env_ids), num_joints).
            env_ids: The environments.
        """
        self.write(self.values[env_ids] * factors[:, self.joints], env_ids)

    @abstractmethod
    def read(self) -> torch.Tensor:
        """The numbers as they are. Shape is (num_envs, len(joints))."""

    @abstractmethod
    def write(self, values: torch.Tensor, env_ids: torch.Tensor) -> None:
        """Set the numbers.

        Args:
            values: The numbers. Shape is (len(env_ids), len(joints)).
            env_ids: The environments.
        """


class NewtonParameter(MotorParameter):
    """Of an explicit actuator that Newton computes."""

    def __init__(self, actuators: Any, group: str, component: str, name: str, joints: torch.Tensor):
        self.address = actuators, group, component, name
        super().__init__(joints)

    def read(self) -> torch.Tensor:
        return read_group_parameter(*self.address)

    def write(self, values: torch.Tensor, env_ids: torch.Tensor) -> None:
        write_group_parameter(*self.address, values, env_ids)


class SimulatorParameter(MotorParameter):
    """Of an implicit actuator, which the simulator computes."""

    def __init__(self, robot: Any, name: str, joints: torch.Tensor):
        self.robot = robot
        self.name = name
        super().__init__(joints)

    @property
    def stored(self) -> torch.Tensor:
        """The numbers of all joints. Shape is (num_envs, num_joints)."""
        stored = "joint_effort_limits" if self.name == "effort_limit" else f"joint_{self.name}"
        return getattr(self.robot.data, stored).torch

    def read(self) -> torch.Tensor:
        return self.stored[:, self.joints]

    def write(self, values: torch.Tensor, env_ids: torch.Tensor) -> None:
        # The writers name their first argument after what they write.
        keyword = "limits" if self.name == "effort_limit" else self.name
        getattr(self.robot, f"write_joint_{self.name}_to_sim_index")(
            **{keyword: values.contiguous()},
            joint_ids=self.joints.to(torch.int32),
            env_ids=env_ids.to(torch.int32),
        )


class Entries(NamedTuple):
    """Numbers of some joints in one of the solver's arrays.

    Args:
        numbers: The array, a row for each environment.
        entries: Those of the joints.
        columns: Which of the parameter's joints these are.
        sign: What the numbers are multiplied by.
    """

    numbers: torch.Tensor
    entries: torch.Tensor
    columns: torch.Tensor
    sign: int


class SolverParameter(SimulatorParameter):
    """Of an implicit actuator, written to Newton's model and to where MuJoCo-Warp reads it.

    After Isaac Lab's writers the solver computes its constants anew, in all environments: inertias and lengths, which
    depend on neither gains nor limits. This writes the same numbers to the same places, and nothing is computed.
    """

    def __init__(self, robot: Any, name: str, joints: torch.Tensor):
        super().__init__(robot, name, joints)
        self._entries = []
        for numbers, entries, sign in _solver_entries(_solver(), name, _degrees_of_freedom(robot)[joints.cpu()]):
            columns = np.flatnonzero(entries >= 0)
            there, here = (torch.as_tensor(indices, device=joints.device) for indices in (entries[columns], columns))
            self._entries.append(Entries(numbers, there, here, sign))
        # What Isaac Lab's data show, where its order of the joints is not Newton's.
        self._entries.append(Entries(self.stored, joints, torch.arange(len(joints), device=joints.device), 1))

    @staticmethod
    def fits(robot: Any) -> bool:
        """Whether MuJoCo-Warp simulates a robot, and keeps numbers for each environment.

        Args:
            robot: The articulation, in a simulation that has started.
        """
        # Imports Newton, which other simulations do without.
        if not type(robot).__module__.startswith("isaaclab_newton."):
            return False
        from newton.solvers import SolverMuJoCo

        solver = _solver()
        return (
            isinstance(solver, SolverMuJoCo)
            and not solver.use_mujoco_cpu
            and solver.mjc_actuator_to_newton_idx is not None
            and all(
                len(numbers) == robot.num_instances
                for numbers in (solver.mjw_model.actuator_gainprm, solver.mjw_model.jnt_actfrcrange)
            )
        )

    def write(self, values: torch.Tensor, env_ids: torch.Tensor) -> None:
        for found in self._entries:
            found.numbers[env_ids[:, None], found.entries] = found.sign * values[:, found.columns]


def motor_parameters(robot: Any) -> list[MotorParameter]:
    """Find what gives the motors of a robot their torque.

    Args:
        robot: The articulation, in a simulation that has started.

    Returns:
        The parameters. With all of them zero a motor gives no torque, whatever its target and however fast it turns.

    Raises:
        NotImplementedError: If actuators are computed by Isaac Lab itself, or have no limit that could be zero.
    """
    actuators = robot.actuators
    found: list[MotorParameter] = []
    for group, joints in _groups(robot):
        if isinstance(actuators[group], ImplicitActuator):
            # Isaac Lab's writers serve all simulators, some have a shorter way.
            kind = SolverParameter if SolverParameter.fits(robot) else SimulatorParameter
            found += [kind(robot, name, joints) for name in SIMULATOR_PARAMETERS]
        elif isinstance(actuators[group], ActuatorBase):
            raise NotImplementedError(
                f"the motors {group!r} are computed by Isaac Lab's {type(actuators[group]).__name__}, where none can "
                "fail alone: use implicit actuators, or explicit ones that Newton computes (`use_newton_actuators`)"
            )
        else:
            found += _newton_parameters(actuators, group, joints)
    return found


def refuse_efforts_past_motors(env: Any, robot: Any) -> None:
    """Refuse actions whose torques no limit of a motor holds back.

    Args:
        env: The environment.
        robot: Its articulation, in a simulation that has started.

    Raises:
        NotImplementedError: If an action sets torques of joints with implicit actuators.
    """
    implicit = [group for group in robot.actuators if isinstance(robot.actuators[group], ImplicitActuator)]
    joints = {name for group in implicit for name in robot.actuators._group_joint_names[group]}
    for name in env.action_manager.active_terms:
        action = env.action_manager.get_term(name)
        past = [joint for joint in getattr(action, "_joint_names", ()) if joint in joints]
        if isinstance(action, JointEffortAction) and action._asset is robot and past:
            raise NotImplementedError(
                f"the action {name!r} applies torques to the joints {past} past their implicit motors, so that a dead "
                "motor would not stop them: give them explicit actuators, as DCMotorCfg or IdealPDActuatorCfg"
            )


def torque_limits(robot: Any) -> list[tuple[torch.Tensor, Callable[[], torch.Tensor]]]:
    """Find how much torque the motors of a robot may give.

    Args:
        robot: The articulation, in a simulation that has started.

    Returns:
        Indices of joints, and what reads their limits as they are, in the shape (num_envs, len(joints)). Joints can
        have several limits, or none.
    """
    actuators = robot.actuators
    found: list[tuple[torch.Tensor, Callable[[], torch.Tensor]]] = []
    for group, joints in _groups(robot):
        motors = actuators[group]
        if isinstance(motors, ImplicitActuator):
            found.append((joints, SimulatorParameter(robot, "effort_limit", joints).read))
        elif isinstance(motors, ActuatorBase):
            found.append((joints, partial(getattr, motors, "actuator_effort_limit")))
        else:
            limits = (p for p in _newton_parameters(actuators, group, joints) if p.address[-1] in NEWTON_LIMITS)
            found += [(joints, limit.read) for limit in limits]
    return found


def _groups(robot: Any) -> list[tuple[str, torch.Tensor]]:
    """Names of the groups of motors, and indices of their joints."""
    everyone = torch.arange(robot.num_joints, device=robot.device)
    return [(group, everyone[robot.actuators._group_joint_indices[group]]) for group in robot.actuators]


def _newton_parameters(actuators: Any, group: str, joints: torch.Tensor) -> list[NewtonParameter]:
    found: dict[str, NewtonParameter] = {}
    for component, name in NEWTON_PARAMETERS:
        try:
            found[name] = NewtonParameter(actuators, group, component, name, joints)
        except ValueError:
            # None of the group's actuators has such a parameter.
            continue
    if not found.keys() & set(NEWTON_LIMITS):
        raise NotImplementedError(f"the motors {group!r} have no torque limit: set `actuator_effort_limit`")
    return list(found.values())


def _solver() -> Any:
    """Newton's solver, of a simulation that has started."""
    from isaaclab_newton.physics import NewtonManager

    return NewtonManager._solver


def _degrees_of_freedom(robot: Any) -> np.ndarray:
    """Of an environment in Newton's model, by joint."""
    from newton import Model

    layout = robot.root_view.frequency_layouts[Model.AttributeFrequency.JOINT_DOF]
    chosen = layout.indices.numpy() if layout.slice is None else np.arange(layout.slice.start, layout.slice.stop)
    order = robot.data.joint_ordering
    return layout.offset + (chosen if order is None else chosen[list(order.user_to_backend_indices)])


def _solver_entries(solver: Any, name: str, dofs: np.ndarray) -> list[tuple[torch.Tensor, np.ndarray, int]]:
    """Arrays, and in each the entry of every degree of freedom, -1 for none, with the sign that numbers have there."""
    import warp as wp
    from newton import JointTargetMode
    from newton.solvers import SolverMuJoCo

    model, compiled = solver.model, solver.mjw_model
    kept = {"stiffness": "joint_target_ke", "damping": "joint_target_kd", "effort_limit": "joint_effort_limit"}[name]
    in_model = (wp.to_torch(getattr(model, kept)).view(len(compiled.actuator_gainprm), -1), dofs, 1)
    if name == "effort_limit":
        joints = _found(dofs, solver.mjc_jnt_to_newton_dof.numpy()[0])
        low, high = wp.to_torch(compiled.jnt_actfrcrange).unbind(dim=-1)
        return [in_model, (low, joints, -1), (high, joints, 1)]
    # An actuator of a position is known by its degree of freedom, one of a velocity by what is left below -1.
    driven = solver.mjc_actuator_to_newton_idx.numpy()
    driven = np.where(solver.mjc_actuator_ctrl_source.numpy() == SolverMuJoCo.CtrlSource.JOINT_TARGET, driven, -1)
    positions, velocities = _found(dofs, driven), _found(-(dofs + 2), driven)
    gains, biases = wp.to_torch(compiled.actuator_gainprm), wp.to_torch(compiled.actuator_biasprm)
    if name == "stiffness":
        return [in_model, (gains[..., 0], positions, 1), (biases[..., 1], positions, -1)]
    # An actuator of a position alone damps as well.
    alone = model.joint_target_mode.numpy()[dofs] == JointTargetMode.POSITION
    return [
        in_model,
        (gains[..., 0], velocities, 1),
        (biases[..., 2], velocities, -1),
        (biases[..., 2], np.where(alone, positions, -1), -1),
    ]


def _found(wanted: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Where each is listed, -1 where it is not."""
    where = {int(number): i for i, number in enumerate(listed)}
    return np.array([where.get(int(number), -1) for number in wanted])
