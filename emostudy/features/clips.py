"""Short films of a face, cut out of a clip with one box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from emostudy.features.faces import detect_face, frame_times
from emostudy.features.fitted import Transform
from emostudy.features.media import BadMedia, read_frames

Box = tuple[int, int, int, int]  # x, y, width, height in pixels


def face_film(
    cell: str | Path,
    start: float | None = None,
    end: float | None = None,
    num_frames: int = 16,
    size: int = 112,
    detector: str = "haar",
) -> np.ndarray:
    """`num_frames` frames, evenly spaced between `start` and `end` (seconds), all cut with one box around the face.

    The box is the middle one of those found (`steady_box`), so that what moves is the face and not the frame around it.
    Returns uint8 (num_frames, size, size, 3) RGB. Raises BadMedia for a damaged file and where no frame shows a face.
    """
    frames = read_frames(cell, frame_times(cell, num_frames, start, end))
    box = steady_box([detect_face(frame, detector) for frame in frames])
    return np.stack([cut(frame, box, size) for frame in frames])


def steady_box(boxes: Sequence[Box | None]) -> Box:
    """The medians of x, y, width and height over the frames with a face. BadMedia where none has one."""
    found = [box for box in boxes if box is not None]
    if not found:
        raise BadMedia(f"no face found in {len(boxes)} frames")
    x, y, width, height = (round(float(value)) for value in np.median(found, axis=0))
    return x, y, width, height


def cut(frame: np.ndarray, box: Box, size: int) -> np.ndarray:
    """What a box holds of a uint8 (H, W, 3) frame, resized to (size, size, 3)."""
    x, y, width, height = box
    return cv2.resize(frame[y : y + height, x : x + width], (size, size), interpolation=cv2.INTER_AREA)


def byte_pixels(train: np.ndarray) -> Transform:
    """Channels first, still bytes: (N, K, H, W, 3) uint8 -> (N, K, 3, H, W) uint8. Nothing is fitted.

    Networks of `models/vision.py` take bytes: ten thousand pictures of 224 pixels are 1.5 GB so, and 6 GB as numbers.
    """
    return Transform(lambda values: torch.as_tensor(values).permute(0, 1, 4, 2, 3), train.shape[2])
