"""openSMILE's functionals, where its package is installed: `pip install opensmile==2.5.0`.

Its licence allows research and teaching, not commercial use: audEERING, https://github.com/audeering/opensmile. It is therefore no
requirement of this study; nothing else here needs it.
"""

from functools import cache

import numpy as np

from emostudy.features.media import read_audio

RATE = 16_000  # Hz
VERSION = "2.5.0"
SETS = {"eGeMAPSv02": 88, "ComParE_2016": 6373}  # how many functionals each has


def smile(path: str, start: float, end: float, feature_set: str = "eGeMAPSv02") -> np.ndarray:
    """Functionals of a clip, (88,) or (6 373,) float32, in openSMILE's order and units.

    Args:
        feature_set: "eGeMAPSv02" (Eyben et al. 2016) or "ComParE_2016" (Schuller et al. 2016).

    Raises:
        BadMedia: no sound that can be read, or digital silence.
        ValueError: another feature set, or the package is not there in this version.
    """
    measure = _extractor(feature_set)
    return measure.process_signal(read_audio(path, start, end, RATE), RATE).to_numpy(np.float32)[0]  # (1, D) -> (D,)


def smile_names(feature_set: str = "eGeMAPSv02") -> list[str]:
    """The name of each number, as openSMILE calls it."""
    return list(_extractor(feature_set).feature_names)


@cache  # reading its configuration takes a while: once per process
def _extractor(feature_set: str):
    if feature_set not in SETS:
        raise ValueError(f"feature set is {feature_set!r}; need one of {list(SETS)}")
    try:
        import opensmile
    except ImportError as error:
        raise ValueError(
            f"openSMILE is not installed ({error}): run `pip install opensmile=={VERSION}`; its licence is for research and teaching only"
        ) from None
    if opensmile.__version__ != VERSION:
        raise ValueError(
            f"openSMILE {opensmile.__version__} is installed, results are made with {VERSION}: run `pip install opensmile=={VERSION}`"
        )
    return opensmile.Smile(getattr(opensmile.FeatureSet, feature_set), opensmile.FeatureLevel.Functionals)
