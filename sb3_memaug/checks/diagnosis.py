"""What is wrong with a mirror that does not hold: which entry, and what it would be instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sb3_memaug.checks.comparison import SMALLEST_SCALE
from sb3_memaug.checks.layout import Layout
from sb3_memaug.symmetry import Reflection, SignedPermutation

#: What an entry or a response may differ, relative to its size, to count as the mirror image of another.
RESEMBLANCE = 0.05


def diagnose_observation(
    wrong: Sequence[int], originals: np.ndarray, mirrored: np.ndarray, transform: SignedPermutation, layout: Layout
) -> list[str]:
    """
    Look for the entry, and the sign, that a wrong entry follows instead.

    :param wrong: indices of entries that are not what the mirror says, the worst first
    :param originals: observations, (n_episodes, size)
    :param mirrored: observations of the mirrored episodes, (n_episodes, size)
    :param transform: how the mirror acts on observations
    :param layout: names the entries
    :return: what is wrong with them, as ``"joint_vel[7] LF_KFE: sign"``
    """
    findings, unlike = [], []
    for i in wrong:
        source, sign = transform.permutation[i], transform.signs[i]
        found = _resembling(mirrored[:, i], originals, near=source)
        if found is None or found == (source, sign):
            unlike.append(i)
        elif found[0] == source:
            findings.append(f"{layout.name(i)}: sign")
        else:
            findings.append(f"{layout.name(i)}: mirrors {_signed(found, layout.name)}, not {layout.name(source)}")
    if unlike:
        rest = f" and {len(unlike) - 1} other entries differ" if len(unlike) > 1 else " differs"
        findings.append(f"{layout.name(unlike[0])}{rest} from the mirror images: robots or tasks move differently")
    return findings


def diagnose_action(
    originals: Mapping[tuple[int, int], np.ndarray],
    mirrored: Sequence[np.ndarray],
    transform: SignedPermutation,
    name: Callable[[int], str],
) -> list[str]:
    """
    Compare what each entry of the action does to the robot with what its partner does to the mirrored one.

    :param originals: mirror images of the changes of the state by each entry of the action and its sign, (size,) each
    :param mirrored: change of the mirrored state by each entry, (size,) each
    :param transform: how the mirror acts on actions
    :param name: names an entry
    :return: what is wrong with the map of the actions
    """
    findings = []
    for i, change in enumerate(mirrored):
        source, sign = transform.permutation[i], transform.signs[i]
        size = float(np.linalg.norm(change))
        errors = {key: float(np.linalg.norm(change - other)) for key, other in originals.items()}
        best = min(errors, key=lambda key: errors[key])
        if errors[source, sign] <= RESEMBLANCE * size or errors[best] > RESEMBLANCE * size:
            continue
        if best[0] == source:
            findings.append(f"{name(i)}: sign")
        else:
            findings.append(f"{name(i)}: mirrors {_signed(best, name)}, not {name(source)}")
    return findings


def diagnose_joints(given: Reflection, derived: Reflection) -> list[str]:
    """
    :param given: reflection of the robot
    :param derived: what its geometry says
    :return: where they differ
    """
    findings = []
    for joint, (partner, sign) in given.joints.items():
        right = derived.joints.get(joint)
        if right is not None and right[0] != partner:
            findings.append(f"{joint}: mirrors {right[0]}, not {partner}, says the robot's geometry")
        elif right is not None and right[1] != sign:
            findings.append(f"{joint}: sign, says the robot's geometry")
    return findings


def _signed(entry: tuple[int, int], name: Callable[[int], str]) -> str:
    return f"{'-' * (entry[1] < 0)}{name(entry[0])}"


def _resembling(values: np.ndarray, rows: np.ndarray, near: int) -> tuple[int, int] | None:
    """The column, and its sign, that values follow up to a constant; of several the nearest to where it should be."""
    spread = values - values.mean()
    size = float(np.sqrt(np.mean(spread**2)))
    # What only one or two episodes show, as a contact, resembles many things.
    if size < SMALLEST_SCALE or np.sqrt(np.mean(np.sort(spread**2)[:-2])) < 0.1 * size:
        return None
    found = []
    for j in range(rows.shape[1]):
        column = rows[:, j] - rows[:, j].mean()
        for sign in (1, -1):
            if np.sqrt(np.mean((spread - sign * column) ** 2)) < RESEMBLANCE * size:
                found.append((abs(j - near), j, sign))
    return min(found)[1:] if found else None
