"""Tables of a page: numbers as people read them, and sorted as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


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
