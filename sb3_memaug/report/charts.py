"""What a figure of the report is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Chart(NamedTuple):
    """
    :param name: of the files that it is written to, and of its place in the page: lower case, with hyphens
    :param title: above it
    :param caption: one or two sentences that say what is shown, with what is measured and how many seeds
    :param figure: in :mod:`sb3_memaug.report.style`; the traces of a policy share ``legendgroup=policy``, one of them
        stands in the legend
    :param data: the numbers that are drawn, as a table
    """

    name: str
    title: str
    caption: str
    figure: go.Figure
    data: pd.DataFrame
