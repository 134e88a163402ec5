"""Whether the wrappers between an environment and the algorithm are equivariant: whether they commute with mirrors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import gymnasium as gym
from gymnasium.wrappers import NormalizeObservation
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecTransposeImage

from sb3_memaug.symmetry import Mirror, SymmetryGroup
from sb3_memaug.symmetry.spaces import check_actions_fit, check_observations_fit
from sb3_memaug.vec_env.tensor_vec_env import TensorVecEnv
from sb3_memaug.vec_env.wrapper_trial import Difference, Trial, Undecidable, may_alter

_REMEDY = "Put it inside MirrorSpec and pass MirrorSpec the terms of what comes out"
_VEC_REMEDY = (
    "Do the same in a wrapper of each environment, inside MirrorSpec, and pass MirrorSpec the terms of what comes out; "
    "or pass the group of what comes out as `symmetry=`"
)
_NORMALIZE = (
    "Take it away and wrap the environments in sb3_memaug.SymmetricVecNormalize, whose statistics are those of all "
    "mirror images"
)
_CHECK = (
    "Prove the mirrors with sb3_memaug.check_symmetry(env), wrappers included. A wrapper class that commutes with them "
    "may say so by an attribute `commutes_with_mirrors = True`"
)

#: Warnings that were given already.
_WARNED: WeakKeyDictionary[VecEnv, set[str]] = WeakKeyDictionary()


class Finding(NamedTuple):
    """
    :param text: what is wrong, or what cannot be decided
    :param refused: whether the mirrors are wrong for certain
    :param learned: whether they are so because of running statistics
    """

    text: str
    refused: bool
    learned: bool = False


def wrapper_chain(env: Any) -> list[Any]:
    """
    :param env: an environment or a ``VecEnv``, wrapped or not
    :return: its wrappers, the outermost first, and the innermost environment
    """
    chain = [env]
    while isinstance(chain[-1], (gym.Wrapper, VecEnvWrapper)):
        chain.append(chain[-1].venv if isinstance(chain[-1], VecEnvWrapper) else chain[-1].env)
    return chain


def attribute_owner(chain: Sequence[Any], name: str) -> Any:
    """
    :param chain: wrappers and the innermost environment, the outermost first
    :param name: of an attribute
    :return: the first that has it itself, and does not only pass on what the next one has; None if there is none
    """
    own = (each for each in chain if any(name in vars(kind) for kind in type(each).__mro__) or name in vars(each))
    return next(own, chain[-1] if hasattr(chain[-1], name) else None)


def check_wrappers(group: SymmetryGroup, env: VecEnv) -> None:
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
    chain = wrapper_chain(env)
    base = chain[-1]
    inner = _mirrors_below(group, base, any(isinstance(each, VecTransposeImage) for each in chain))
    findings = _of_environments(base, SymmetryGroup(inner) if inner else group, described=inner is None)
    if inner is None:
        findings += _statistics(chain, group)
    else:
        wording = Outside._replace(remedy=_VEC_REMEDY)
        finding = commuting(chain, len(chain) - 1, SymmetryGroup(inner), group, wording=wording)
        findings += [finding] if finding else []
    _raise_or_warn(findings, base)


def check_wrappers_inside(spec: Any, observation_source: gym.Env | None, action_source: gym.Env | None) -> None:
    """
    The same for what lies inside a ``MirrorSpec``: between it and the environments whose terms it uses. Running
    statistics are left to :func:`check_wrappers`: algorithms and normalizers, which call it, refuse them.

    :param spec: the ``MirrorSpec``
    :param observation_source: the environment with the terms of the observation; None where the user gave them, as a
        description of what comes out
    :param action_source: that of the action, likewise
    :raises ValueError: if a wrapper does not commute with the mirrors
    """
    chain, group = wrapper_chain(spec.env), spec.symmetry_group
    findings: list[Finding] = []
    for what, source in (("observation", observation_source), ("action", action_source)):
        if source is not None:
            end = next(i for i, each in enumerate(chain) if each is source)
            finding = commuting(chain, end, group, group, (what,), Inside, spec)
            findings += [finding] if finding and not finding.learned and finding not in findings else []
    _raise_or_warn(findings, None)


class Wording(NamedTuple):
    """
    :param where: a wrapper stands
    :param remedy: of one that does not commute
    """

    where: str
    remedy: str


Outside = Wording("stands between the mirrors and the algorithm", _REMEDY)
Below = Wording("stands between the simulator and the algorithm", _REMEDY)
Inside = Wording(
    "stands between MirrorSpec and the environment that tells its terms", "Pass MirrorSpec the terms of what comes out"
)


def commuting(
    chain: Sequence[Any],
    end: int,
    inner: SymmetryGroup,
    outer: SymmetryGroup,
    compared: Sequence[str] = ("observation", "action"),
    wording: Wording = Outside,
    described_by: Any = None,
) -> Finding | None:
    """
    :param chain: wrappers and the innermost environment, the outermost first
    :param end: index of the environment that the mirrors are those of
    :param inner: its group
    :param outer: the group above all wrappers, of the same names
    :param compared: of ``"observation"`` and ``"action"``
    :param wording: of the finding
    :param described_by: what has the terms; the environment that the mirrors are those of by default
    :return: what is wrong with those between; None if they commute with the mirrors
    """
    altering = [k for k in range(end) if may_alter(chain[k])]
    if not altering or _unfit(chain[end], inner, compared) is not None:
        return None  # or the group fits not even its own environment, which is not the fault of a wrapper
    problem = _problem(chain, altering[0], end, inner, outer, compared)
    if problem is None:
        return None
    culprit = altering[0]
    for k in altering[1:]:
        deeper = _problem(chain, k, end, inner, outer, compared)
        if deeper is None:
            break
        culprit, problem = k, deeper
    if isinstance(problem, Undecidable):
        return _undecided(chain[culprit], str(problem), wording)
    if isinstance(problem, Difference):
        if isinstance(chain[culprit], NormalizeObservation):
            wording = wording._replace(remedy=_NORMALIZE)
        return Finding(_sentence(chain[culprit], problem, described_by or chain[end], wording), True, problem.learned)
    return Finding(
        f"{_name(chain[culprit])} {wording.where} and changes a space so that the mirrors do not fit it: {problem}. "
        f"{wording.remedy}",
        True,
    )


def _problem(
    chain: Sequence[Any], start: int, end: int, inner: SymmetryGroup, outer: SymmetryGroup, compared: Sequence[str]
) -> Difference | Undecidable | ValueError | None:
    """Of all wrappers from one on."""
    top = chain[start]
    if not isinstance(top, VecEnv) or not any(isinstance(each, VecTransposeImage) for each in chain[start:end]):
        outer = inner
    unfit = _unfit(chain[end], inner, compared) or _unfit(top, outer, compared)
    if unfit is not None:
        return unfit
    mirrors = {name: (mirror, outer.generators[name]) for name, mirror in inner.generators.items()}
    known = [
        what
        for what, env, group in (("observation", chain[end], inner), ("action", top, outer))
        if _unfit(env, group, (what,)) is None
    ]
    try:
        return Trial(chain, start, end, known).difference(mirrors, "observation" in compared, "action" in compared)
    except Undecidable as error:
        return error


def _unfit(env: Any, group: SymmetryGroup, compared: Sequence[str]) -> ValueError | None:
    try:
        if "observation" in compared:
            check_observations_fit(group, env.observation_space)
        if "action" in compared:
            check_actions_fit(group, env.action_space)
    except ValueError as error:
        return error
    return None


def _statistics(chain: Sequence[Any], group: SymmetryGroup, described_by: Any = None) -> list[Finding]:
    """Of wrappers whose outcome is described: only what they learn of the observations is wrong for certain."""
    findings = []
    for k, wrapper in enumerate(chain[:-1]):
        if not may_alter(wrapper):
            continue
        if _is_running(wrapper):
            findings.append(_normalizes(wrapper))
            continue
        problem = _problem(chain, k, k + 1, group, group, ("observation",))
        if isinstance(problem, Difference) and (problem.learned or isinstance(wrapper, NormalizeObservation)):
            wording = Below._replace(remedy=_NORMALIZE)
            findings.append(Finding(_sentence(wrapper, problem, described_by, wording), True, problem.learned))
        elif isinstance(problem, ValueError) and _learns(chain, k):
            findings.append(_undecided(wrapper, "what it makes of an observation depends on earlier episodes", Below))
    return findings


def _is_running(wrapper: Any) -> bool:
    return isinstance(wrapper, NormalizeObservation) and wrapper.update_running_mean


def _learns(chain: Sequence[Any], k: int) -> bool:
    try:
        return Trial(chain, k, k + 1).learns()
    except Undecidable:
        return False


def _normalizes(wrapper: Any) -> Finding:
    return Finding(
        f"{_name(wrapper)} normalizes an observation and its mirror image by different running statistics, which "
        f"breaks the symmetry. {_NORMALIZE}",
        True,
    )


def _undecided(wrapper: Any, why: str, wording: Wording = Outside) -> Finding:
    return Finding(
        f"{_name(wrapper)} {wording.where}, and it cannot be tried whether it commutes with them: {why}. {_CHECK}",
        False,
    )


def _sentence(wrapper: Any, found: Difference, source: Any, wording: Wording) -> str:
    if found.learned:
        return (
            f"{_name(wrapper)} {wording.where} and does not commute with the mirrors after some episodes: it treats an "
            f"observation and its mirror image by different running statistics, {_numbers(found, source)}. {_NORMALIZE}"
        )
    numbers = _numbers(found, source)
    return f"{_name(wrapper)} {wording.where} and does not commute with the mirrors: {numbers}. {wording.remedy}"


def _numbers(found: Difference, source: Any) -> str:
    key = f" of {found.key!r}" if found.key else ""
    moment = f"has the {found.moment}" if found.moment else "is"
    return (
        f"with mirror {found.mirror!r}, entry {found.entry}{key}{_term(found, source)} of the {found.what} that comes "
        f"out {moment} {found.of_mirrored:.6g} where what goes in is mirrored, but {found.mirrored:.6g} where what "
        "comes out is mirrored"
    )


def _term(found: Difference, source: Any) -> str:
    terms = getattr(source, f"{found.what}_terms", ())
    position = found.entry
    for term in terms.get(found.key, ()) if isinstance(terms, Mapping) else terms:
        if position < term.size:
            names = term.names
            part = f", {names[position * len(names) // term.size]}" if names else ""
            return f" ({term.name}{part})"
        position -= term.size
    return ""


def _name(wrapper: Any) -> str:
    return type(wrapper).__name__


def _mirrors_below(group: SymmetryGroup, base: VecEnv, transposed: bool) -> dict[str, Mirror] | None:
    """How the group's generators act below VecTransposeImage; None if they are not those of the environments."""
    try:
        below = base.get_attr("symmetry_group")[0]
    except (AttributeError, NotImplementedError):
        return None
    if not isinstance(below, SymmetryGroup):
        return None
    above = list(below.channels_first() if transposed else below)
    if any(mirror not in above for mirror in group.generators.values()):
        return None
    return {name: below.elements[above.index(mirror)] for name, mirror in group.generators.items()}


