"""Histograms of oriented gradients of face crops: the classical face descriptor, no training needed."""

import cv2
import numpy as np

from emostudy.features.faces import face_crops

LAYOUT = ((48, 48), (16, 16), (8, 8), (8, 8), 9)  # pixels: window, block, stride, cell; number of bins


def face_hog(path: str, start: float, end: float, num_frames: int = 3) -> np.ndarray:
    """Mean over frames of the HOG of the 48 x 48 grey face, (900,) float32 in [0, 1] (Dalal and Triggs 2005)."""
    crops = face_crops(path, num_frames=num_frames, size=48, start=start, end=end)
    grey = [cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops]
    descriptor = cv2.HOGDescriptor(*LAYOUT)
    return np.mean([descriptor.compute(image).ravel() for image in grey], axis=0).astype(
        np.float32
    )  # (K, 900) -> (900,)
