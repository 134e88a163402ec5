"""What a report shows, section by section, and its page: one file that needs no network and no other file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sb3_memaug._version import __version__
from sb3_memaug.evaluation.statistics import improvement, summary
from sb3_memaug.report.figures import (
    feet,
    gaits,
    id_ood,
    latents,
    learning_curves,
    returns_per_task,
    sample_efficiency,
    trajectories,
)
from sb3_memaug.report.figures.common import Chart, variation_labels
from sb3_memaug.report.run_tables import RUN, TABLES, RunTables, copy_videos
from sb3_memaug.report.style import colors_of, env_title, policies_in_order
from sb3_memaug.report.tables import (
    Column,
    Table,
    efficiency_tables,
    improvement_tables,
    memory_tables,
    runs_tables,
    summary_tables,
)

#: Bytes of videos that a page may hold: browsers get slow with more.
MOST_EMBEDDED = 64_000_000
#: Left out of the settings: headings and another part of the page have them.
SHOWN_ELSEWHERE = ("env", "policy", "command", "experiment")


class Section(NamedTuple):
    """
    :param name: its place in the page: lower case, with hyphens
    :param title: its heading
    :param charts: its figures
    :param tables: below them
    :param details: tables that are shown when they are asked for
    :param introduction: what is true of all its tables
    """

    name: str
    title: str
    charts: list[Chart] = []
    tables: list[Table] = []
    details: list[Table] = []
    introduction: str = ""


SUMMARY = (
    "Returns of whole episodes. The interquartile mean (IQM) leaves out the lowest and the highest quarter; the "
    "interval beside it is the 95 % one over training seeds, each drawn with all its tasks, and that of a normalised "
    "return over the seeds of the policy that it is divided by, too. With two seeds it is wide for good reason; a "
    "policy whose mirrors are exact returns the same on ID and on OOD tasks by construction where simulator and starts "
    "are mirror images, so that their equality is no finding."
)
IMPROVEMENT = (
    "How probable it is that a run of the policy in a row returns more than a run of the policy in a column on the "
    "same task, with 95 % score intervals whose samples are training seeds. One half is a draw."
)


def sections(tables: RunTables) -> list[Section]:
    """
    :param tables: of the runs
    :return: those in which there is something to show, in their order
    """
    summarized, learning = summary(tables.episodes), tables.learning
    together, apart = improvement_tables(improvement(tables.episodes))
    found = [
        Section("summary", "Summary", [], summary_tables(summarized), introduction=SUMMARY),
        Section("generalization", "Generalization", id_ood.charts(tables, summarized)),
        Section("tasks", "Joints and payloads", returns_per_task.charts(tables)),
        Section("improvement", "Probability of improvement", [], together, apart, IMPROVEMENT),
        Section(
            "learning",
            "Learning",
            [*learning_curves.charts(tables), *sample_efficiency.charts(tables)],
            efficiency_tables(learning),
        ),
        Section("feet", "Feet", feet.charts(tables)),
        Section("memory", "Memory", latents.charts(tables), memory_tables(summarized)),
        Section("trajectories", "Trajectories", trajectories.charts(tables)),
        Section("gaits", "Gaits", gaits.charts(tables)),
        Section("training", "Training", [], runs_tables(learning)),
    ]
    return [section for section in found if section.charts or section.tables]


def html_page(
    title: str, shown: Sequence[Section], tables: RunTables, command: str, formats: Sequence[str], folder: Path
) -> str:
    """
    :param title: of the page
    :param shown: sections of figures and tables
    :param tables: of the runs, whose videos and settings follow
    :param command: that makes the report
    :param formats: of the pictures of the figures that lie beside the page
    :param folder: of the page; videos that are too large for the page are copied to it
    :return: the page
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    source = files("sb3_memaug.report")
    css, js = (source.joinpath(f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    named = [policy for name in TABLES for policy in getattr(tables, name)["policy"].unique()]
    colors = colors_of([*named, *(run["policy"] for run in tables.settings)])
    environment = Environment(
        loader=PackageLoader("sb3_memaug.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        title=title,
        lead=_lead(tables),
        sections=shown,
        rows=_rows,
        videos=_videos(tables, list(colors), folder) if tables.videos else None,
        settings=_settings(tables.settings),
        origin=_origin(tables, command),
        colors=colors,
        formats=list(formats),
        version=__version__,
        made=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        css=css,
        js=js,
        plotly=get_plotlyjs(),
    )


def _lead(tables: RunTables) -> str:
    episodes = tables.episodes
    n_runs = len(episodes[RUN].drop_duplicates())
    counts = [(n_runs, "run")]
    counts += [(episodes[column].nunique(), noun) for column, noun in (("policy", "policy"), ("env", "experiment"))]
    counts += [(episodes["training_seed"].nunique(), "training seed"), (len(episodes), "episode")]
    nouns = [f"{n} {noun if n == 1 else noun.replace('policy', 'policie') + 's'}" for n, noun in counts]
    sentence = f"{nouns[0]} of {nouns[1]} on {nouns[2]} with {nouns[3]}, evaluated in {nouns[4]}."
    started = len({tuple(run.get(key) for key in RUN) for run in tables.settings})
    if started > n_runs:
        sentence += f" Runs without episodes, not finished or failed: {started - n_runs} of {started}."
    return sentence


def _origin(tables: RunTables, command: str) -> dict[str, Any]:
    """The commands that made the report and its runs, and the tables that no run left."""
    return {
        "report": command,
        "experiments": list(dict.fromkeys(run["experiment"] for run in tables.settings if "experiment" in run)),
        "runs": [run["command"] for run in tables.settings if "command" in run],
        "absent": [name for name in TABLES if getattr(tables, name).empty],
    }


class _Cell(NamedTuple):
    """
    :param text: that is shown
    :param number: whether it is in a column of numbers
    :param value: of a number, by which the page sorts; empty where there is none
    :param interval: around it; empty where there is none
    """

    text: Any
    number: bool = False
    value: str = ""
    interval: str = ""


def _rows(table: Table) -> Iterator[list[_Cell]]:
    for record in table.data.to_dict("records"):
        yield [_number(record, column) if column.format else _Cell(record[column.key]) for column in table.columns]


def _number(record: Mapping[Any, Any], column: Column) -> _Cell:
    value = record[column.key]
    # nan alone differs from itself.
    if value != value:
        return _Cell("–", True)
    ends = [record[key] for key in column.interval or ()]
    known = ends and all(end == end for end in ends)
    interval = " to ".join(_readable(end, column.format) for end in ends) if known else ""
    return _Cell(_readable(value, column.format), True, f"{value:.9g}", interval)


def _readable(value: float, format_: str) -> str:
    """With a minus sign that is as wide as a plus sign, and thousands apart."""
    return format_.format(value).replace("-", "\N{MINUS SIGN}").replace(",", "\N{NARROW NO-BREAK SPACE}")


def _videos(tables: RunTables, policies: Sequence[str], folder: Path) -> dict[str, Any]:
    """How many videos there are, and by task their names and sources, those of a task in the order of the policies."""
    videos = tables.videos
    size = sum(path.stat().st_size for path in videos)
    embedded = size <= MOST_EMBEDDED
    copies = videos if embedded else copy_videos(videos, folder / "videos")
    episodes = tables.episodes.groupby("env", sort=False)
    labels = {env.rpartition("/")[2]: variation_labels(rows) for env, rows in episodes}
    tasks: dict[str, list[tuple[int, str, str]]] = {}
    for path, copy in zip(videos, copies, strict=True):
        env, policy, variation = _read_name(path.stem, policies)
        label = labels.get(env, {}).get(variation, variation.replace("_", " "))
        task = f"{env_title(env)}: {label}" if policy else "Others"
        if embedded:
            source = f"data:video/mp4;base64,{b64encode(path.read_bytes()).decode()}"
        else:
            source = quote(copy.relative_to(folder).as_posix())
        rank = policies.index(policy) if policy else len(policies)
        tasks.setdefault(task, []).append((rank, policy or path.stem, source))
    return {
        "count": len(videos),
        "megabytes": f"{size / 1e6:.1f}",
        "embedded": embedded,
        "tasks": {
            task: [(name, source) for _, name, source in sorted(found, key=lambda video: video[0])]
            for task, found in sorted(tasks.items())
        },
    }


def _read_name(stem: str, policies: Sequence[str]) -> tuple[str, str, str]:
    """Environment, policy and variation; all empty where the name has no policy."""
    for policy in sorted(policies, key=len, reverse=True):
        env, found, variation = stem.partition(f"_{policy}_")
        if found:
            return env, policy, variation
    return "", "", ""


def _settings(settings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each policy, a row for each setting: its values in each environment, once where they are the same in all."""
    groups = []
    for policy in policies_in_order(run["policy"] for run in settings):
        runs = [run for run in settings if run["policy"] == policy]
        envs = list(dict.fromkeys(run["env"] for run in runs))
        values: dict[str, dict[str, list[str]]] = {}
        for run in runs:
            for key, value in _flat(run).items():
                if key not in SHOWN_ELSEWHERE:
                    found = values.setdefault(key, {}).setdefault(run["env"], [])
                    found += [value] * (value not in found)
        rows = {}
        for key, by_env in values.items():
            cells = [by_env.get(env, ["–"]) for env in envs]
            rows[key] = cells[:1] if all(cell == cells[0] for cell in cells) else cells
        titles = [env_title(env) for env in envs]
        groups.append({"policy": policy, "count": len(runs), "titles": titles, "rows": rows})
    return groups


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings within settings get names with dots."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found