def _of_environments(base: VecEnv, group: SymmetryGroup, described: bool) -> list[Finding]:
    if isinstance(base, TensorVecEnv):
        inner = getattr(base, "env", None)
        wrappers = wrapper_chain(inner)[:-1] if isinstance(inner, gym.Env) else []
        return [_undecided(each, "its environments live on a device") for each in wrappers if may_alter(each)]
    try:
        flagged = base.env_is_wrapped(_WrapperInspector(group, described))  # type: ignore[arg-type]
    except (NotImplementedError, TypeError, AttributeError):
        return []  # no environments of Gymnasium
    findings: list[Finding] = []
    for i in (i for i, flag in enumerate(flagged) if flag):
        for fields in base.get_attr(_FOUND, [i])[0]:
            finding = Finding(*fields)
            findings += [finding] if finding not in findings else []
        base.env_method("__delattr__", _FOUND, indices=[i])
    return findings


#: Attribute of a wrapper that holds the findings until they are fetched.
_FOUND = "_sb3_memaug_found"


@dataclass
class _WrapperInspector:
    """
    Passed to ``VecEnv.env_is_wrapped`` as a class: that calls ``isinstance`` for each wrapper, from the outermost
    inwards, in the process of the environment, where the wrappers can be tried.
    """

    group: SymmetryGroup
    described: bool
    seen: set[int] = field(default_factory=set)
    #: Findings by the keys of the wrappers: equal wrappers are tried once.
    found: dict[Any, list[Finding]] = field(default_factory=dict)

    def __instancecheck__(self, wrapper: Any) -> bool:
        if id(wrapper) in self.seen:
            return False
        chain = wrapper_chain(wrapper)
        self.seen |= {id(each) for each in chain}
        try:
            key = _key(chain)
            findings = self.found[key] if key in self.found else self._findings(chain)
            if key is not None:
                self.found[key] = findings
        except Exception as error:  # would end the process
            findings = [_undecided(wrapper, f"{type(error).__name__}: {error}")]
        if findings:
            setattr(wrapper, _FOUND, [tuple(finding) for finding in findings])
        return bool(findings)

    def _findings(self, chain: Sequence[Any]) -> list[Finding]:
        if self.described:
            return _statistics(chain, self.group)
        source = attribute_owner(chain, "symmetry_group")
        end = next(i for i, each in enumerate(chain) if each is source)
        normalizers = [_normalizes(each) for each in chain[:end] if _is_running(each)]
        if normalizers:
            return normalizers
        inside = _statistics(chain[end + 1 :], self.group, chain[end])
        finding = commuting(chain, end, self.group, self.group)
        return inside + ([finding] if finding else [])


def _key(chain: Sequence[Any]) -> Any:
    """Hashable, equal for wrappers of equal class and state; None if they cannot be compared."""
    try:
        return tuple(map(type, chain)), Trial(chain, 0, len(chain) - 1).key
    except Undecidable:
        return None


def _raise_or_warn(findings: Sequence[Finding], base: VecEnv | None) -> None:
    for finding in findings:
        if finding.refused:
            raise ValueError(finding.text)
    given: set[str] = set() if base is None else _WARNED.setdefault(base, set())
    for text in dict.fromkeys(finding.text for finding in findings):
        if text not in given:
            warnings.warn(text, stacklevel=2)
            given.add(text)
