"""
How fast the minitaur's registered environments are: their control steps against the physics alone.

Each round is an episode with a smooth random walk of actions and a seed of its own, simulated twice from one initial
state: by the environment as ``gymnasium.make`` makes it, and by the calls of the simulator that its control steps
cannot do without, with arguments that were noted before. Those calls are, in MuJoCo, to set the motors' targets and to
simulate ten steps; in PyBullet, whose motors are driven by torques, ten times to read the motors, to set their torques
and to simulate a step, and at last to read the base and the joints. Both must end in the same state, so that both
have simulated the same contacts.

One thread. A round gives medians over its control steps, those of ratios being of what both took for one and the same
step, so that neither a machine whose speed drifts nor one that does something else now and then changes them. Prints a
table of medians over the rounds, and writes it next to a JSON file with all rounds.
"""

from __future__ import annotations

import argparse
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
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


class Times(NamedTuple):
    """
    Medians over the control steps of an episode: seconds of the environment, of the needed calls, and of those that
    simulate; and the first relative to either of the others, of one and the same step.
    """

    environment: float
    needed: float
    physics: float
    relative_to_needed: float
    relative_to_physics: float

    @classmethod
    def of(cls, environment: Sequence[float], needed: Sequence[float], physics: Sequence[float]) -> Times:
        to_needed, to_physics = (
            [mine / theirs for mine, theirs in zip(environment, others, strict=True)] for others in (needed, physics)
        )
        return cls(*map(median, (environment, needed, physics, to_needed, to_physics)))


class Calls(ABC):
    """
    Notes the commands of a simulator in the control steps of an episode, and repeats them.

    :param env: of a robot in that simulator
    """

    def __init__(self, env: gym.Env) -> None:
        inner: Any = env.unwrapped
        self.robot, self.physics_steps = inner.robot, inner.physics_steps

    @abstractmethod
    def note(self, env: gym.Env, action: np.ndarray) -> tuple[Any, bool]:
        """What a control step commands the simulator, and whether the episode has ended."""

    @abstractmethod
    def repeat(self, commands: Any) -> tuple[float, float]:
        """The calls of one control step: seconds of all of them, and of those that simulate."""


class MuJoCoCalls(Calls):
    def note(self, env: gym.Env, action: np.ndarray) -> tuple[np.ndarray, bool]:
        _, _, terminated, truncated, _ = env.step(action)
        return self.robot.data.ctrl.copy(), terminated or truncated

    def repeat(self, commands: np.ndarray) -> tuple[float, float]:
        from mujoco import mj_step

        model, data, clock = self.robot.model, self.robot.data, time.perf_counter
        start = clock()
        data.ctrl[:] = commands
        before = clock()
        mj_step(model, data, self.physics_steps)
        end = clock()
        return end - start, end - before


class BulletCalls(Calls):
    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        client, body = self.robot.client, self.robot.body
        index = {client.getJointInfo(body, i)[1].decode(): i for i in range(client.getNumJoints(body))}
        self.joints = [index[name] for name in self.robot.joint_names]
        self.motors = [index[name] for name in self.robot.motor_names]

    def note(self, env: gym.Env, action: np.ndarray) -> tuple[list[list[float]], bool]:
        client, self.robot.client = self.robot.client, _Listener(self.robot.client)
        _, _, terminated, truncated, _ = env.step(action)
        torques, self.robot.client = self.robot.client.torques, client
        return torques, terminated or truncated

    def repeat(self, commands: list[list[float]]) -> tuple[float, float]:
        client, body, clock, physics = self.robot.client, self.robot.body, time.perf_counter, 0.0
        mode, read, drive = client.TORQUE_CONTROL, client.getJointStates, client.setJointMotorControlArray
        step, pose, velocity = client.stepSimulation, client.getBasePositionAndOrientation, client.getBaseVelocity
        start = clock()
        for torques in commands:
            read(body, self.motors)
            drive(body, self.motors, mode, forces=torques)
            before = clock()
            step()
            physics += clock() - before
        pose(body)
        velocity(body)
        read(body, self.joints)
        return clock() - start, physics


class _Listener:
    """A client of PyBullet that notes the torques it is given."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.torques: list[list[float]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def setJointMotorControlArray(self, body: int, joints: list[int], mode: int, forces: list[float]) -> None:
        self.torques.append(forces)
        self._client.setJointMotorControlArray(body, joints, mode, forces=forces)


CALLS: dict[str, type[Calls]] = {"mujoco": MuJoCoCalls, "pybullet": BulletCalls}


def rounds(env: gym.Env, calls: Calls, seconds: float) -> list[Times]:
    found: list[Times] = []
    end = time.perf_counter() + seconds
    for seed in count():
        actions, noted = simulated(env, calls, seed)
        state = np.concatenate(calls.robot.get_state())
        env.reset(seed=seed)
        environment = [stepped(env, action) for action in actions]
        env.reset(seed=seed)
        needed, physics = zip(*map(calls.repeat, noted), strict=True)
        if not np.array_equal(np.concatenate(calls.robot.get_state()), state):
            raise RuntimeError(f"{env}, seed {seed}: the needed calls have led elsewhere than the environment")
        found.append(Times.of(environment, needed, physics))
        if len(found) > 1 and time.perf_counter() > end:
            return found[1:]  # the first has warmed up
    raise AssertionError("there is always another seed")


def stepped(env: gym.Env, action: np.ndarray) -> float:
    start = time.perf_counter()
    env.step(action)
    return time.perf_counter() - start


def simulated(env: gym.Env, calls: Calls, seed: int) -> tuple[list[np.ndarray], list[Any]]:
    """The actions of an episode, off the clock, and what they commanded the simulator."""
    env.reset(seed=seed)
    rng, action = np.random.default_rng(seed), np.zeros(env.action_space.shape or ())
    actions, noted, ended = [], [], False
    while not ended:
        action = (0.7 * action + 0.2 * rng.normal(size=action.shape)).clip(-1, 1)
        actions.append(action.astype(np.float32))
        commands, ended = calls.note(env, actions[-1])
        noted.append(commands)
    return actions, noted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each environment (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/environment.json"), help="file to write")
    options = parser.parse_args()
    th.set_num_threads(1)

    found: dict[str, list[Times]] = {}
    for env_id, simulator in ENVIRONMENTS.items():
        if find_spec(simulator) is None:
            print(f"{simulator} is not installed: {env_id} is left out", file=sys.stderr)
            continue
        with gym.make(env_id) as env:
            found[env_id] = rounds(env, CALLS[simulator](env), options.seconds)
    medians = {env_id: Times(*map(median, zip(*taken, strict=True))) for env_id, taken in found.items()}
    table = markdown_table(
        ("environment", "control steps/s", "time relative to the needed calls", "relative to the physics alone"),
        (
            (
                f"`{env_id}`",
                f"{1 / of.environment:.0f}",
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
