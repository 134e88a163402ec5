"""
How fast the minitaur's registered environments are: their control steps against the physics alone.

Each round is an episode with a smooth random walk of actions and a seed of its own, lived twice from the same initial
state: by the environment as ``gymnasium.make`` makes it, and by the calls of the simulator that its control steps
cannot do without, with arguments that were noted before. Those calls are, in MuJoCo, to set the motors' targets and to
simulate ten steps; in PyBullet, whose motors are driven by torques, ten times to read the motors, to set their torques
and to simulate a step, and at last to read the base and the joints. Both lives must end in the same state, so that both
have simulated the same contacts.

One thread. Prints a table of medians over the rounds, and writes it next to a JSON file with all times. What is
relative is so within each round, so that a machine whose speed drifts slows both sides alike.
"""

from __future__ import annotations

import argparse
import sys
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch as th
from measuring import machine, markdown_table, write_result

import sb3_memaug.envs  # noqa: F401

SIMULATORS = {"-MuJoCo": "mujoco", "": "pybullet"}
ENVIRONMENTS = {
    f"MemAug/MinitaurVelocity{variation}{suffix}-v0": simulator
    for suffix, simulator in SIMULATORS.items()
    for variation in ("", "JointFailure")
}


class Round(NamedTuple):
    """Control steps of an episode, and seconds: of the environment, of the needed calls, and of those that simulate."""

    steps: int
    environment: float
    needed: float
    physics: float


class Medians(NamedTuple):
    """Control steps per second, and how long they take relative to the needed calls, and to those that simulate."""

    steps_per_second: float
    relative_to_needed: float
    relative_to_physics: float

    @classmethod
    def of(cls, found: list[Round]) -> Medians:
        return cls(
            median(taken.steps / taken.environment for taken in found),
            median(taken.environment / taken.needed for taken in found),
            median(taken.environment / taken.physics for taken in found),
        )


class Calls(ABC):
    """
    Notes what a simulator is told in the control steps of an episode, and tells it again.

    :param env: of a robot in that simulator
    """

    def __init__(self, env: gym.Env) -> None:
        inner: Any = env.unwrapped
        self.robot, self.physics_steps = inner.robot, inner.physics_steps

    @abstractmethod
    def note(self, env: gym.Env, action: np.ndarray) -> tuple[Any, bool]:
        """What a control step tells the simulator, and whether the episode has ended."""

    @abstractmethod
    def repeat(self, noted: list[Any]) -> tuple[float, float]:
        """Seconds of all calls in an episode, and of those that simulate."""


class MuJoCoCalls(Calls):
    def note(self, env: gym.Env, action: np.ndarray) -> tuple[np.ndarray, bool]:
        _, _, terminated, truncated, _ = env.step(action)
        return self.robot.data.ctrl.copy(), terminated or truncated

    def repeat(self, noted: list[np.ndarray]) -> tuple[float, float]:
        from mujoco import mj_step

        model, data, clock, physics = self.robot.model, self.robot.data, time.perf_counter, 0.0
        start = clock()
        for targets in noted:
            data.ctrl[:] = targets
            before = clock()
            mj_step(model, data, self.physics_steps)
            physics += clock() - before
        return clock() - start, physics


class BulletCalls(Calls):
    def note(self, env: gym.Env, action: np.ndarray) -> tuple[list[list[float]], bool]:
        client, self.robot.client = self.robot.client, _Listener(self.robot.client)
        _, _, terminated, truncated, _ = env.step(action)
        torques, self.robot.client = self.robot.client.torques, client
        return torques, terminated or truncated

    def repeat(self, noted: list[list[list[float]]]) -> tuple[float, float]:
        client, body, clock, physics = self.robot.client, self.robot.body, time.perf_counter, 0.0
        index = {client.getJointInfo(body, i)[1].decode(): i for i in range(client.getNumJoints(body))}
        joints, motors = ([index[name] for name in names] for names in (self.robot.joint_names, self.robot.motor_names))
        mode, read, drive = client.TORQUE_CONTROL, client.getJointStates, client.setJointMotorControlArray
        step, pose, velocity = client.stepSimulation, client.getBasePositionAndOrientation, client.getBaseVelocity
        start = clock()
        for torques in noted:
            for forces in torques:
                read(body, motors)
                drive(body, motors, mode, forces=forces)
                before = clock()
                step()
                physics += clock() - before
            pose(body)
            velocity(body)
            read(body, joints)
        return clock() - start, physics


class _Listener:
    """A client of PyBullet that notes the torques it is told."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.torques: list[list[float]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def setJointMotorControlArray(self, body: int, joints: list[int], mode: int, forces: list[float]) -> None:
        self.torques.append(forces)
        self._client.setJointMotorControlArray(body, joints, mode, forces=forces)


CALLS: dict[str, type[Calls]] = {"mujoco": MuJoCoCalls, "pybullet": BulletCalls}


def rounds(env: gym.Env, calls: Calls, seconds: float) -> list[Round]:
    found: list[Round] = []
    end = time.perf_counter() + seconds
    for seed in count():
        actions, noted = lived(env, calls, seed)
        state = np.concatenate(calls.robot.get_state())
        env.reset(seed=seed)
        start = time.perf_counter()
        for action in actions:
            env.step(action)
        taken = time.perf_counter() - start
        env.reset(seed=seed)
        needed, physics = calls.repeat(noted)
        if not np.array_equal(np.concatenate(calls.robot.get_state()), state):
            raise RuntimeError(f"{env}, seed {seed}: the needed calls have led elsewhere than the environment")
        found.append(Round(len(actions), taken, needed, physics))
        if len(found) > 1 and time.perf_counter() > end:
            return found[1:]  # the first has warmed up
    raise AssertionError("there is always another seed")


def lived(env: gym.Env, calls: Calls, seed: int) -> tuple[list[np.ndarray], list[Any]]:
    """The actions of an episode, off the clock, and what they told the simulator."""
    env.reset(seed=seed)
    rng, action = np.random.default_rng(seed), np.zeros(env.action_space.shape or ())
    actions, noted, ended = [], [], False
    while not ended:
        action = (0.7 * action + 0.2 * rng.normal(size=action.shape)).clip(-1, 1)
        actions.append(action.astype(np.float32))
        told, ended = calls.note(env, actions[-1])
        noted.append(told)
    return actions, noted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each environment (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/environment.json"), help="file to write")
    options = parser.parse_args()
    th.set_num_threads(1)

    found: dict[str, list[Round]] = {}
    for env_id, simulator in ENVIRONMENTS.items():
        if find_spec(simulator) is None:
            print(f"{simulator} is not installed: {env_id} is left out", file=sys.stderr)
            continue
        with gym.make(env_id) as env:
            found[env_id] = rounds(env, CALLS[simulator](env), options.seconds)
    medians = {env_id: Medians.of(taken) for env_id, taken in found.items()}
    table = markdown_table(
        ("environment", "control steps/s", "time relative to the needed calls", "relative to the physics alone"),
        (
            (
                f"`{env_id}`",
                f"{of.steps_per_second:.0f}",
                f"{of.relative_to_needed:.3f}",
                f"{of.relative_to_physics:.3f}",
            )
            for env_id, of in medians.items()
        ),
    )
    write_result(
        options.json,
        {
            "command": " ".join(["python", *sys.argv]),
            "machine": machine(),
            "rounds": {env_id: [taken._asdict() for taken in group] for env_id, group in found.items()},
            "median": {env_id: of._asdict() for env_id, of in medians.items()},
        },
        table,
    )


if __name__ == "__main__":
    main()
