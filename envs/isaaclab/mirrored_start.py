"""Episodes that start alike, or as mirror images of each other."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch

from sb3_memaug.symmetry.terms import vector_transform

from .mdp.payload import hold_payloads
from .resets import decided
from .start_parts import start_parts


def place_start(env: Any, env_ids: torch.Tensor | slice) -> None:
    """Carry out the options ``start`` and ``mirror`` of a reset, after chance has decided all there is to decide.

    Environments with the same number start alike: what the first of them got, the others get too. After that, each is
    reflected. What other options decide stays as they do.

    Args:
        env: The environment, with ``reflections``, their ``products`` and ``reset_options``.
        env_ids: The environments whose episode begins.

    Raises:
        ValueError: If an option makes no sense, or a command cannot be reflected.
    """
    numbers = decided(env, "start", _number)
    mirrors = decided(env, "mirror", lambda element: _element(env, element))
    if numbers is None and not set(mirrors or ()) - {"identity"}:
        return
    everyone = torch.arange(env.num_envs, dtype=torch.int32, device=env.device)
    ids = everyone[env_ids]
    starting = ids.tolist()
    seen: dict[int, int] = {}
    first = [seen.setdefault(i if numbers is None else numbers[i], k) for k, i in enumerate(starting)]
    groups = defaultdict(list)
    for k, i in enumerate(starting):
        groups[mirrors[i] if mirrors else "identity"].append(k)
    for part in start_parts(env):
        rows = part.rows[ids][first]
        for element, members in groups.items():
            if element != "identity":
                rows[members] = vector_transform(part.terms, env.products[element]).apply(rows[members])
        part.write(rows, ids)
    # They press where the robot stood before.
    hold_payloads(env, None)


def _number(given: Any) -> int:
    if not isinstance(given, int):
        raise ValueError(f"options['start'] must be a list of whole numbers, got {given!r}")
    return given


def _element(env: Any, element: Any) -> str:
    if element != "identity" and (not isinstance(element, str) or element not in env.products):
        raise ValueError(
            f"options['mirror'] must be 'identity' or a product of {list(env.reflections)}, got {element!r}"
        )
    return element
