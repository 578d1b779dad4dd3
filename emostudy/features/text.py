"""Text: the words themselves. Tokenisers are fitted on training clips, so they belong to the recipe (`features/fitted.py`)."""

import numpy as np

from emostudy.features.media import BadMedia


def words(text: str, start: float, end: float) -> np.ndarray:
    """A transcript with white space folded, a NumPy string of shape ().

    Raises:
        BadMedia: nothing is left.
    """
    folded = " ".join(str(text).split())
    if not folded:
        raise BadMedia("empty transcript")
    return np.asarray(folded)


def identity(label: str, start: float, end: float) -> np.ndarray:
    """A column of the clip table as it is (the speaker's name, say), for recipes that look at no medium at all."""
    return np.asarray(str(label))
