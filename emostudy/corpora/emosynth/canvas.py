"""Drawing with shaded polygons on a small picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

SIZE = 96  # pixels; all lengths below are pixels from the middle of the face, x to the right, y down
CENTRE = (48.0, 49.0)
UNLIT = 160  # value of the shading layer that changes nothing; x / UNLIT multiplies the picture
BOTH = (-1, 1)  # left and right half of the face


@dataclass(frozen=True)
class Pose:
    """Where the head is: shift in pixels, tilt in degrees, turn (-2 to 2, nose leads to the right), zoom (0 = none)."""

    x: float = 0.0
    y: float = 0.0
    tilt: float = 0.0
    turn: float = 0.0
    zoom: float = 0.0


class Canvas:
    """A picture (96, 96, 3), a soft shading layer that multiplies it, and the pose that moves what is drawn on both.

    Points are (N, 2) in pixels from the middle of the face; `depth` is how far a turn of the head shifts them:
    1 for the plane of the eyes, more for the nose, less for the ears.
    """

    def __init__(self, background: tuple[int, int, int], pose: Pose):
        self.picture = np.full((SIZE, SIZE, 3), background, np.uint8)
        self.shading = np.full((SIZE, SIZE), UNLIT, np.uint8)
        angle, zoom = np.deg2rad(pose.tilt), 1 + pose.zoom
        self.matrix = zoom * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        self.origin = np.array([CENTRE[0] + pose.x, CENTRE[1] + pose.y])
        self.turn = pose.turn

    def pixels(self, points, depth: float) -> np.ndarray:
        origin = self.origin + self.turn * depth * self.matrix[0]
        return np.rint((points @ self.matrix + origin) * 16).astype(np.int32)  # 4 fractional bits

    def fill(self, points, colour, depth: float = 1.0, smooth: bool = True) -> None:
        """A polygon of one colour, its corners rounded if `smooth`."""
        points = spline(len(points), True) @ points if smooth else points
        cv2.fillPoly(self.picture, [self.pixels(points, depth)], colour, cv2.LINE_AA, 4)

    def shade(self, points, factor: float, depth: float = 1.0) -> None:
        """A soft patch that multiplies the brightness by `factor`, up to 1.5."""
        points = spline(len(points), True) @ points
        cv2.fillPoly(self.shading, [self.pixels(points, depth)], int(UNLIT * factor), cv2.LINE_AA, 4)

    def apply_shading(self, blur: float = 1.6) -> None:
        """Multiply the picture by the shading layer; what is drawn later stays as it is."""
        soft = cv2.GaussianBlur(self.shading, (0, 0), blur)
        self.multiply(cv2.merge([soft, soft, soft]))

    def multiply(self, light: np.ndarray) -> None:
        cv2.multiply(self.picture, light, self.picture, 1 / UNLIT)

    def ring(self, points, colour, depth: float) -> None:
        """A closed thin line through rounded corners."""
        points = self.pixels(spline(len(points), True) @ points, depth)
        cv2.polylines(self.picture, [points], True, colour, 1, cv2.LINE_AA, 4)

    def stroke(self, points, widths, colour, depth: float = 1.0) -> None:
        """A brush stroke along smooth points; `widths` (start, middle, end) in pixels."""
        curve, slope, ramp = _brush(len(points))
        spine, along = curve @ points, slope @ points  # (N, 2)
        half = (ramp @ widths)[:, None] / (2 * np.sqrt((along**2).sum(axis=1, keepdims=True)) + 1e-9)
        edge = half * along[:, ::-1] * (-1, 1)
        self.fill(np.concatenate([spine + edge, (spine - edge)[::-1]]), colour, depth, smooth=False)


@lru_cache
def spline(num_points: int, closed: bool, steps: int = 5) -> np.ndarray:
    """Catmull-Rom matrix (N, num_points): smooth curve through control points."""
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    t = np.arange(steps) / steps
    weights = np.stack([t**0, t, t**2, t**3], axis=1) @ basis  # (steps, 4)
    rows = []
    for segment in range(num_points if closed else num_points - 1):
        for weight in weights:
            row = np.zeros(num_points)
            for k in range(4):
                at = segment + k - 1
                row[at % num_points if closed else min(max(at, 0), num_points - 1)] += weight[k]
            rows.append(row)
    if not closed:
        rows.append(np.eye(num_points)[-1])
    return np.array(rows)


@lru_cache
def _brush(num_points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices that turn control points into a curve and its slope, and (start, middle, end) into widths along it."""
    curve = spline(num_points, False)
    at = np.linspace(0, 2, len(curve))
    ramp = np.maximum(1 - np.abs(at[:, None] - (0, 1, 2)), 0)
    return curve, np.gradient(curve, axis=0), ramp


def mix(a, b, share: float) -> tuple[int, int, int]:
    """Colour a with a share of colour b."""
    return tuple(int(x + share * (y - x)) for x, y in zip(a, b, strict=True))


def mirrored(half) -> np.ndarray:
    """A closed outline from its right half, listed from top to bottom."""
    half = np.asarray(half, dtype=float)
    return np.concatenate([half, half[::-1] * (-1, 1)])


def band(x, upper, lower) -> np.ndarray:
    """Closed outline between two curves over the same x."""
    return np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])
