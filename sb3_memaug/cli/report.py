"""``memaug report``."""

from __future__ import annotations

import argparse
import shlex
import sys
import webbrowser
from functools import partial
from pathlib import Path
from typing import Any

from sb3_memaug.cli.arguments import MISTAKES, names
from sb3_memaug.report.images import SCALES
from sb3_memaug.report.run_tables import read_run_tables, write_run_tables
from sb3_memaug.report.write import write_report


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "report",
        help="gather the runs of an experiment into one page of figures and tables",
        description="Gather the tables that runs left, anywhere in a folder, and write a page that needs no network: "
        "tables with statistics, figures, videos and settings. Beside it lie the figures as pictures and their numbers "
        "as CSV. Where there is no Chrome or Chromium to draw pictures, the page is written without them.",
    )
    parser.add_argument("runs", type=Path, metavar="RUNS", help="folder of the runs, or of tables that --tables wrote")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder to write to (default: RUNS/report)")
    parser.add_argument(
        "--tables", type=Path, metavar="DEST", help="also write the tables of all runs, merged, to this folder"
    )
    parser.add_argument(
        "--images",
        type=image_formats,
        default=["png"],
        metavar="FORMAT[,…]",
        help=f"of the pictures of figures, some of {', '.join(SCALES)} (default: png); '' for none",
    )
    parser.add_argument("--open", action="store_true", help="show the page in a browser")
    parser.set_defaults(run=partial(run, parser))


def image_formats(text: str) -> list[str]:
    """
    :param text: formats between commas
    :return: the formats
    :raises argparse.ArgumentTypeError: if one of them is none
    """
    formats = names(text)
    for unknown in set(formats) - set(SCALES):
        raise argparse.ArgumentTypeError(f"pictures are {', '.join(SCALES)}, got {unknown!r}")
    return formats


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: that reports what is wrong with the command line
    :param parsed: what it asks for
    """
    if not parsed.runs.is_dir():
        parser.error(f"there is no folder {str(parsed.runs)!r}")
    if parsed.tables is not None and parsed.tables.resolve().is_relative_to(parsed.runs.resolve()):
        parser.error(f"--tables must lie outside {str(parsed.runs)!r}, or its runs would be read twice from then on")
    command = ["memaug", "report", str(parsed.runs)]
    command += [] if parsed.output is None else ["--output", str(parsed.output)]
    command += [] if parsed.images == ["png"] else ["--images", ",".join(parsed.images)]
    try:
        tables = read_run_tables(parsed.runs)
        if parsed.tables is not None:
            print(f"tables: {write_run_tables(tables, parsed.tables)}")
        title = f"Report on {parsed.runs.resolve().name}"
        report = write_report(
            tables, parsed.output or parsed.runs / "report", title, shlex.join(command), parsed.images
        )
    except ImportError as error:
        parser.error(f'a report needs pandas, plotly and rliable ({error}): pip install "sb3-memaug[experiments]"')
    except MISTAKES as error:
        parser.error(str(error))
    if report.missing:
        print(f"memaug report: {report.missing}", file=sys.stderr)
    print(f"report: {report.page}")
    if parsed.open:
        webbrowser.open(report.page.resolve().as_uri())
