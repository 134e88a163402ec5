"""The legend of figures whose traces are policies: a click on a policy hides it in all panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go


def show_each_policy_once(figure: go.Figure) -> None:
    """
    :param figure: whose traces tell their policy as ``legendgroup``; of each policy's, the first that is not a filled
        area is shown in the legend, alone, and named after it
    """
    shown = set()
    for trace in figure.data:
        shows = trace.legendgroup not in shown and "fill" not in trace.to_plotly_json()
        trace.update(name=trace.legendgroup, showlegend=shows)
        if shows:
            shown.add(trace.legendgroup)
