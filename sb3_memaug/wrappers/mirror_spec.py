"""A wrapper that tells how an environment looks in the mirror."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym

from sb3_memaug.symmetry import Reflection, SymmetryGroup, Term, check_group_fits, group_of_terms


class MirrorSpec(gym.Wrapper, gym.utils.RecordConstructorArgs):
    """
    Give an environment the attribute ``symmetry_group``, from which the algorithms take their mirrors.

    The environments of this library describe themselves. Any other one is described by its observation and action,
    as lists of :class:`~sb3_memaug.symmetry.Term`, and by the reflections of its robot; all of it may be written as
    plain mappings, in YAML or JSON:

    .. code-block:: python

        MirrorSpec(
            env,
            observation=[{"name": "base_velocity", "kind": "xy", "size": 2}],
            action=[{"name": "torques", "kind": "action", "size": 2, "names": ["left", "right"]}],
            reflections={
                "left_right": {"plane": "sagittal", "joints": {"left": ["right", 1], "right": ["left", 1]}}
            },
        )

    :param env: to describe
    :param mirrors: which reflections generate the group; all that are known by default
    :param observation: terms of the observation, by key for dict observations; the environment's
        ``observation_terms`` by default
    :param action: terms of the action; the environment's ``action_terms`` by default
    :param reflections: of the robot, by the names of the mirrors; the environment's ``reflections`` by default
    :raises ValueError: if something is not described, or does not fit the spaces
    """

    def __init__(
        self,
        env: gym.Env,
        mirrors: Sequence[str] | None = None,
        observation: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
        action: Sequence[Any] | None = None,
        reflections: Mapping[str, Any] | None = None,
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(
            self, mirrors=mirrors, observation=observation, action=action, reflections=reflections
        )
        gym.Wrapper.__init__(self, env)
        known = {name: _as_reflection(value) for name, value in self._given_or("reflections", reflections).items()}
        chosen = list(known if mirrors is None else mirrors)
        if not chosen or set(chosen) - set(known):
            raise ValueError(
                f"`mirrors` must name one or more of the described reflections {list(known)}, got {chosen}"
            )
        terms = self._given_or("observation_terms", observation)
        self.symmetry_group: SymmetryGroup = group_of_terms(
            {name: known[name] for name in chosen},
            {key: _as_terms(group) for key, group in terms.items()} if isinstance(terms, Mapping) else _as_terms(terms),
            _as_terms(self._given_or("action_terms", action)),
        )
        check_group_fits(self.symmetry_group, env.observation_space, env.action_space)

    def _given_or(self, attribute: str, given: Any) -> Any:
        if given is not None:
            return given
        if not self.env.has_wrapper_attr(attribute):
            raise ValueError(
                f"{self.env} does not describe itself: it has no attribute `{attribute}`. Pass MirrorSpec its "
                "`observation` and `action` as lists of terms, and its `reflections`"
            )
        return self.env.get_wrapper_attr(attribute)


def _as_terms(terms: Sequence[Any]) -> list[Term]:
    return [term if isinstance(term, Term) else Term(**term) for term in terms]


def _as_reflection(value: Any) -> Reflection:
    return value if isinstance(value, Reflection) else Reflection(**value)
