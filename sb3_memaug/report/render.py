"""The page of a report: one file that needs no network and no other file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple
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
from sb3_memaug.report.figures.common import Chart, label_of
from sb3_memaug.report.run_tables import RUN, TABLES, RunTables, copy_videos
from sb3_memaug.report.style import colours_of, env_title, policies_in_order
from sb3_memaug.report.tables import efficiency_tables, improvement_tables, memory_tables, runs_tables, summary_tables

if TYPE_CHECKING:
    import pandas as pd


def html_page(
    title: str, sections: Sequence[Section], tables: RunTables, command: str, formats: Sequence[str], folder: Path
) -> str:
    """
    :param title: of the page
    :param sections: of figures and tables
    :param tables: of the runs, whose videos and settings follow
    :param command: that makes the report
    :param formats: of the pictures of the figures that lie beside the page
    :param folder: of the page, where videos are copied to that are too large for it
    :return: the page
    """
    from plotly.offline import get_plotlyjs

    named = [policy for name in TABLES for policy in getattr(tables, name)["policy"].unique()]
    colours = colours_of([*named, *(run["policy"] for run in tables.settings)])
    parts = [(section.name, section.title, html_section(section, colours, formats)) for section in sections]
    if tables.videos:
        parts.append(("videos", "Videos", html_videos(tables.videos, colours, folder)))
    if tables.settings:
        parts.append(("settings", "Settings", html_settings(tables.settings, colours)))
    parts.append(("made", "How this was made", _made(tables, command)))
    source = files("sb3_memaug.report")
    css, js, page = (source.joinpath(f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js", "html"))
    body = [
        f'<section id="part-{name}">\n<h2>{escape(heading)}</h2>\n{html}\n</section>' for name, heading, html in parts
    ]
    return Template(page).substitute(
        version=__version__,
        title=escape(title),
        lead=escape(_lead(tables)),
        contents="\n".join(f'<li><a href="#part-{name}">{escape(heading)}</a></li>' for name, heading, _ in parts),
        body="\n".join(body),
        made=f"Made {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC by sb3-memaug {__version__}.",
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
    started = len({tuple(run[key] for key in RUN) for run in tables.settings})
    if started > n_runs:
        sentence += f" Runs without episodes, not finished or failed: {started - n_runs} of {started}."
    return sentence


def _made(tables: RunTables, command: str) -> str:
    parts = [f"<p>This report:</p>\n<pre>{escape(command)}</pre>"]
    if conducted := list(dict.fromkeys(run["experiment"] for run in tables.settings if "experiment" in run)):
        parts.append(f"<p>All runs:</p>\n<pre>{escape(chr(10).join(conducted))}</pre>")
    if trained := [run["command"] for run in tables.settings if "command" in run]:
        parts.append(
            f"<details><summary>Its {len(trained)} runs, each in its folder</summary>\n"
            f"<pre>{escape(chr(10).join(trained))}</pre></details>"
        )
    if absent := [name for name in TABLES if getattr(tables, name).empty]:
        parts.append(f"<p>No run left a table of {escape(', '.join(absent))}: what these show is left out.</p>")
    return "\n".join(parts)


def html_section(section: Section, colours: Mapping[str, str], formats: Sequence[str]) -> str:
    """
    :param section: to show
    :param colours: of policies
    :param formats: of the pictures of the figures that lie beside the page
    :return: all in it
    """
    parts = [f"<p>{escape(section.introduction)}</p>"] if section.introduction else []
    parts += [_chart(chart, formats) for chart in section.charts]
    parts += [_table(table, colours) for table in section.tables]
    if section.details:
        folded = "\n".join(_table(table, colours) for table in section.details)
        parts.append(f"<details><summary>Each experiment by itself</summary>\n{folded}</details>")
    return "\n".join(parts)


def _chart(chart: Chart, formats: Sequence[str]) -> str:
    # No text in it can end the script: Plotly writes < as \u003c.
    figure = chart.figure.to_json()
    width, height = chart.figure.layout.width, chart.figure.layout.height
    return (
        f'<section class="chart" id="{chart.name}">\n<h3>{escape(chart.title)}</h3>\n'
        f'<div class="scrolled" tabindex="0" role="region" aria-label="{escape(chart.title)}">'
        f'<div class="plot" data-name="{chart.name}" style="width: {width}px; height: {height}px">'
        f'<div></div><script type="application/json">{figure}</script></div></div>\n'
        f'<p class="caption">{escape(chart.caption)}</p>\n{_links("figures", chart.name, [*formats, "csv"])}\n'
        "</section>"
    )


def _table(table: Table, colours: Mapping[str, str]) -> str:
    caption = f'<p class="caption">{escape(table.caption)}</p>\n' if table.caption else ""
    return (
        f'<section class="table" id="{table.name}">\n<h3>{escape(table.title)}</h3>\n{caption}'
        f"{html_table(table, colours)}\n{_links('tables', table.name, ['csv'])}\n</section>"
    )


def _links(folder: str, name: str, formats: Sequence[str]) -> str:
    links = [f'<a href="{folder}/{name}.{format_}">{format_.upper()}</a>' for format_ in formats]
    return f'<p class="files">{" ".join(links)}</p>'


class Column(NamedTuple):
    """
    :param heading: above it
    :param key: of the column of the data
    :param format: of its numbers, as of ``str.format``; text has none
    :param interval: keys of the ends of an interval around them
    """

    heading: str
    key: str
    format: str = ""
    interval: tuple[str, str] | None = None


class Table(NamedTuple):
    """
    :param name: of the file that its numbers are written to: lower case, with hyphens
    :param title: above it
    :param caption: what is particular about it, if anything
    :param columns: that are shown, the first of them naming the row
    :param data: the numbers, and more of them where more are known
    """

    name: str
    title: str
    caption: str
    columns: list[Column]
    data: pd.DataFrame


def html_table(table: Table, colours: Mapping[str, str]) -> str:
    """
    :param table: to show
    :param colours: of policies, which are shown where a policy is named
    :return: an element ``table`` with an attribute ``data-value`` in each cell of a number
    """
    headings = "".join(
        f'<th scope="col"{_kind(column)}><button type="button">{escape(column.heading)}</button></th>'
        for column in table.columns
    )
    rows = []
    for record in table.data.to_dict("records"):
        first, *others = table.columns
        cells = [f'<th scope="row">{_text(record[first.key], colours)}</th>']
        cells += [_number(record, other) if other.format else _word(record[other.key], colours) for other in others]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="scrolled" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f'<table class="sortable"><thead><tr>{headings}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def policy_label(policy: str, colours: Mapping[str, str]) -> str:
    """
    :param policy: its name
    :param colours: of policies
    :return: the name beside its colour
    """
    return f'<span class="policy" style="--colour: {colours[policy]}">{escape(policy)}</span>'


def _kind(column: Column) -> str:
    return ' class="number"' if column.format else ""


def _text(value: Any, colours: Mapping[str, str]) -> str:
    return policy_label(value, colours) if value in colours else escape(str(value))


def _word(value: Any, colours: Mapping[str, str]) -> str:
    return f"<td>{_text(value, colours)}</td>"


def _number(record: Mapping[Any, Any], column: Column) -> str:
    value = record[column.key]
    # nan alone differs from itself.
    if value != value:
        return '<td class="number">–</td>'
    text = _readable(value, column.format)
    if column.interval:
        ends = [record[key] for key in column.interval]
        if all(end == end for end in ends):
            low, high = (_readable(end, column.format) for end in ends)
            text += f' <span class="interval">{low} to {high}</span>'
    return f'<td class="number" data-value="{value:.9g}">{text}</td>'


def _readable(value: float, format_: str) -> str:
    """With a minus sign that is as wide as a plus sign, and thousands apart."""
    return format_.format(value).replace("-", "\N{MINUS SIGN}").replace(",", "\N{NARROW NO-BREAK SPACE}")


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


#: Bytes of videos that a page may hold: browsers get slow with more.
MOST_EMBEDDED = 64_000_000


def html_videos(videos: Sequence[Path], colours: Mapping[str, str], folder: Path, most: int = MOST_EMBEDDED) -> str:
    """
    :param videos: of the runs
    :param colours: of policies, in their order
    :param folder: of the page, where videos are copied to that are too large for it
    :param most: bytes of videos that the page may hold
    :return: the videos, those of the same task side by side
    """
    size = sum(path.stat().st_size for path in videos)
    links = dict.fromkeys(videos, "")
    if size > most:
        copies = copy_videos(list(videos), folder / "videos")
        links = {path: quote(copy.relative_to(folder).as_posix()) for path, copy in zip(videos, copies, strict=True)}
    tasks: dict[str, list[tuple[int, str]]] = {}
    for path in videos:
        env, policy, variation = _read_name(path.stem, colours)
        task = f"{env_title(env)}: {label_of(variation)}" if policy else "Others"
        label = policy_label(policy, colours) if policy else escape(path.stem)
        source = links[path] or f"data:video/mp4;base64,{b64encode(path.read_bytes()).decode()}"
        video = f'<video controls loop muted playsinline preload="metadata" src="{source}"></video>'
        place = list(colours).index(policy) if policy else len(colours)
        tasks.setdefault(task, []).append((place, f"<figure>{video}<figcaption>{label}</figcaption></figure>"))
    where = "in this page" if size <= most else "beside this page, in the folder <code>videos</code>"
    parts = [f"<p>{len(videos)} videos, {size / 1e6:.1f} MB, {where}.</p>"]
    for task, found in sorted(tasks.items()):
        pictures = "".join(video for _, video in sorted(found, key=lambda pair: pair[0]))
        parts.append(f'<h3>{escape(task)}</h3><div class="videos">{pictures}</div>')
    return "\n".join(parts)


def _read_name(stem: str, policies: Mapping[str, str]) -> tuple[str, str, str]:
    """Environment, policy and variation; the policy is empty where the name has none."""
    for policy in sorted(policies, key=len, reverse=True):
        env, found, variation = stem.partition(f"_{policy}_")
        if found:
            return env, policy, variation
    return "", "", ""


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
    summarised, learning = summary(tables.episodes), tables.learning
    together, apart = improvement_tables(improvement(tables.episodes))
    found = [
        Section("summary", "Summary", [], summary_tables(summarised), introduction=SUMMARY),
        Section("generalisation", "Generalisation", id_ood.charts(tables, summarised)),
        Section("tasks", "Joints and payloads", returns_per_task.charts(tables)),
        Section("improvement", "Probability of improvement", [], together, apart, IMPROVEMENT),
        Section(
            "learning",
            "Learning",
            [*learning_curves.charts(tables), *sample_efficiency.charts(tables)],
            efficiency_tables(learning),
        ),
        Section("feet", "Feet", feet.charts(tables)),
        Section("memory", "Memory", latents.charts(tables), memory_tables(summarised)),
        Section("trajectories", "Trajectories", trajectories.charts(tables)),
        Section("gaits", "Gaits", gaits.charts(tables)),
        Section("training", "Training", [], runs_tables(learning)),
    ]
    return [section for section in found if section.charts or section.tables]
