"""How figures look, the same in all of them: on a page, on paper, and for the color-blind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: The policies of the paper, in its order; pairs of a hue (Okabe and Ito), the one with memory darker.
POLICY_COLORS = {
    "memory-aug": "#0072B2",
    "memory-id": "#D55E00",
    "memory-rand": "#007a5a",
    "baseline-aug": "#7cc4ee",
    "baseline-id": "#f5b25f",
    "baseline-rand": "#7fd1b4",
}
#: Of policies with other names, in the order in which they appear.
OTHER_COLORS = ("#CC79A7", "#8c6d31", "#5254a3", "#999999", "#000000")

FONT = "Helvetica, Arial, sans-serif"


def policies_in_order(policies: Iterable[str]) -> list[str]:
    """
    :param policies: in any order, repeated or not
    :return: each once, those of the paper first
    """
    found = dict.fromkeys(policies)
    return [name for name in POLICY_COLORS if name in found] + [name for name in found if name not in POLICY_COLORS]


def colors_of(policies: Iterable[str]) -> dict[str, str]:
    """
    :param policies: of a report
    :return: a color for each, in their order
    """
    ordered = policies_in_order(policies)
    others = [name for name in ordered if name not in POLICY_COLORS]
    spare = {name: OTHER_COLORS[i % len(OTHER_COLORS)] for i, name in enumerate(others)}
    return {name: POLICY_COLORS.get(name) or spare[name] for name in ordered}


def env_title(env_id: str) -> str:
    """
    :param env_id: such as ``"MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"``
    :return: such as ``"Minitaur velocity, joint failure (MuJoCo)"``
    """
    name = re.sub(r"-v\d+$", "", env_id.rpartition("/")[2])
    name, _, simulator = name.removesuffix("-MuJoCo"), None, "MuJoCo" if name.endswith("-MuJoCo") else ""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|-", " ", name).split()
    text = " ".join([*words[:1], *(word if len(word) == 1 else word.lower() for word in words[1:])])
    text = re.sub(r" (joint failure|payload)$", r", \1", text)
    return f"{text} ({simulator})" if simulator else text


def slug(text: str) -> str:
    """
    :param text: a name
    :return: what files and places in the page are named after it: lower case, with hyphens
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def plain(text: str) -> str:
    """
    :param text: a name, which Plotly would read as markup
    :return: what Plotly shows as that name
    """
    return escape(text, quote=False)


def style(figure: go.Figure, height: int, width: int = 960) -> go.Figure:
    """
    :param figure: to lay out
    :param height: in pixels; at 96 to the inch, 960 pixels are the width of a page of paper
    :param width: in pixels
    :return: the figure, with white ground, thin axes, and a legend above it
    """
    axis = {
        "showline": True,
        "linecolor": "#333",
        "ticks": "outside",
        "ticklen": 4,
        "gridcolor": "#eee",
        "zeroline": False,
    }
    figure.update_layout(
        template="none",
        width=width,
        height=height,
        font={"family": FONT, "size": 13, "color": "#222"},
        margin={"l": 64, "r": 16, "t": 64, "b": 56},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yref": "container", "yanchor": "top"},
        hoverlabel={"font": {"family": FONT}},
    )
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    figure.update_annotations(font={"family": FONT, "size": 13, "color": "#222"})
    return figure
