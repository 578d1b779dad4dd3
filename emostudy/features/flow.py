"""Motion of a face: dense optical flow between neighbouring frames, pooled by place and direction.

The survey names FlowNetS, a network trained to estimate flow. Reading: what its users pool is the flow, and classical
estimators give that without weights to fetch: Farneback (2003), or dense inverse search (Kroeger et al. 2016).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from emostudy.features.clips import cut, steady_box
from emostudy.features.faces import detect_face
from emostudy.features.media import BadMedia, duration, read_frames, window_of

METHODS = ("farneback", "dis")
FARNEBACK = {  # as in OpenCV's own example
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}


def face_flow(
    cell: str | Path,
    start: float | None = None,
    end: float | None = None,
    num_pairs: int = 8,
    step: float = 0.2,
    size: int = 64,
    grid: int = 3,
    num_bins: int = 8,
    method: str = "farneback",
    detector: str = "haar",
) -> np.ndarray:
    """Speeds of a face's parts, in face widths a second: mean, then largest value over pairs of frames.

    Per pair and cell of a `grid` x `grid` raster: what `motion_histogram` measures. Returns float32
    (2 * grid * grid * (1 + num_bins),), at least 0.

    Args:
        num_pairs: pairs of frames, evenly spaced; `step`: seconds between the two (0.2 s is a whole number of frames at 10,
            15, 20, 25, 30 and 60 frames a second).
        size: pixels to which the face is resized; one box for the whole clip, or the box would move and not the face.

    Raises:
        BadMedia: a damaged file, no face, or a clip that is not longer than `step`.
        ValueError: another method.
    """
    frames = read_frames(cell, pair_times(cell, num_pairs, step, start, end))
    box = steady_box([detect_face(frame, detector) for frame in frames[::2]])
    faces = [cv2.cvtColor(cut(frame, box, size), cv2.COLOR_RGB2GRAY) for frame in frames]
    pairs = zip(faces[::2], faces[1::2], strict=True)
    speeds = [flow(one, other, method) / (size * step) for one, other in pairs]  # (size, size, 2) each
    found = np.stack([motion_histogram(speed, grid, num_bins) for speed in speeds])  # (num_pairs, cells, 1 + num_bins)
    return np.concatenate([found.mean(0).ravel(), found.max(0).ravel()]).astype(np.float32)


def pair_times(cell: str | Path, num_pairs: int, step: float, start: float | None, end: float | None) -> list[float]:
    """Times (seconds) of pairs of frames, `step` apart, one pair after the other, that part the clip evenly."""
    if num_pairs < 1 or step <= 0:
        raise ValueError(f"{num_pairs} pairs of frames {step} s apart; need at least 1 pair and more than 0 s")
    start, end = window_of(cell, start, end)
    start = 0.0 if start is None or np.isnan(start) else start
    end = duration(cell) if end is None or np.isnan(end) else end
    if end - start <= step:
        raise BadMedia(f"not longer than {step} s, too short for motion")
    firsts = np.linspace(start, end - step, num_pairs + 2)[1:-1]
    return np.stack([firsts, firsts + step], axis=1).ravel().tolist()


def flow(one: np.ndarray, other: np.ndarray, method: str = "farneback") -> np.ndarray:
    """How far each pixel of a grey uint8 (H, W) picture has moved in the other: float32 (H, W, 2), pixels to the right and down."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; need one of {list(METHODS)}")
    if method == "farneback":
        return cv2.calcOpticalFlowFarneback(one, other, None, **FARNEBACK)
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return estimator.calc(np.ascontiguousarray(one), np.ascontiguousarray(other), None)


def motion_histogram(speed: np.ndarray, grid: int = 3, num_bins: int = 8) -> np.ndarray:
    """Motion in each cell of a raster, row by row: (H, W, 2) -> (grid * grid, 1 + num_bins), in the unit of `speed`.

    First the root mean square speed; then the mean over the cell's pixels of the speed of those that move to the right,
    and so on clockwise, each direction a sector of 360 / num_bins degrees (histograms of oriented flow, Chaudhry et al. 2009).
    """
    height, width = speed.shape[:2]
    length = np.hypot(speed[..., 0], speed[..., 1])  # (H, W)
    sector = np.arctan2(speed[..., 1], speed[..., 0]) * num_bins / (2 * np.pi)
    sector = np.rint(sector).astype(int) % num_bins
    cells = (np.arange(height) * grid // height)[:, None] * grid + np.arange(width) * grid // width  # (H, W)
    num_pixels = np.bincount(cells.ravel(), minlength=grid * grid)
    squares = np.bincount(cells.ravel(), (length**2).ravel(), grid * grid)
    directed = np.bincount((cells * num_bins + sector).ravel(), length.ravel(), grid * grid * num_bins)
    directed = directed.reshape(grid * grid, num_bins) / num_pixels[:, None]
    return np.concatenate([np.sqrt(squares / num_pixels)[:, None], directed], axis=1)
