"""What stands between the mirrors of an environment and the algorithm that uses them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from weakref import WeakSet

import gymnasium as gym
from gymnasium import spaces
from gymnasium.wrappers import NormalizeObservation
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize, VecTransposeImage

from sb3_memaug.common.tensor_vec_env import TensorVecEnv
from sb3_memaug.common.wrapper_trial import CannotTell, Difference, Trial, may_alter
from sb3_memaug.symmetry import Mirror, SymmetryGroup
from sb3_memaug.symmetry.compatibility import check_actions_fit, check_observations_fit

_REMEDY = "Put it inside MirrorSpec and pass MirrorSpec the terms of what comes out"
_NORMALIZE = (
    "Take it away and wrap the environments in sb3_memaug.SymmetricVecNormalize, whose statistics are those of all "
    "mirror images"
)
_CHECK = (
    "Prove the mirrors with sb3_memaug.check_symmetry(env), wrappers included. A wrapper class that commutes with them "
    "may say so by an attribute `commutes_with_mirrors = True`"
)

#: Environments of which everything has been warned already.
_WARNED: WeakSet[VecEnv] = WeakSet()


class Finding(NamedTuple):
    """
    :param text: what is wrong, or what cannot be told
    :param refused: whether the mirrors are wrong for certain
    :param learned: whether they are so because of running statistics
    """

    text: str
    refused: bool
    learned: bool = False


def chain_of(env: Any) -> list[Any]:
    """
    :param env: an environment or a ``VecEnv``, wrapped or not
    :return: its wrappers, the outermost first, and the innermost environment
    """
    chain = [env]
    while isinstance(chain[-1], (gym.Wrapper, VecEnvWrapper)):
        chain.append(chain[-1].venv if isinstance(chain[-1], VecEnvWrapper) else chain[-1].env)
    return chain


def check_between(group: SymmetryGroup, env: VecEnv) -> None:
    """
    Refuse what makes the mirror image of an observation another one than the observation of the mirror image, and
    likewise for actions: wrappers of the environments, wherever they run, and of the ``VecEnv``. They are tried on
    random numbers and on copies of theirs; what cannot be tried is warned of once.

    A group that is not that of the environments describes what comes out of all wrappers. Then only statistics that
    they take of the observations are refused.

    :param group: the symmetry group of the algorithm
    :param env: wrapped or not
    :raises ValueError: if a wrapper does not commute with the mirrors
    """
    chain = chain_of(env)
    base = chain[-1]
    inner = _mirrors_below(group, base, any(isinstance(each, VecTransposeImage) for each in chain))
    findings = _of_environments(base, SymmetryGroup(inner) if inner else group, described=inner is None)
    if inner is not None:
        finding = commuting(chain, len(chain) - 1, SymmetryGroup(inner), group)
        findings += [finding] if finding else []
    _tell(findings, base)


def check_inside(
    env: gym.Env, group: SymmetryGroup, observation_source: gym.Env | None, action_source: gym.Env | None
) -> None:
    """
    The same for what lies inside a ``MirrorSpec``: between it and the environments that told what observation and
    action are made of. Running statistics are left to :func:`check_between`: what learns from them refuses them.

    :param env: inside of it
    :param group: of the ``MirrorSpec``
    :param observation_source: the environment that told the terms of the observation; None where the user did, who
        described what comes out
    :param action_source: that of the action, likewise
    :raises ValueError: if a wrapper does not commute with the mirrors
    """
    chain = chain_of(env)
    findings: list[Finding] = []
    for what, source in (("observation", observation_source), ("action", action_source)):
        if source is not None:
            end = next(i for i, each in enumerate(chain) if each is source)
            finding = commuting(chain, end, group, group, (what,), MirrorSpecs)
            findings += [finding] if finding and not finding.learned and finding not in findings else []
    _tell(findings, None)


class Wording(NamedTuple):
    """
    :param where: a wrapper stands
    :param remedy: of one that does not commute
    """

    where: str
    remedy: str


Outside = Wording("stands between the mirrors and the algorithm", _REMEDY)
MirrorSpecs = Wording(
    "stands between MirrorSpec and the environment that tells its terms", "Pass MirrorSpec the terms of what comes out"
)


def commuting(
    chain: Sequence[Any],
    end: int,
    inner: SymmetryGroup,
    outer: SymmetryGroup,
    looked_at: Sequence[str] = ("observation", "action"),
    wording: Wording = Outside,
    start: int = 0,
) -> Finding | None:
    """
    :param chain: wrappers and the innermost environment, the outermost first
    :param end: index of the environment that the mirrors are those of
    :param inner: its group
    :param outer: the group above all wrappers, of the same names
    :param looked_at: of ``"observation"`` and ``"action"``
    :param wording: of the finding
    :param start: index of the outermost wrapper to look at
    :return: what is wrong with those between; None if they commute with the mirrors
    """
    altering = [k for k in range(start, end) if may_alter(chain[k])]
    if not altering or _unfit(chain[end], inner, looked_at) is not None:
        return None  # or the group fits not even its own environment, which is not the fault of a wrapper
    problem = _problem(chain, altering[0], end, inner, outer, looked_at)
    if problem is None:
        return None
    guilty = altering[0]
    for k in altering[1:]:
        deeper = _problem(chain, k, end, inner, outer, looked_at)
        if deeper is None:
            break
        guilty, problem = k, deeper
    name = _name(chain[guilty])
    if isinstance(problem, CannotTell):
        return _untold(chain[guilty], str(problem), wording)
    if isinstance(problem, Difference):
        return Finding(_sentence(chain[guilty], problem, chain[end], wording), True, problem.learned)
    return Finding(
        f"{name} {wording.where}, which it does not fit: it makes {_spaces(chain[end], looked_at)} into "
        f"{_spaces(chain[guilty], looked_at)}, and {problem}. {wording.remedy}",
        True,
    )


def _problem(
    chain: Sequence[Any], start: int, end: int, inner: SymmetryGroup, outer: SymmetryGroup, looked_at: Sequence[str]
) -> Difference | CannotTell | ValueError | None:
    """Of all wrappers from one on."""
    top = chain[start]
    if not isinstance(top, VecEnv) or not any(isinstance(each, VecTransposeImage) for each in chain[start:end]):
        outer = inner
    unfit = _unfit(chain[end], inner, looked_at) or _unfit(top, outer, looked_at)
    if unfit is not None:
        return unfit
    mirrors = {name: (mirror, outer.generators[name]) for name, mirror in inner.generators.items()}
    try:
        return Trial(chain, start, end).difference(mirrors, "observation" in looked_at, "action" in looked_at)
    except CannotTell as error:
        return error


def _unfit(env: Any, group: SymmetryGroup, looked_at: Sequence[str]) -> ValueError | None:
    try:
        if "observation" in looked_at:
            check_observations_fit(group, env.observation_space)
        if "action" in looked_at:
            check_actions_fit(group, env.action_space)
    except ValueError as error:
        return error
    return None


def _statistics(chain: Sequence[Any], group: SymmetryGroup) -> list[Finding]:
    """Of wrappers whose outcome is described: only what they learn of the observations is wrong for certain."""
    findings = []
    for k, wrapper in enumerate(chain[:-1]):
        if not may_alter(wrapper):
            continue
        if isinstance(wrapper, NormalizeObservation) and wrapper.update_running_mean:
            findings.append(_normalizes(wrapper))
            continue
        problem = _problem(chain, k, k + 1, group, group, ("observation",))
        if isinstance(problem, Difference):
            if problem.learned:
                findings.append(Finding(_sentence(wrapper, problem, chain[0], Outside), True))
            elif isinstance(wrapper, NormalizeObservation):
                findings.append(Finding(_sentence(wrapper, problem, chain[0], Wording(Outside.where, _NORMALIZE)), True))
        elif isinstance(problem, ValueError) and _learns(chain, k):
            findings.append(_untold(wrapper, "what it makes of an observation depends on earlier episodes"))
    return findings


def _learns(chain: Sequence[Any], k: int) -> bool:
    try:
        return Trial(chain, k, k + 1).learns()
    except CannotTell:
        return False


def _normalizes(wrapper: Any) -> Finding:
    return Finding(
        f"{_name(wrapper)} normalises an observation and its mirror image by different running statistics, which "
        f"breaks the symmetry. {_NORMALIZE}",
        True,
    )


def _untold(wrapper: Any, why: str, wording: Wording = Outside) -> Finding:
    return Finding(
        f"{_name(wrapper)} {wording.where}, and it cannot be tried whether it commutes with them: {why}. {_CHECK}", False
    )


def _sentence(wrapper: Any, found: Difference, source: Any, wording: Wording) -> str:
    if found.learned:
        return (
            f"{_name(wrapper)} {wording.where} and does not commute with them after some episodes: it treats an "
            f"observation and its mirror image by different running statistics, {_numbers(found, source)}. {_NORMALIZE}"
        )
    return (
        f"{_name(wrapper)} {wording.where} and does not commute with them: {_numbers(found, source)}. {wording.remedy}"
    )


def _numbers(found: Difference, source: Any) -> str:
    key = f"{found.key!r}, " if found.key else ""
    mean = "on average " if found.random else ""
    return (
        f"with {found.mirror!r}, {found.what} {key}entry {found.entry}{_term(found, source)} of the mirrored {found.what} "
        f"is {mean}{found.of_mirrored:.6g}, but in the mirrored result it is {found.mirrored:.6g}"
    )


def _term(found: Difference, source: Any) -> str:
    terms = getattr(source, f"{found.what}_terms", ())
    position = found.entry
    for term in terms.get(found.key, ()) if isinstance(terms, Mapping) else terms:
        if position < term.size:
            names = term.names if len(term.names) == term.size else ()
            return f" ({term.name}{f', {names[position]}' if names else ''})"
        position -= term.size
    return ""


def _name(wrapper: Any) -> str:
    return type(wrapper).__name__


def _spaces(env: Any, looked_at: Sequence[str]) -> str:
    return " and ".join(f"the {what} space {getattr(env, f'{what}_space')}" for what in looked_at)


def _mirrors_below(group: SymmetryGroup, base: VecEnv, transposed: bool) -> dict[str, Mirror] | None:
    """How the group's generators act below VecTransposeImage; None if they are not those of the environments."""
    if not base.has_attr("symmetry_group"):
        return None
    below = base.get_attr("symmetry_group")[0]
    if not isinstance(below, SymmetryGroup):
        return None
    above = list(below.channels_first() if transposed else below)
    if any(mirror not in above for mirror in group.generators.values()):
        return None
    return {name: below.elements[above.index(mirror)] for name, mirror in group.generators.items()}


