"""Panels side by side, a policy each, and one legend for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go


def panel_specs(n_panels: int, columns: int) -> list[list[dict[str, Any] | None]]:
    """
    :param n_panels: to fill row after row
    :param columns: of the grid
    :return: the ``specs`` of :func:`plotly.subplots.make_subplots`, so that no axes are drawn where no panel is left
    """
    rows = -(-n_panels // columns)
    return [[{} if row * columns + column < n_panels else None for column in range(columns)] for row in range(rows)]


def show_each_name_once(figure: go.Figure) -> None:
    """
    :param figure: whose traces, where they have names, share a ``legendgroup`` with those of the same name in other
        panels; of each group the first that has a name is shown in the legend, and a click on it hides the group
    """
    shown = set()
    for trace in figure.data:
        trace.showlegend = trace.name is not None and trace.legendgroup not in shown
        if trace.showlegend:
            shown.add(trace.legendgroup)
