"""In how many frames no face is found: what a study of faces must tell of its corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.features import Feature
from emostudy.features.extract import extract
from emostudy.features.faces import detect_face, frame_times
from emostudy.features.images import read_image
from emostudy.features.media import read_frames


def frames_without_face(
    cell: str | Path,
    start: float | None = None,
    end: float | None = None,
    num_frames: int = 3,
    detector: str = "haar",
) -> np.ndarray:
    """In how many of the frames that `face_crops` looks at no face is found, (1,) int64. Raises BadMedia for a damaged file."""
    frames = read_frames(cell, frame_times(cell, num_frames, start, end))
    return np.array([sum(detect_face(frame, detector) is None for frame in frames)])


def image_without_face(
    cell: str | Path, start: float | None = None, end: float | None = None, detector: str = "haar"
) -> np.ndarray:
    """1 where `image_face` finds no face in a picture, else 0; (1,) int64. Raises BadMedia for a damaged picture."""
    return np.array([int(detect_face(read_image(cell), detector) is None)])


def face_table(
    corpus: Corpus, num_frames: int = 3, detector: str = "haar", jobs: int = 2, progress: bool = False
) -> pd.DataFrame:
    """How often no face is found in a corpus of films or, if it has none, of pictures; counts are kept in the cache.

    One row: `corpus, medium, detector, clips, frames, frames_without_face, clips_without_face` (no frame shows one) and
    `unreadable` (clips that are in no other number).

    Raises:
        ValueError: the corpus has neither films nor pictures, or the detector is not to be had.
    """
    medium = next((medium for medium in ("video", "image") if medium in corpus.media), None)
    if medium is None:
        raise ValueError(f"{corpus.name} has neither video nor image to find faces in; it has {list(corpus.media)}")
    detect_face(np.zeros((48, 48, 3), np.uint8), detector)  # told now, and not as a fault of every clip
    if medium == "video":
        settings = {"num_frames": num_frames, "detector": detector}
        feature = Feature("frames_without_face", medium, frames_without_face, settings, unit="frames")
    else:
        num_frames = 1
        feature = Feature("image_without_face", medium, image_without_face, {"detector": detector}, unit="pictures")
    counted = extract(corpus, feature, jobs, progress)
    without = counted.values[:, 0]  # (N, 1) -> (N,)
    row = {
        "corpus": corpus.name,
        "medium": medium,
        "detector": detector,
        "clips": len(without),
        "frames": num_frames * len(without),
        "frames_without_face": int(without.sum()),
        "clips_without_face": int((without == num_frames).sum()),
        "unreadable": len(counted.left_out),
    }
    return pd.DataFrame([row])