def _of_environments(base: VecEnv, group: SymmetryGroup, described: bool) -> list[Finding]:
    if isinstance(base, TensorVecEnv):
        inner = getattr(base, "env", None)
        wrappers = chain_of(inner)[:-1] if isinstance(inner, gym.Env) else []
        return [_untold(each, "its environments live on a device") for each in wrappers if may_alter(each)]
    try:
        flagged = base.env_is_wrapped(_Look(group, described))  # type: ignore[arg-type]
    except (NotImplementedError, TypeError, AttributeError):
        return []  # no environments of Gymnasium
    findings: list[Finding] = []
    for i in (i for i, flag in enumerate(flagged) if flag):
        for told in base.get_attr(_FOUND, [i])[0]:
            finding = Finding(*told)
            findings += [finding] if finding not in findings else []
        base.env_method("__delattr__", _FOUND, indices=[i])
    return findings


#: Attribute of a wrapper for the time between finding and telling.
_FOUND = "_sb3_memaug_found"


@dataclass
class _Look:
    """
    Handed to ``VecEnv.env_is_wrapped``, which asks ``isinstance`` of each wrapper, from the outermost inwards, in the
    process that they live in.
    """

    group: SymmetryGroup
    described: bool
    seen: set[int] = field(default_factory=set)

    def __instancecheck__(self, wrapper: Any) -> bool:
        if id(wrapper) in self.seen:
            return False
        chain = chain_of(wrapper)
        self.seen |= {id(each) for each in chain}
        try:
            findings = self._look(chain)
        except Exception as error:  # would end the process
            findings = [_untold(wrapper, f"{type(error).__name__}: {error}")]
        if findings:
            setattr(wrapper, _FOUND, [tuple(finding) for finding in findings])
        return bool(findings)

    def _look(self, chain: Sequence[Any]) -> list[Finding]:
        if self.described:
            return _statistics(chain, self.group)
        end = next(i for i, each in enumerate(chain) if hasattr(each, "symmetry_group"))
        normalizers = [
            _normalizes(each)
            for each in chain[:end]
            if isinstance(each, NormalizeObservation) and each.update_running_mean
        ]
        if normalizers:
            return normalizers
        inside = _statistics(chain[end + 1 :], self.group) if end + 1 < len(chain) else []
        finding = commuting(chain, end, self.group, self.group)
        return inside + ([finding] if finding else [])


def _tell(findings: Sequence[Finding], base: VecEnv | None) -> None:
    for finding in findings:
        if finding.refused:
            raise ValueError(finding.text)
    if base is None or base not in _WARNED:
        for finding in findings:
            warnings.warn(finding.text, stacklevel=2)
    if base is not None and findings:
        _WARNED.add(base)
