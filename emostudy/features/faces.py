"""Finding faces in the frames of a clip and cutting them out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from emostudy.features.media import BadMedia, duration, read_frames

CASCADE = "haarcascade_frontalface_alt2.xml"
DETECTION_SIZE = 480  # larger frames are shrunk to this longer side before detection; smaller ones are never enlarged
SMALLEST_FACE = (24, 24)  # pixels; a smaller one tells nothing, and looking for it takes a quarter of the time

cv2.setNumThreads(1)  # processes run in parallel, not threads


def face_crops(
    path: str | Path,
    num_frames: int = 3,
    size: int = 48,
    start: float | None = None,
    end: float | None = None,
) -> np.ndarray:
    """The largest face in each of `num_frames` frames, evenly spaced between `start` and `end` (seconds).

    Returns uint8 (num_frames, size, size, 3) RGB. A frame without a face takes the face of the nearest frame of the
    clip that has one. Faces are found by OpenCV's Haar cascade (Viola & Jones, CVPR 2001; Lienhart & Maydt, ICIP
    2002). Raises BadMedia for a damaged file and for a clip in which no frame shows a face.
    """
    frames = read_frames(path, frame_times(path, num_frames, start, end))
    return crop_faces(frames, [detect_face(frame) for frame in frames], size)


def frame_times(path: str | Path, num_frames: int, start: float | None = None, end: float | None = None) -> list[float]:
    """Times (seconds) that part the clip evenly: for three frames a quarter, a half and three quarters of it."""
    if num_frames < 1:
        raise ValueError(f"num_frames is {num_frames}; need at least 1")
    start = 0.0 if start is None or np.isnan(start) else start
    end = duration(path) if end is None or np.isnan(end) else end
    return np.linspace(start, end, num_frames + 2)[1:-1].tolist()


def detect_face(frame: np.ndarray) -> tuple[int, int, int, int] | None:
    """Box (x, y, width, height) in pixels of the largest face in a uint8 (H, W, 3) RGB frame; None without one."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, DETECTION_SIZE / max(grey.shape))
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = _detector().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3, minSize=SMALLEST_FACE)
    if not len(boxes):
        return None
    largest = max(boxes, key=lambda box: (box[2] * box[3], -box[0], -box[1]))  # ties: the leftmost
    x, y, width, height = (round(float(value) / scale) for value in largest)
    return x, y, width, height


def crop_faces(
    frames: Sequence[np.ndarray], boxes: Sequence[tuple[int, int, int, int] | None], size: int = 48
) -> np.ndarray:
    """Cut out one face a frame, uint8 (num_frames, size, size, 3).

    Where a box is None the face comes from the nearest frame that has one; BadMedia if none has.
    """
    found = [i for i, box in enumerate(boxes) if box is not None]
    if not found:
        raise BadMedia(f"no face found in {len(frames)} frames")
    crops = []
    for i in range(len(frames)):
        nearest = min(found, key=lambda j: abs(j - i))
        x, y, width, height = boxes[nearest]
        face = frames[nearest][y : y + height, x : x + width]
        crops.append(cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA))
    return np.stack(crops)


@cache  # reading the cascade takes 40 ms: once per process
def _detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(cv2.data.haarcascades + CASCADE)
