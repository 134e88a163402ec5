"""A wrapper that gives an environment its symmetry group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym

from sb3_memaug.files import located
from sb3_memaug.robots.mujoco.terms import gymnasium_observation_terms, mujoco_action_terms, task_reflections
from sb3_memaug.symmetry import (
    Reflection,
    SymmetryGroup,
    Term,
    Tolerances,
    check_group_fits,
    derive_symmetry,
    group_of_terms,
    with_labels,
)
from sb3_memaug.symmetry.arguments import list_of, mapping_of, shown, texts_of
from sb3_memaug.vec_env.equivariance import attribute_owner, check_wrappers_inside, wrapper_chain
from sb3_memaug.wrappers.mirror_file import from_plain, read_mirror_file, reflection_from_plain, terms_from_plain


class MirrorSpec(gym.Wrapper, gym.utils.RecordConstructorArgs):
    """
    Give an environment the attribute ``symmetry_group``, from which the algorithms take their mirrors.

    The environments of this library describe themselves. Those of Gymnasium on MuJoCo are known, and the mirrors of
    their robots are derived from the model: ``MirrorSpec(gym.make("Ant-v5"))``. Of any other environment with a robot
    that :func:`~sb3_memaug.robots.find_robot` finds, it is enough to list what observation and action are made of, as
    :class:`~sb3_memaug.symmetry.Term`; without such a robot, its reflections too. All of it may be written as plain
    mappings, in YAML, or in a JSON file:

    .. code-block:: python

        MirrorSpec(
            env,
            observation=[
                {"name": "base_velocity", "kind": "xy"},
                {"name": "joint_angles", "kind": "joints", "names": "motors"},
            ],
            action=[{"name": "torques", "kind": "action", "names": "motors"}],
        )

    :param env: to describe
    :param mirrors: which reflections generate the group; by default all that the robot and its task have
    :param observation: terms of the observation, by key for dict observations. Their ``names`` may be ``"motors"``,
        ``"joints"``, ``"feet"``, ``"actuators"`` or ``"bodies"``: all those of the robot, in the order of its
        simulator. By default the environment's ``observation_terms``, or what is known of Gymnasium's environments
    :param action: terms of the action, likewise; by default the environment's ``action_terms``, or the controls of a
        MuJoCo model
    :param reflections: of the robot, by the names of the mirrors; by default the environment's ``reflections``, or what
        :func:`~sb3_memaug.symmetry.derive_symmetry` finds
    :param file: JSON with any of the three, as ``memaug mirror derive`` writes it
    :param tolerances: of the derivation, arguments of :class:`~sb3_memaug.symmetry.Tolerances`
    :param pose: of the derivation: angles of joints, or the name of a pose that the model knows
    :param locked: of the derivation: joints that do not move, names or regular expressions
    :param axes: of the derivation: which axes of the base's frame point forward and up, where these are not x and z, as
        ``{"forward": "x", "up": "y"}``; arguments of :class:`~sb3_memaug.symmetry.BaseAxes`
    :raises ValueError: if an argument is of another type, something is not described, or does not fit the spaces, or if
        a wrapper inside takes running statistics of the observations or, where the terms come from an environment
        inside of it, alters what they say
    :raises FileNotFoundError: if there is no such file
    """

    def __init__(
        self,
        env: gym.Env,
        mirrors: Sequence[str] | None = None,
        observation: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
        action: Sequence[Any] | None = None,
        reflections: Mapping[str, Any] | None = None,
        file: str | None = None,
        tolerances: Mapping[str, Any] | None = None,
        pose: Mapping[str, float] | str | None = None,
        locked: Sequence[str] | None = None,
        axes: Mapping[str, Any] | None = None,
    ) -> None:
        if mirrors is not None:
            mirrors = texts_of(mirrors, "`mirrors`")
        if locked is not None:
            locked = texts_of(locked, "`locked`")
        if observation is not None and not isinstance(observation, Mapping):
            observation = list_of(observation, "`observation`")
        action = None if action is None else list_of(action, "`action`")
        if not isinstance(env, gym.Env):
            raise ValueError(f"`env` must be an environment of Gymnasium, got {shown(env)}")
        gym.Wrapper.__init__(self, env)
        written = read_mirror_file(file) if file is not None else {}
        #: Terms of the observation and of the action.
        self.observation_terms, observed = self._terms(
            "observation", observation, written, file, gymnasium_observation_terms
        )
        self.action_terms, acted = self._terms("action", action, written, file, mujoco_action_terms)
        derivation = {"tolerances": tolerances, "pose": pose, "locked": locked, "axes": axes}
        derivation = {name: value for name, value in derivation.items() if value is not None}
        if reflections is None and "reflections" in written:
            with located(file, "reflections"):
                known = self._reflections(written["reflections"], mirrors, derivation)
        else:
            known = self._reflections(reflections, mirrors, derivation)
        chosen = list(known if mirrors is None else mirrors)
        if not chosen or set(chosen) - set(known):
            raise ValueError(
                f"`mirrors` must name one or more of the described reflections {list(known)}, got {chosen}"
            )
        #: The reflections that generate the group, by the names of their mirrors.
        self.reflections = {name: known[name] for name in chosen}
        self.symmetry_group: SymmetryGroup = with_labels(
            group_of_terms(self.reflections, self.observation_terms, list(self.action_terms)),
            env.observation_space,
            env.action_space,
        )
        check_wrappers_inside(self, observed, acted)
        check_group_fits(self.symmetry_group, env.observation_space, env.action_space)
        # Copies them, which what has been refused above need not stand.
        gym.utils.RecordConstructorArgs.__init__(
            self,
            mirrors=mirrors,
            observation=observation,
            action=action,
            reflections=reflections,
            file=file,
            tolerances=tolerances,
            pose=pose,
            locked=locked,
            axes=axes,
        )

    def _terms(
        self,
        what: str,
        given: Any,
        written: Mapping[str, Any],
        file: str | None,
        known: Callable[[gym.Env], Sequence[Term] | None],
    ) -> tuple[Any, gym.Env | None]:
        """The terms, and the environment that has them; None where they are the user's."""
        if given is not None:
            return terms_from_plain(given, self.env), None
        if what in written:
            with located(file, what):
                return terms_from_plain(written[what], self.env), None
        attribute = f"{what}_terms"
        source = attribute_owner(wrapper_chain(self.env), attribute)
        if source is not None:
            return terms_from_plain(getattr(source, attribute), self.env), source
        found = known(self.env)
        if found is None:
            raise ValueError(
                f"{self.env} does not describe itself: it has no attribute `{attribute}`. Pass MirrorSpec its "
                f"`observation` and `action` as lists of terms"
            )
        return list(found), self.env.unwrapped

    def _reflections(
        self, given: Mapping[str, Any] | None, mirrors: Sequence[str] | None, derivation: Mapping[str, Any]
    ) -> dict[str, Reflection]:
        if given is None and self.env.has_wrapper_attr("reflections"):
            given = self.env.get_wrapper_attr("reflections")
        if given is not None:
            if derivation:
                raise ValueError(f"{list(derivation)} are for a derivation, but the reflections are given")
            found = {}
            for name, value in mapping_of(given, "`reflections`").items():
                with located("reflections", name):
                    found[name] = reflection_from_plain(value)
            return found
        allowed = from_plain(Tolerances, derivation.get("tolerances", {}))
        try:
            derived = derive_symmetry(self.env, **{**derivation, "tolerances": allowed})
        except ValueError as error:
            raise ValueError(
                f"{self.env} does not describe itself: it has no attribute `reflections`. Pass MirrorSpec its "
                f"`reflections`, or make its robot known: {error}"
            ) from error
        held = derived.reflections
        known = task_reflections(self.env, held) if mirrors is None else held
        if not known or set(mirrors or ()) - set(known):
            wanted = f"the mirrors {list(mirrors)}" if mirrors else "a mirror that its task has as well"
            raise ValueError(
                f"the robot of {self.env} does not have {wanted}. Pass `tolerances` that forgive what breaks it, a "
                f"`pose`, joints that are `locked`, `axes`, or your own `reflections`:\n{derived}"
            )
        return known
