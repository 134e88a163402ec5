"""Isaac Lab's environment, whose resets may decide what chance would."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from isaaclab.envs import ManagerBasedRLEnv

from sb3_memaug.symmetry import Reflection
from sb3_memaug.symmetry.reflection import products

from .mirrors import isaaclab_reflections
from .start import place_start


class ResetOptionsEnv(ManagerBasedRLEnv):
    """An environment that hands the options of a reset to its events, see :mod:`sb3_memaug.envs.isaaclab.resets`.

    ``reset(options={"start": [5, 5, 6, 6]})`` lets environments with the same number start alike: in root, joints and
    command, and in failures and payloads where no option of their own decides these. ``{"mirror": "left_right"}``
    starts the mirror image of the episode that would have begun, about the environment's origin; a list has one element
    of the group for each environment. With both, mirror images of the same start.

    Resets in the course of a step, where an episode ends, have no options.
    """

    #: Those of the reset at work, None in the course of a step.
    reset_options: dict[str, Any] | None = None

    def __init__(self, cfg: Any, render_mode: str | None = None, **kwargs: Any) -> None:
        super().__init__(cfg, render_mode=render_mode, **kwargs)
        # With some kinds of motors Newton makes all physics steps of a control step by itself. Contacts in between
        # would not be felt, histories of contacts reach back four times as far and accelerations be means over four
        # steps: rewards and ends of episodes would depend on how the motors are computed.
        self.sim.physics_manager.set_decimation(1)
        self._physics_handles_decimation = False

    @cached_property
    def reflections(self) -> dict[str, Reflection]:
        """The reflections of the robot by the names of their mirrors; derived when first asked for."""
        return isaaclab_reflections(self)

    @cached_property
    def products(self) -> dict[str, Reflection]:
        """All products of the reflections by the names of the group's elements."""
        return products(self.reflections)

    def reset(
        self,
        env_ids: torch.Tensor | slice | None = None,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        self.reset_options = options or {}
        try:
            return super().reset(env_ids, seed=seed, options=options)
        finally:
            self.reset_options = None

    def _reset_idx(self, env_ids: torch.Tensor | slice) -> None:
        super()._reset_idx(env_ids)
        if self.reset_options is None:
            return
        place_start(self, env_ids)
        # As after a step. Else commands would be observed as they were for the robot of the episode before.
        for name in self.command_manager.active_terms:
            self.command_manager.get_term(name)._update_command()
