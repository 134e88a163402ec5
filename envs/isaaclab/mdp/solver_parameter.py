"""Where MuJoCo-Warp itself keeps what gives an implicit motor its torque."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
import warp as wp
from isaaclab_newton.physics import NewtonManager
from newton import JointTargetMode, Model
from newton.solvers import SolverMuJoCo

from .motor_parameters import SimulatorParameter


class Place(NamedTuple):
    """Numbers of some joints in one of the simulator's arrays.

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
        self._places = []
        for numbers, entries, sign in _places(NewtonManager._solver, name, _degrees_of_freedom(robot)[joints.cpu()]):
            columns = np.flatnonzero(entries >= 0)
            there, here = (torch.as_tensor(indices, device=joints.device) for indices in (entries[columns], columns))
            self._places.append(Place(numbers, there, here, sign))
        # What Isaac Lab tells others, where its order of the joints is not Newton's.
        self._places.append(Place(self.stored, joints, torch.arange(len(joints), device=joints.device), 1))

    @staticmethod
    def fits(robot: Any) -> bool:
        """Whether MuJoCo-Warp simulates a robot, and keeps numbers for each environment.

        Args:
            robot: The articulation, in a simulation that has started.
        """
        solver = NewtonManager._solver
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
        for place in self._places:
            place.numbers[env_ids[:, None], place.entries] = place.sign * values[:, place.columns]


def _degrees_of_freedom(robot: Any) -> np.ndarray:
    """Of an environment in Newton's model, by joint."""
    layout = robot.root_view.frequency_layouts[Model.AttributeFrequency.JOINT_DOF]
    chosen = layout.indices.numpy() if layout.slice is None else np.arange(layout.slice.start, layout.slice.stop)
    order = robot.data.joint_ordering
    return layout.offset + (chosen if order is None else chosen[list(order.user_to_backend_indices)])


def _places(solver: Any, name: str, dofs: np.ndarray) -> list[tuple[torch.Tensor, np.ndarray, int]]:
    """Arrays, and in each the entry of every degree of freedom, -1 for none, with the sign that numbers have there."""
    model, compiled = solver.model, solver.mjw_model
    kept = {"stiffness": "joint_target_ke", "damping": "joint_target_kd", "effort_limit": "joint_effort_limit"}[name]
    in_model = (wp.to_torch(getattr(model, kept)).view(len(compiled.actuator_gainprm), -1), dofs, 1)
    if name == "effort_limit":
        joints = _found(dofs, solver.mjc_jnt_to_newton_dof.numpy()[0])
        low, high = wp.to_torch(compiled.jnt_actfrcrange).unbind(dim=-1)
        return [in_model, (low, joints, -1), (high, joints, 1)]
    # An actuator of a position is told by its degree of freedom, one of a velocity by what is left below -1.
    told = solver.mjc_actuator_to_newton_idx.numpy()
    told = np.where(solver.mjc_actuator_ctrl_source.numpy() == SolverMuJoCo.CtrlSource.JOINT_TARGET, told, -1)
    positions, velocities = _found(dofs, told), _found(-(dofs + 2), told)
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
