"""Figures as pictures, for papers and slides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sb3_memaug.report.figures.common import Chart

#: What figures can be written as, and how many pixels wide one of theirs becomes.
SCALES = {"png": 2, "pdf": 1, "svg": 1}


def write_images(charts: Sequence[Chart], folder: Path, formats: Sequence[str]) -> str | None:
    """
    Write all figures, in one go: a browser draws them, whose start takes longer than a figure does.

    :param charts: to write
    :param folder: for the files, which are named as the charts are
    :param formats: some of :data:`SCALES`
    :return: None, or why there are no pictures and how to mend it
    """
    if not charts or not formats:
        return None
    try:
        import kaleido
        from kaleido.errors import BrowserClosedError, BrowserFailedError, ChromeNotFoundError
    except ImportError as error:
        return f'pictures of figures need kaleido ({error}): pip install "sb3-memaug[experiments]"'
    wanted = [
        {"fig": chart.figure, "path": folder / f"{chart.name}.{format_}", "opts": {"scale": SCALES[format_]}}
        for chart in charts
        for format_ in formats
    ]
    try:
        # Without this, its page would ask the network for MathJax.
        kaleido.write_fig_from_object_sync(wanted, cancel_on_error=True, kopts={"mathjax": False})
    except ChromeNotFoundError:
        return (
            "pictures of figures need Chrome or Chromium, and none was found: install one (kaleido_get_chrome does), "
            "or name one by the environment variable BROWSER_PATH"
        )
    except (BrowserClosedError, BrowserFailedError) as error:
        return f"the browser that draws pictures of figures did not run: {error}"
    return None
