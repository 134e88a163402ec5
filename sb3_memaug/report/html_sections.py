"""Figures and tables of a page, with their captions and links to their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from sb3_memaug.report.charts import Chart
from sb3_memaug.report.html_tables import Table, html_table
from sb3_memaug.report.sections import Section


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
