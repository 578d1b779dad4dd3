"""Drawing one face: features moved by FACS action units on a modelled head."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from emostudy.corpora.emosynth.canvas import BOTH, SIZE, UNLIT, Canvas, Pose, band, mix
from emostudy.corpora.emosynth.face_head import draw_head, eye_centre, head_width, palette_of

if TYPE_CHECKING:
    from emostudy.corpora.emosynth.face import FaceTraits

ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 12, 15, 20, 23, 25, 26)
FRAMES = (44, 38, 40)  # of glasses


def draw_face(
    aus: dict[int, float],
    traits: FaceTraits,
    mouth_open: float = 0.0,
    pose: Pose | None = None,
    blink: float = 0.0,
) -> np.ndarray:
    """One picture, uint8 (96, 96, 3) RGB.

    `aus` maps AU numbers to intensities, 0 to about 1.3 (absent = 0); `mouth_open` and `blink` are 0 to 1.
    """
    aus = {unit: aus.get(unit, 0.0) for unit in ACTION_UNITS}
    palette = palette_of(traits)
    canvas = Canvas(traits.background, pose or Pose())
    draw_head(canvas, traits, palette, drop=3.6 * aus[26] + 2.6 * mouth_open)
    _modelling(canvas, traits, aus)
    canvas.apply_shading()
    _lines(canvas, traits, palette, aus)
    _nose(canvas, traits, palette, aus)
    for side in BOTH:
        _eye(canvas, traits, palette, aus, side, blink)
        _brow(canvas, traits, palette, aus, side)
    _mouth(canvas, traits, palette, aus, mouth_open)
    if traits.glasses:
        _glasses(canvas, traits)
    canvas.multiply(_light(traits.light_from, traits.light_level))
    return cv2.GaussianBlur(canvas.picture, (0, 0), 0.5)  # the lens


@lru_cache
def _light(side: float, level: float) -> np.ndarray:
    """A lamp beside the face (96, 96, 3), in units of UNLIT."""
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    light = UNLIT * level * (1.02 + 0.16 * side * x - 0.07 * y)
    return np.repeat(light[..., None], 3, axis=2).astype(np.uint8)


def _modelling(canvas, traits, aus) -> None:
    """Hollows and hills of the face, as soft light and shade: what Haar features (and people) recognise a face by."""
    w, deep = head_width(traits), 0.15 * traits.skin
    for side in BOTH:
        lit = 0.06 * side * traits.light_from
        at = eye_centre(traits, side)
        canvas.shade(
            np.array([(16, -24), (20, -14), (20.5, 0), (17, 14), (19, 13), (22, 0), (21.5, -14)]) * (side * w, 1),
            0.86,
            0.2,
        )
        cheek = at + np.array(
            [(-5.5, 8.5), (1, 6.5 - aus[6]), (7.5, 7.5), (7, 12), (1.5, 14.5 - aus[12]), (-4, 13)]
        ) * (side, 1)
        canvas.shade(cheek, 1.06 + 0.1 * aus[6] + lit + 1.2 * deep)
        socket = at + np.array([(-7, -4), (0, -7), (7.5, -4.5), (8, 1), (2, 4.6), (-5, 3.8)]) * (side, 1)
        canvas.shade(socket, 0.72 - deep + lit)
        nose = [(2.6, -9), (4.2, -2), (4.4, 5), (5.6 + traits.nose_width, 9), (3, 8), (1.8, -4)]
        canvas.shade(np.array(nose) * (side, 1), 0.84 + 2 * lit - 0.15 * aus[9], 1.4)
    canvas.shade([(-11, -25), (0, -26), (11, -25), (12, -18), (0, -16), (-12, -18)], 1.04 + 0.8 * deep)
    canvas.shade([(-1.7, -9), (1.7, -9), (2.2, 4), (0, 8.5), (-2.2, 4)], 1.1 + 1.8 * deep, 1.6)
    canvas.shade([(-6, 21.5), (0, 20.6), (6, 21.5), (0, 23)], 0.8)
    canvas.shade([(-4.5, 25), (0, 24), (4.5, 25), (0, 28)], 1.08)


def _lines(canvas, traits, palette, aus) -> None:
    """Folds and furrows: deeper with age, and with the muscles that make them."""
    rest = 0.3 * traits.age

    def fold(points, depth_of_line, width=1.0):
        if depth_of_line > 0.1:
            colour = mix(palette.skin, palette.line, min(0.7 * depth_of_line, 0.7))
            canvas.stroke(np.array(points), (0.2, width * (0.6 + 0.5 * min(depth_of_line, 1.2)), 0.2), colour)

    for side in BOTH:
        s = np.array([side, 1])
        wing = np.array([6 + traits.nose_width, 6.5 - 1.5 * aus[9]])
        corner = np.array([10.5 + 2.2 * aus[12] + 1.5 * aus[20], 15 - 2 * aus[12] + 2 * aus[15]])
        fold(
            np.array([wing, (wing + corner) / 2 + (1.6, -0.6), corner]) * s,
            rest + 0.7 * max(aus[12], aus[9], 0.5 * aus[20]) - 0.05,
        )
        fold(np.array([(1.8, -13.5), (1.5, -11), (1.9, -8.5)]) * s, 0.9 * aus[4] - 0.15)
        at = eye_centre(traits, side)
        fold(at + np.array([(7, 0.5), (9, 0), (10.6, -1.4)]) * s, 0.7 * aus[6] + 0.5 * rest - 0.1)
        fold(at + np.array([(7, 1.8), (9, 2.4), (10.4, 2.2)]) * s, 0.6 * aus[6] + 0.5 * rest - 0.1)
    for height in (-21.5, -18.6):
        fold(
            [(-9, height + 0.8), (0, height), (9, height + 0.8)],
            0.8 * min(aus[1], aus[2] + 0.2) + 0.3 * rest - 0.15,
        )
    for height in (-5.8, -3.2, -0.8):
        fold([(-2.8, height + 1.1), (0, height), (2.8, height + 1.1)], 0.8 * aus[9] - 0.05, 1.1)


def _nose(canvas, traits, palette, aus) -> None:
    up, wide = 1.6 * aus[9], 4.6 + 0.9 * traits.nose_width + 0.5 * aus[9] + 0.5 * traits.skin
    base = 8.2 + 1.1 * traits.nose_length - up
    for side in BOTH:
        wing = np.array([(wide - 0.8, base - 3.4), (wide + 0.6, base - 1.6), (wide, base + 0.4)])
        canvas.stroke(wing * (side, 1), (0.4, 1.2, 0.5), palette.dark, 1.5)
        nostril = np.array([(0.9, base + 0.9), (2.2, base - 0.3), (3.6, base + 0.3), (2.4, base + 1.3)])
        canvas.fill(nostril * (side, 1), palette.line, 1.6)
    canvas.fill([(-1.1, base - 3.2), (0.6, base - 3.6), (1.2, base - 2.2), (-0.6, base - 1.8)], palette.light, 1.9)


def _eye(canvas, traits, palette, aus, side: int, blink: float) -> None:
    size = 1 + 0.26 * traits.eye_size
    wide = 6.2 * size
    squint = 0.34 * aus[7] + 0.12 * aus[4]
    upper = max(3.5 * size * (1 + 0.36 * aus[5] - squint - 0.12 * aus[6] - 0.2 * aus[9]) * (1 - blink), 0.25)
    lower = max(2.2 * size * (1 + 0.15 * aus[5] - 0.5 * aus[7] - 0.6 * aus[6] - 0.2 * aus[9]) * (1 - 0.5 * blink), 0.2)
    at = eye_centre(traits, side)
    x = np.linspace(-1, 1, 9)  # from the inner to the outer corner
    tilt = (-0.5 - 0.8 * traits.eye_tilt) * x
    lid = np.stack([side * wide * x, tilt - upper * (1 - x**2)], axis=1)
    floor = np.stack([side * wide * x, tilt + lower * (1 - x**2)], axis=1)
    if blink < 0.9:
        canvas.fill(at + np.concatenate([lid, floor[::-1]]), palette.sclera, smooth=False)
        _iris(canvas, traits, at, wide, upper, lower)
        canvas.stroke(at + floor[1:-1:3], (0.3, 0.9, 0.6), palette.dark)
    if aus[6] + aus[7] > 0.3:
        pouch = at + floor[1:-1:3] + (0, 2.0)
        canvas.stroke(pouch, (0.2, 1.1, 0.2), mix(palette.skin, palette.dark, min(0.8 * max(aus[6], aus[7]), 0.9)))
    canvas.stroke(at + lid[::2], (0.7, 1.6, 1.3), palette.lash)
    crease = at + lid[1:-1:2] + (0, -1.9 + 0.4 * min(aus[5], 1))
    canvas.stroke(crease, (0.3, 0.7, 0.3), palette.dark)


def _iris(canvas, traits, at, wide: float, upper: float, lower: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    for radius, colour in (
        (3.1, mix(traits.iris_colour, (0, 0, 0), 0.35)),
        (2.4, traits.iris_colour),
        (1.35, (10, 8, 8)),
    ):
        ring = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1) + (0, -0.4)
        arch = 1 - (ring[:, 0] / wide) ** 2
        ring[:, 1] = np.clip(ring[:, 1], -upper * arch, lower * arch)
        canvas.fill(at + ring, colour, 1.15, smooth=False)
    if upper > 1.6:
        canvas.fill(at + np.array([(-1.6, -1.7), (-0.4, -1.9), (-0.5, -0.8), (-1.5, -0.7)]), (250, 250, 250), 1.15)


def _brow(canvas, traits, palette, aus, side: int) -> None:
    rest = -12.0 - 2.6 * traits.brow_height
    tilt = 2.6 * traits.brow_tilt
    lowered = aus[4] * (1 - 0.8 * min(aus[1], 1))  # AU 1 + 4: oblique brows, inner ends up
    inner = (4.6 - 1.9 * aus[4], rest + 0.6 + tilt - 3.6 * aus[1] + 3.6 * lowered + 2.0 * aus[9])
    middle = (10.5, rest - 0.9 - 0.9 * aus[1] - 2.4 * aus[2] + 1.9 * lowered + 1.3 * aus[9])
    outer = (17.0, rest + 1.2 - tilt - 2.6 * aus[2] + 0.4 * aus[4] + 1.2 * aus[1])
    weight = 2.2 + 0.5 * traits.brow_weight
    canvas.stroke(np.array([inner, middle, outer]) * (side, 1), (weight * 0.85, weight, 0.7), palette.brow)


def _mouth(canvas, traits, palette, aus, mouth_open: float) -> None:
    gap, x, upper, roof, floor, lower = _lips(traits, aus, mouth_open)
    wide, corner = x[-1], roof[-1]
    if traits.beard == 1:
        moustache = np.stack([x[::2] * 1.15, upper[::2] - 1.6], 1)
        ends = [(wide, corner + 2), (-wide, corner + 2)]
        canvas.fill(np.concatenate([moustache, ends]), mix(palette.skin, palette.brow, 0.72))
    canvas.fill(band(x, upper, floor), mix(palette.lip, (60, 10, 20), 0.22), smooth=False)
    canvas.fill(band(x, roof, lower), palette.lip, smooth=False)
    shine = np.stack([x, floor + 0.45 * (lower - floor)], 1)[3:8:2]
    canvas.stroke(shine, (0.2, 1.0, 0.2), mix(palette.lip, (255, 225, 215), 0.3))
    if gap > 0.7:
        _inside(canvas, palette, aus, gap, x, roof, floor)
    else:
        canvas.stroke(np.stack([x, roof], 1)[::2], (0.8, 1.1, 0.8), mix(palette.line, (40, 6, 10), 0.6))
    for side in BOTH:
        dimple = np.array([(wide - 0.6, corner - 0.7), (wide + 0.9, corner), (wide - 0.6, corner + 0.7)])
        canvas.fill(dimple * (side, 1), palette.line)


def _lips(traits, aus, mouth_open: float) -> tuple:
    """Height of the gap, and the curves x, upper edge, roof, floor and lower edge of the lips, (11,) each."""
    wide = (8.4 + 0.8 * traits.mouth_width) * (1 + 0.26 * aus[12] + 0.26 * aus[20] - 0.2 * aus[23])
    wide *= 1 - 0.22 * mouth_open * (1 - min(aus[12] + aus[20], 1))
    gap = (2.6 * aus[25] + 3.6 * aus[26] + 4.6 * mouth_open) * (1 - 0.35 * min(aus[23], 1))
    middle = 15.6 + 0.5 * traits.nose_length + 0.6 * aus[12] - 0.6 * aus[15]
    corner = middle - 0.4 - 3.8 * aus[12] + 3.6 * aus[15] + 1.0 * aus[20] - 1.8 * traits.mouth_tilt
    thickness = (1 + 0.3 * traits.lip_fullness) * (1 - 0.5 * min(aus[23], 1.2))
    x = np.linspace(-1, 1, 11)
    arch = 1 - np.abs(x) ** (2 + 2 * min(aus[20], 1))  # a stretched mouth is a slot
    roof = corner + (middle - 0.3 * gap - 2.2 * aus[9] - corner) * arch
    floor = corner + (middle + 0.7 * gap - 0.5 * aus[9] - corner) * arch
    bow = 1 - 0.35 * np.exp(-((x / 0.16) ** 2))  # the dip in the middle of the upper lip
    upper = roof - 2.1 * thickness * (1 - 0.25 * min(aus[12], 1)) * arch * bow
    lower = floor + 2.7 * thickness * (1 - 0.2 * min(aus[12], 1)) * arch
    return gap, wide * x, upper, roof, floor, lower


def _inside(canvas, palette, aus, gap: float, x, roof, floor) -> None:
    """The open mouth: teeth as far as the muscles bare them, and a tongue."""
    canvas.fill(band(x, roof, floor), (58, 16, 20), smooth=False)
    arch = (floor - roof) / (floor - roof).max()
    bared = min(0.2 + aus[9] + aus[12] + aus[20], 1.3)
    teeth = np.minimum(roof + min(0.6 * gap, 2.4) * bared * arch, floor)
    canvas.fill(band(x, roof, teeth), palette.teeth, smooth=False)
    if gap > 4:
        middle = slice(3, -3)
        tongue = band(x[middle], (floor - 0.3 * gap * arch)[middle], floor[middle])
        canvas.fill(tongue, (158, 70, 76), smooth=False)


def _glasses(canvas, traits) -> None:
    for side in BOTH:
        at = eye_centre(traits, side)
        rim = at + np.array([(-7.4, -4), (0, -5), (7.8, -4.4), (7.6, 3.2), (0.5, 5.6), (-6.6, 3.6)])
        canvas.ring(rim, FRAMES, 1.3)
    canvas.stroke(np.array([(-3.4, -5.6), (0, -6.4), (3.4, -5.6)]), (1, 1, 1), FRAMES, 1.5)
