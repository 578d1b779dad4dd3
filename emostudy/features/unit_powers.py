"""Facial action units bent: the same numbers under several powers, so that a linear method may curve."""

import numpy as np

from emostudy.features.action_units import action_units


def unit_powers(cell: str, start: float, end: float, powers: tuple[float, ...] = (1.0, 0.5, 0.25)) -> np.ndarray:
    """`action_units` (35,) raised to each power, one after the other: (35 * number of powers,) float32, 0 to 5.

    Most units are near 0 in most clips. A root below 1 spreads these out: how strong a unit was and whether it moved at all
    become numbers of their own. `powers` are above 0 and at most 1.

    Raises:
        ValueError: no power, or one that is not above 0 and at most 1.
        BadMedia: as `action_units`.
    """
    if not powers or not all(0 < power <= 1 for power in powers):
        raise ValueError(f"powers are {powers}; give one or more, each above 0 and at most 1")
    units = action_units(cell, start, end)
    return np.concatenate([units**power for power in powers]).astype(np.float32)
