"""The page of a report: one file that needs no network and no other file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from sb3_memaug._version import __version__
from sb3_memaug.report.html_sections import html_section
from sb3_memaug.report.run_tables import RUN, TABLES, RunTables
from sb3_memaug.report.sections import Section
from sb3_memaug.report.settings import html_settings
from sb3_memaug.report.style import colours_of
from sb3_memaug.report.videos import html_videos


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
