"""What captions tell of the runs that are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def training_seeds(rows: pd.DataFrame) -> str:
    """
    :param rows: of any of the tables
    :return: how many a policy has in an environment, such as ``"5 training seeds"``, ``"1 to 3 training seeds"``
    """
    counts = rows.groupby(["env", "policy"])["training_seed"].nunique()
    few, many = counts.min(), counts.max()
    return f"{many if few == many else f'{few} to {many}'} training seed{'s' if many > 1 else ''}"
