"""Rowing boats, one of whose oars may be the wrong way round: many of them, in tensors on a device."""

from __future__ import annotations

import torch as th
from gymnasium import spaces

from sb3_memaug.arguments import COUNT, FRACTION, Allowed, checks_arguments
from sb3_memaug.symmetry import Reflection, Term, group_of_terms
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv

from .splits import of_split

OARS = ("left", "right")
REFLECTIONS = {
    "left_right": Reflection("sagittal", joints={"left": ("right", 1), "right": ("left", 1)}),
    "front_back": Reflection("transverse", joints={"left": ("left", -1), "right": ("right", -1)}),
}
OBSERVATION = (
    Term("velocity", "xy", 2),
    Term("yaw_rate", "pseudoscalar", 1),
    Term("velocity_command", "xy", 2),
    Term("heading_error", "pseudoscalar", 1),
)
ACTION = (Term("oars", "action", 2, OARS),)

#: Which oar may be reversed in each split.
SPLITS = {"id": ("left",), "ood": ("right",), "all": OARS}

#: s, of a step; steps of an episode.
DT, EPISODE_STEPS = 0.1, 100
#: m/s² and rad/s² by one oar at full strength; 1/s, of the water's drag ahead, aside and in turning.
THRUST, TURN = 1.0, 3.0
DRAG, SIDE_DRAG, TURN_DRAG = 1.0, 3.0, 2.0
#: m/s, of the commanded speed, ahead or astern; rad, of heading error at which an episode ends.
SPEED, LOST = (0.3, 0.9), 2.0


class Rower(TensorVecEnv):
    """
    Row at a commanded speed, ahead or astern, and keep the heading.

    In most episodes one oar is the wrong way round, and no observation shows which: a policy needs memory of what its
    last strokes did. Left and right, ahead and astern are symmetric, so that a policy trained with the reversed left
    oar (``split="id"``) could know the reversed right one (``"ood"``).

    It is the smallest task with everything that this library is about, on any device, at millions of steps a minute:
    for tests, benchmarks and first tries.

    :param num_envs: number of boats
    :param device: that all tensors live on
    :param split: which oar may be reversed: ``"id"``, ``"ood"`` or ``"all"``
    :param probability: that one is reversed in an episode
    :param seed: of all random numbers
    :raises ValueError: if the split is unknown, or a number lies outside its bounds
    """

    @checks_arguments({"num_envs": COUNT, "probability": FRACTION, "seed": Allowed(0, 2**63 - 1, whole=True)})
    def __init__(
        self,
        num_envs: int = 1024,
        device: th.device | str = "cpu",
        split: str = "id",
        probability: float = 0.8,
        seed: int = 0,
    ) -> None:
        oars = of_split(SPLITS, split)
        infinite = float("inf")
        size = sum(term.size for term in OBSERVATION)
        super().__init__(num_envs, spaces.Box(-infinite, infinite, (size,)), spaces.Box(-1.0, 1.0, (2,)), device)
        self.symmetry_group = group_of_terms(REFLECTIONS, OBSERVATION, ACTION)
        self.probability = probability
        self._may_fail = th.tensor([OARS.index(oar) for oar in oars], device=self.device)
        self._random = th.Generator(self.device).manual_seed(seed)
        self._velocity, self._yaw_rate, self._heading, self._command = th.zeros(4, num_envs, device=self.device)
        self._sideways = th.zeros(num_envs, device=self.device)
        #: Index of the reversed oar in :data:`OARS`, -1 for none, (n_envs,).
        self.reversed_oar = th.full((num_envs,), -1, device=self.device)
        self._steps = th.zeros(num_envs, device=self.device, dtype=th.int64)

    def _uniform(self, low: float, high: float) -> th.Tensor:
        return low + (high - low) * th.rand(self.num_envs, generator=self._random, device=self.device)

    def _begin(self, starts: th.Tensor) -> None:
        """Draw everything for all boats and keep it where an episode starts, so that no step waits for the device."""

        def drawn(new: th.Tensor, old: th.Tensor) -> th.Tensor:
            return th.where(starts, new, old)

        sign = th.where(self._uniform(0, 1) < 0.5, -1.0, 1.0)
        self._command = drawn(sign * self._uniform(*SPEED), self._command)
        self._heading = drawn(self._uniform(-0.5, 0.5), self._heading)
        self._velocity, self._sideways, self._yaw_rate = (
            th.where(starts, 0.0, x) for x in (self._velocity, self._sideways, self._yaw_rate)
        )
        which = self._may_fail[(self._uniform(0, 1) * len(self._may_fail)).long()]
        fails = self._uniform(0, 1) < self.probability
        self.reversed_oar = drawn(th.where(fails, which, -1), self.reversed_oar)
        self._steps = drawn(th.zeros_like(self._steps), self._steps)

    def _reset(self, seed: int | None) -> th.Tensor:
        if seed is not None:
            self._random.manual_seed(seed)
        self._begin(th.ones(self.num_envs, dtype=th.bool, device=self.device))
        # Else all episodes would end together for ever.
        self._steps = self._uniform(0, EPISODE_STEPS / 2).long()
        return self._observe()

    def _step(self, actions: th.Tensor) -> TensorStep:
        left, right = (
            th.where(self.reversed_oar == oar, -actions[:, oar], actions[:, oar]) for oar in range(len(OARS))
        )
        self._velocity = self._velocity + DT * (THRUST * (left + right) - DRAG * self._velocity)
        self._yaw_rate = self._yaw_rate + DT * (TURN * (right - left) - TURN_DRAG * self._yaw_rate)
        self._sideways = self._sideways + DT * (-self._velocity * self._yaw_rate - SIDE_DRAG * self._sideways)
        self._heading = self._heading + DT * self._yaw_rate
        self._steps = self._steps + 1

        rewards = th.exp(-((self._velocity - self._command) ** 2) / 0.1) * th.exp(-(self._heading**2) / 0.25)
        terminated = self._heading.abs() > LOST
        truncated = self._steps >= EPISODE_STEPS
        final = self._observe()
        self._begin(terminated | truncated)
        return TensorStep(self._observe(), rewards, terminated, truncated, final)

    def _observe(self) -> th.Tensor:
        ahead = (self._velocity, self._sideways, self._yaw_rate, self._command)
        return th.stack((*ahead, th.zeros_like(self._command), self._heading), dim=1)
