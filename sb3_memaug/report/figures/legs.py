"""How the figures of behaviour call and colour legs, and what fails or lies near them."""

from __future__ import annotations

from collections.abc import Iterable

from sb3_memaug.evaluation.figures import leg_of

#: Safe for the colour-blind, and none of them a policy's: blues left, warm hues right, the front ones darker.
LEG_COLOURS = {
    "front left": "#332288",
    "back left": "#33BBEE",
    "front right": "#AA3377",
    "back right": "#EE7733",
}
#: Of feet and variations whose names tell no leg of four, in the order in which they appear.
OTHER_COLOURS = ("#117733", "#661100", "#999933", "#882255", "#44AA99", "#DDCC77")
NONE_COLOUR = "#999999"


def colours_of_legs(names: Iterable[str]) -> dict[str, str]:
    """
    :param names: of feet or of variations, each once
    :return: a colour for each, the same for all of a leg; grey for ``"none"``
    """
    known = {**LEG_COLOURS, "none": NONE_COLOUR}
    colours = {}
    for name in names:
        leg = leg_of(name)
        if leg not in known:
            known[leg] = OTHER_COLOURS[(len(known) - len(LEG_COLOURS) - 1) % len(OTHER_COLOURS)]
        colours[name] = known[leg]
    return colours


def motor_of(variation: str) -> str:
    """
    :param variation: such as ``"motor_front_leftL_joint"``
    :return: which motor of the leg has failed, ``"L"`` or ``"R"``; empty where the name tells none
    """
    sides = [word[-1] for word in variation.split("_") if word[:-1] in ("left", "right") and word[-1] in "LR"]
    return "".join(sides)


def label_of(name: str) -> str:
    """
    :param name: of a foot or a variation
    :return: such as ``"front left L"``, to be read by people
    """
    return f"{leg_of(name)} {motor_of(name)}".strip().replace("_", " ")
