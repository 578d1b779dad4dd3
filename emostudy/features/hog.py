"""Histograms of oriented gradients of face crops: the classical face descriptor, no training needed."""

import cv2
import numpy as np

from emostudy.corpora.corpus import file_and_key
from emostudy.features.faces import face_crops, half_frames

LAYOUT = ((48, 48), (16, 16), (8, 8), (8, 8), 9)  # pixels: window, block, stride, cell; number of bins


def face_hog(path: str, start: float, end: float, num_frames: int = 3) -> np.ndarray:
    """Mean over frames of the HOG of the 48 x 48 grey face, (900,) float32 in [0, 1] (Dalal and Triggs 2005)."""
    crops = face_crops(path, num_frames=num_frames, size=48, start=start, end=end)
    grey = [cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops]
    descriptor = cv2.HOGDescriptor(*LAYOUT)
    return np.mean([descriptor.compute(image).ravel() for image in grey], axis=0).astype(
        np.float32
    )  # (K, 900) -> (900,)


def frame_hog(cell: str, start: float, end: float, num_frames: int = 3, part: str = "whole") -> np.ndarray:
    """As `face_hog`, no face looked for: of the `whole` frame, or of the `half` that the cell names (the left one where it names none).

    Half the frame is what system I takes of a film in which two people talk. Returns (900,) float32 in [0, 1].
    """
    film, key = file_and_key(str(cell))
    side, at, stretch = key.partition("@")
    shown = (side or "left" if part == "half" else "") + at + stretch
    frames = half_frames(f"{film}#{shown}" if shown else film, start, end, num_frames, size=48)
    descriptor = cv2.HOGDescriptor(*LAYOUT)
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    return np.mean([descriptor.compute(image).ravel() for image in grey], axis=0).astype(np.float32)
