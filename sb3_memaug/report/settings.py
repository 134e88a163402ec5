"""With which settings the runs of a report were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sb3_memaug.report.html_tables import policy_label
from sb3_memaug.report.style import env_title, policies_in_order

#: Not told among the settings: headings and another part of the page have them.
TOLD_ELSEWHERE = ("env", "policy", "command", "experiment")


def html_settings(settings: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> str:
    """
    :param settings: of each run
    :param colours: of policies
    :return: for each policy what can be opened to see its settings, a row for each, a column for each environment
    """
    parts = []
    for policy in policies_in_order(run["policy"] for run in settings):
        runs = [run for run in settings if run["policy"] == policy]
        count = f"{len(runs)} run{'s' * (len(runs) > 1)}"
        label = policy_label(policy, colours) if policy in colours else escape(policy)
        parts.append(f"<details><summary>{label}, {count}</summary>{_table(policy, runs)}</details>")
    return "\n".join(parts)


def _table(policy: str, runs: Sequence[Mapping[str, Any]]) -> str:
    values: dict[str, dict[str, list[str]]] = {}
    envs = list(dict.fromkeys(run["env"] for run in runs))
    for run in runs:
        for key, value in _flat(run).items():
            if key not in TOLD_ELSEWHERE:
                found = values.setdefault(key, {}).setdefault(run["env"], [])
                found += [value] * (value not in found)
    headings = "".join(f'<th scope="col">{escape(env_title(env))}</th>' for env in envs)
    rows = []
    for key, by_env in values.items():
        cells = ["<br>".join(escape(value) for value in by_env.get(env, ["–"])) for env in envs]
        same = len(set(cells)) == 1
        told = f'<td colspan="{len(envs)}">{cells[0]}</td>' if same else "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{escape(key)}</th>{told}</tr>')
    return (
        f'<div class="scrolled" tabindex="0" role="region" aria-label="Settings of {escape(policy)}"><table>'
        f'<thead><tr><th scope="col">setting</th>{headings}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings within settings get names with dots."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found
