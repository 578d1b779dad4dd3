"""Features: pure functions from one medium of a clip to an array, named by records."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Feature:
    """What is computed from which medium, with which settings.

    `function(cell, start, end, **settings)` takes a cell of the clip table's column `medium` and returns an array of the
    same shape for every clip, or raises `BadMedia` with the reason why it cannot. `unit` says what an element is. `medium` may
    also be a column that `corpora/derived.py` makes.

    Where `batched`, the function takes n cells at once, with n starts and ends, and returns an array (n, ...), or raises
    `BadMedia` if any of them is bad: then each is tried alone. Another error stops the extraction. The function may be a
    frozen dataclass, called with the same arguments.
    """

    name: str
    medium: str
    function: Callable
    settings: dict = field(default_factory=dict)
    unit: str = ""
    cached: bool = True
    batched: bool = False
