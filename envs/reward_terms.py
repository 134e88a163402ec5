"""The reward terms that an environment tells at every step."""

from __future__ import annotations

from typing import Any


class RewardTerms(dict[str, float]):
    """
    Reward terms by name: a dict whose values are plain floats, so that a copy of it is a deep one.

    Stable-Baselines3 copies the infos of every step deeply, and for a dict of floats that takes longer than to make it.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> RewardTerms:
        return RewardTerms(self)
