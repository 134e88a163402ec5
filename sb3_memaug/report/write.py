"""A report, written: the page, and beside it its figures and tables as files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sb3_memaug.evaluation.tables import write_table
from sb3_memaug.report.images import write_images
from sb3_memaug.report.render import html_page, sections
from sb3_memaug.report.run_tables import NEEDED, PAGE, RunTables


class Report(NamedTuple):
    """
    :param page: what was written
    :param missing: why there are no pictures of the figures and how to mend it, or None
    """

    page: Path
    missing: str | None


def write_report(
    tables: RunTables, output: str | Path, title: str, command: str, formats: Sequence[str] = ("png",)
) -> Report:
    """
    Write ``report.html``, ``figures/`` and ``tables/``. Each file appears complete or not at all, the page last.

    :param tables: of the runs
    :param output: folder to write to; what else is in it stays
    :param title: of the page
    :param command: that makes the report
    :param formats: of the pictures of the figures, some of :data:`~sb3_memaug.report.images.SCALES`
    :return: where the page is
    :raises ValueError: if the episodes of the runs cannot be compared, or a table lacks a column
    """
    for name, columns in NEEDED.items():
        table = getattr(tables, name)
        lacking = [column for column in columns if column not in table]
        if lacking and not table.empty:
            raise ValueError(
                f"tables of {name} must have the columns {', '.join(columns)}; these lack {', '.join(lacking)}"
            )
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    shown = sections(tables)
    charts = [chart for section in shown for chart in section.charts]
    with TemporaryDirectory(dir=output, prefix=".part.") as temporary:
        draft = Path(temporary)
        for chart in charts:
            write_table(chart.data, draft / "figures" / f"{chart.name}.csv")
        for table in [table for section in shown for table in (*section.tables, *section.details)]:
            write_table(table.data, draft / "tables" / f"{table.name}.csv")
        missing = write_images(charts, draft / "figures", formats)
        page = html_page(title, shown, tables, command, () if missing else formats, draft)
        (draft / PAGE).write_text(page, encoding="utf-8")
        files = [path for path in sorted(draft.rglob("*")) if path.is_file()]
        for path in sorted(files, key=lambda path: path.name == PAGE):
            place = output / path.relative_to(draft)
            place.parent.mkdir(exist_ok=True)
            os.replace(path, place)
    return Report(output / PAGE, missing)
