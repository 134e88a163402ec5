"""Figures as pictures, for papers and slides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sb3_memaug.files import atomic_write
from sb3_memaug.report.figures.common import Chart

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What figures can be written as, and how many pixels wide one of theirs becomes.
SCALES = {"png": 2, "pdf": 1, "svg": 1}
#: Pixels of a figure to the inch; sizes in Matplotlib are points, 72 to the inch.
DPI = 96
POINT = 72 / DPI


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


def draw_image(chart: Chart, path: str | Path) -> Path:
    """
    Write a figure of bars and dots where there may be no browser: Matplotlib draws what Plotly describes.

    :param chart: of vertical bars and of dots, in panels one above the other whose axes x have ticks with labels
    :param path: of the picture, ends in one of :data:`SCALES`; it appears complete or not at all
    :return: the path
    :raises ValueError: if it ends otherwise, or a trace is neither a bar nor dots
    """
    path = Path(path)
    if path.suffix[1:] not in SCALES:
        raise ValueError(f"the name of a picture must end in one of {', '.join(SCALES)}, got {str(path)!r}")
    with atomic_write(path) as part:
        _drawn(chart.figure).savefig(part, dpi=DPI * SCALES[path.suffix[1:]])
    return path


def _drawn(figure: go.Figure) -> Figure:
    # No state of pyplot, and no window.
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    layout = figure.layout
    size, margin = (layout.width, layout.height), layout.margin
    canvas = Figure((size[0] / DPI, size[1] / DPI), dpi=DPI)
    inside = (size[0] - margin.l - margin.r, size[1] - margin.t - margin.b)

    def paper(x: float, y: float) -> tuple[float, float]:
        """Shares of the figure, of shares of what lies between the margins."""
        return (margin.l + x * inside[0]) / size[0], (margin.b + y * inside[1]) / size[1]

    panels: dict[str, Axes] = {}
    for x_axis, y_axis in zip(figure.select_xaxes(), figure.select_yaxes(), strict=True):
        (left, low), (right, high) = (paper(x_axis.domain[i], y_axis.domain[i]) for i in (0, 1))
        above = next(iter(panels.values()), None)
        panel = canvas.add_axes((left, low, right - left, high - low), sharey=above, axisbelow=True)
        panel.set_xticks(x_axis.tickvals, [_text(label) for label in x_axis.ticktext])
        panel.set_xlim(*x_axis.range)
        panel.set_xlabel(_text(x_axis.title.text))
        panel.set_ylabel(_text(y_axis.title.text))
        panel.grid(axis="y", color=y_axis.gridcolor)
        panel.spines[["top", "right"]].set_visible(False)
        panels[x_axis.anchor] = panel
    entries = [_draw_trace(panels[trace.yaxis or "y"], trace) for trace in figure.data]
    for shape in layout.shapes:
        alpha, panel = shape.opacity, panels[shape.yref.removesuffix(" domain")]
        panel.axvspan(shape.x0, shape.x1, color=shape.fillcolor, alpha=alpha, linewidth=0, zorder=0)
    for note in layout.annotations:
        bold = "bold" if re.fullmatch("<b>.*</b>", note.text) else None
        if note.yref == "paper":
            x, y = paper(note.x, note.y)
            canvas.text(x, y + (note.yshift or 0) / size[1], _text(note.text), fontweight=bold, va="bottom")
        else:
            panel = panels[note.yref.removesuffix(" domain")]
            where = panel.get_xaxis_transform()
            panel.text(note.x, note.y, _text(note.text), fontweight=bold, ha="center", va="bottom", transform=where)
    corner = (margin.l / size[0], 1)
    shown = [entry for entry, trace in zip(entries, figure.data, strict=True) if trace.showlegend]
    canvas.legend(handles=shown, loc="upper left", bbox_to_anchor=corner, ncols=6, frameon=False, borderaxespad=0.2)
    for text in canvas.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontsize(layout.font.size * POINT)
    return canvas


def _draw_trace(panel: Axes, trace: Any) -> Any:
    marker, label = trace.marker, _text(trace.name)
    if trace.type == "bar":
        return panel.bar(trace.x, trace.y, trace.width, color=marker.color, label=label, zorder=2)
    if trace.type == "scatter" and trace.mode == "markers":
        line = {"edgecolors": marker.line.color, "linewidths": marker.line.width * POINT}
        return panel.scatter(trace.x, trace.y, (marker.size * POINT) ** 2, marker.color, label=label, zorder=3, **line)
    raise ValueError(f"expected bars or dots, got a trace of type {trace.type!r}")


def _text(markup: str | None) -> str:
    """What Plotly shows, without bold words; dollars would be mathematics."""
    return unescape(re.sub("<[^>]*>", "", (markup or "").replace("<br>", "\n"))).replace("$", r"\$")
