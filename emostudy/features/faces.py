"""Finding faces in the frames of a clip and cutting them out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from emostudy.features.images import read_image
from emostudy.features.media import BadMedia, duration, read_frames, window_of
from emostudy.features.mtcnn import mtcnn_boxes

CASCADE = "haarcascade_frontalface_alt2.xml"
DETECTORS = ("haar", "mtcnn")
DETECTION_SIZE = 480  # larger frames are shrunk to this longer side before detection; smaller ones are never enlarged
SMALLEST_FACE = (24, 24)  # pixels; a smaller one tells nothing, and looking for it takes a quarter of the time

cv2.setNumThreads(1)  # processes run in parallel, not threads


def face_crops(
    cell: str | Path,
    num_frames: int = 3,
    size: int = 48,
    start: float | None = None,
    end: float | None = None,
    detector: str = "haar",
) -> np.ndarray:
    """The largest face in each of `num_frames` frames, evenly spaced between `start` and `end` (seconds).

    Returns uint8 (num_frames, size, size, 3) RGB. A frame without a face takes the face of the nearest frame of the
    clip that has one. Of a cell that names a side (`film.avi#left`) only that half is looked at. Raises BadMedia for a
    damaged file and for a clip in which no frame shows a face.
    """
    frames = read_frames(cell, frame_times(cell, num_frames, start, end))
    return crop_faces(frames, [detect_face(frame, detector) for frame in frames], size)


def image_face(
    cell: str | Path, start: float | None = None, end: float | None = None, size: int = 48, detector: str = "haar"
) -> np.ndarray:
    """The largest face in a picture, uint8 (1, size, size, 3) RGB, as `face_crops` of one frame.

    `start` and `end` have no meaning. Raises BadMedia for a damaged picture and for one without a face.
    """
    picture = read_image(cell)
    return crop_faces([picture], [detect_face(picture, detector)], size)


def half_frames(
    cell: str | Path, start: float | None = None, end: float | None = None, num_frames: int = 1, size: int = 224
) -> np.ndarray:
    """Frames as they are, no face looked for: of a cell that names a side that half (system I), of any other the whole.

    Evenly spaced between `start` and `end` (seconds); a single one lies in the middle. Returns uint8
    (num_frames, size, size, 3) RGB, resized without regard to proportions. Raises BadMedia.
    """
    frames = read_frames(cell, frame_times(cell, num_frames, start, end))
    return np.stack([cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA) for frame in frames])


def frame_times(cell: str | Path, num_frames: int, start: float | None = None, end: float | None = None) -> list[float]:
    """Times (seconds) that part the clip evenly: for three frames a quarter, a half and three quarters of it."""
    if num_frames < 1:
        raise ValueError(f"num_frames is {num_frames}; need at least 1")
    start, end = window_of(cell, start, end)
    start = 0.0 if start is None or np.isnan(start) else start
    end = duration(cell) if end is None or np.isnan(end) else end
    return np.linspace(start, end, num_frames + 2)[1:-1].tolist()


def detect_face(frame: np.ndarray, detector: str = "haar") -> tuple[int, int, int, int] | None:
    """Box (x, y, width, height) in pixels of the largest face in a uint8 (H, W, 3) RGB frame; None without one.

    Args:
        detector: "haar", OpenCV's cascade (Viola and Jones 2001; Lienhart and Maydt 2002), or "mtcnn" where its package is
            installed (Zhang et al. 2016).

    Raises:
        ValueError: another detector, or "mtcnn" without its package.
    """
    if detector not in DETECTORS:
        raise ValueError(f"detector is {detector!r}; need one of {list(DETECTORS)}")
    scale = min(1.0, DETECTION_SIZE / max(frame.shape[:2]))
    boxes = (haar_boxes if detector == "haar" else mtcnn_boxes)(frame, scale)
    if not len(boxes):
        return None
    largest = max(boxes, key=lambda box: (box[2] * box[3], -box[0], -box[1]))  # ties: the leftmost
    x, y, width, height = (round(float(value) / scale) for value in largest)
    return x, y, width, height


def haar_boxes(frame: np.ndarray, scale: float) -> np.ndarray:
    """Boxes (N, 4) of the faces in a uint8 (H, W, 3) RGB frame shrunk by `scale`: x, y, width and height in its pixels."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _cascade().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3, minSize=SMALLEST_FACE)


def crop_faces(
    frames: Sequence[np.ndarray], boxes: Sequence[tuple[int, int, int, int] | None], size: int = 48
) -> np.ndarray:
    """Cut out one face a frame, uint8 (num_frames, size, size, 3).

    Where a box is None the face comes from the nearest frame that has one; BadMedia if none has.
    """
    found = [i for i, box in enumerate(boxes) if box is not None]
    if not found:
        raise BadMedia(f"no face found in {len(frames)} frames" if len(frames) > 1 else "no face found")
    crops = []
    for i in range(len(frames)):
        nearest = min(found, key=lambda j: abs(j - i))
        x, y, width, height = boxes[nearest]
        face = frames[nearest][y : y + height, x : x + width]
        crops.append(cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA))
    return np.stack(crops)


@cache  # reading the cascade takes 40 ms: once per process
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(cv2.data.haarcascades + CASCADE)
