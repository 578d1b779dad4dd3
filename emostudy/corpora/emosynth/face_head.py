"""The parts of a face that no expression moves: colours, skull, hair, beard, shoulders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emostudy.corpora.emosynth.canvas import BOTH, Canvas, mirrored, mix, spline

if TYPE_CHECKING:
    from emostudy.corpora.emosynth.face import FaceTraits

SKIN_TONES = ((240, 206, 182), (232, 187, 154), (208, 152, 112), (158, 104, 72), (112, 72, 52))
BLACK = (24, 14, 12)


@dataclass(frozen=True)
class Palette:
    """Colours of a face, from its traits."""

    skin: tuple
    light: tuple
    dark: tuple
    line: tuple
    lip: tuple
    sclera: tuple
    teeth: tuple
    lash: tuple
    brow: tuple
    hair: tuple
    hair_light: tuple


def palette_of(traits: FaceTraits) -> Palette:
    """Colours that go together; sclera and teeth dim with the skin, or eyes in dark faces would glare."""
    place = traits.skin * (len(SKIN_TONES) - 1)
    first = min(int(place), len(SKIN_TONES) - 2)
    skin = np.array(mix(SKIN_TONES[first], SKIN_TONES[first + 1], place - first), float)
    skin = np.clip(skin + traits.undertone * np.array([2, 0, -8]), 0, 255)
    skin = tuple(int(c) for c in skin)
    return Palette(
        skin=skin,
        light=mix(skin, (255, 240, 225), 0.25),
        dark=mix(skin, (70, 20, 10), 0.4),
        line=mix(skin, (40, 8, 4), 0.6),
        lip=mix(skin, (150, 30, 45), 0.42 if traits.skin < 0.6 else 0.3),
        sclera=mix((240, 238, 234), skin, 0.15 + 0.38 * traits.skin),
        teeth=mix((232, 228, 218), skin, 0.32 * traits.skin),
        lash=mix(BLACK, skin, 0.05),
        brow=mix(traits.hair_colour, BLACK, 0.45 + 0.4 * traits.skin),
        hair=traits.hair_colour,
        hair_light=mix(traits.hair_colour, (255, 235, 205), 0.16),
    )


def head_width(traits: FaceTraits) -> float:
    """Factor on the average head's width."""
    return 1 + 0.07 * traits.width


def eye_centre(traits: FaceTraits, side: int) -> np.ndarray:
    """Where the eye of a side (-1 left, 1 right) lies, (2,)."""
    return np.array([side * (10.9 + 0.9 * traits.eye_spacing) * (0.6 + 0.4 * head_width(traits)), -4.5])


def draw_head(canvas: Canvas, traits: FaceTraits, palette: Palette, drop: float) -> None:
    """Everything behind the features; `drop` is how far the chin hangs (pixels)."""
    _hair_behind(canvas, traits, palette)
    _body(canvas, traits, palette)
    _skull(canvas, traits, palette, drop)
    _hair_in_front(canvas, traits, palette)


def _body(canvas, traits, palette) -> None:
    canvas.fill(mirrored([(9.5, 10), (10, 30), (15, 38), (12, 60)]), mix(palette.skin, palette.dark, 0.15), 0.2)
    canvas.fill(mirrored([(9.8, 14), (9.8, 29), (6, 33.5)]), mix(palette.skin, palette.dark, 0.75), 0.2)
    canvas.fill(mirrored([(6, 41), (12, 37), (30, 41), (40, 50), (44, 70)]), traits.clothes, 0)
    canvas.fill(mirrored([(6, 36), (9.5, 37), (5, 42), (1, 43)]), mix(palette.skin, palette.dark, 0.15), 0)


def _outline(traits, drop: float) -> np.ndarray:
    w, jaw = head_width(traits), 2.2 * traits.jaw
    chin = 28.5 + 2.2 * traits.chin + drop
    return mirrored([
        (7, -31.5), (17, -27), (22.5 * w, -15), (23 * w, -2), (21.5 * w + 0.4 * jaw, 9),
        (17 * w + jaw, 18.5 + 0.4 * drop), (9.5 + jaw, chin - 3.6), (4, chin),
    ])  # fmt: skip


def _skull(canvas, traits, palette, drop: float) -> None:
    w = head_width(traits)
    if traits.hair != "scarf":
        for side in BOTH:
            ear = np.array([(22, -7), (26.5, -8.5), (27, -3), (25, 3), (22, 5)]) * (side * w, 1)
            canvas.fill(ear, mix(palette.skin, palette.dark, 0.25), -0.6)
    canvas.fill(_outline(traits, drop), palette.skin, 0.3)
    if traits.beard:
        chin = 28.5 + 2.2 * traits.chin + drop
        jaw = 2.2 * traits.jaw
        beard = mirrored([
            (4, 10.5), (9, 11), (14, 12), (20.5 * w, 0), (22.4 * w, 2), (21.3 * w + 0.4 * jaw, 9),
            (17 * w + jaw, 18.5 + 0.4 * drop), (9.5 + jaw, chin - 2.6), (3, chin + 1),
        ])  # fmt: skip
        canvas.fill(beard, mix(palette.skin, palette.brow, 0.25 if traits.beard < 1 else 0.72), 0.4)


def _hair_behind(canvas, traits, palette) -> None:
    w = head_width(traits)
    outlines = {
        "curly": [(8, -43), (22, -39), (31 * w, -27), (32 * w, -12), (29 * w, 2), (20, 8)],
        "bob": [(7, -38), (20, -35), (28 * w, -22), (29 * w, 0), (28.5 * w, 15), (22, 20)],
        "long": [(7, -38), (20, -35), (28 * w, -22), (29 * w, 4), (30 * w, 30), (31, 50), (20, 60)],
        "scarf": [(7, -38), (20, -34), (28 * w, -20), (28 * w, 4), (26 * w, 24), (28, 50), (10, 60)],
        "bun": [(4, -46), (9, -43), (9, -36), (22, -30), (25 * w, -16), (24 * w, -4)],
    }
    if traits.hair in outlines:
        colour = traits.clothes if traits.hair == "scarf" else palette.hair
        outline = spline(2 * len(outlines[traits.hair]), True) @ mirrored(outlines[traits.hair])
        if traits.hair == "curly":
            outline[::2] *= 1.035
        canvas.fill(outline, mix(colour, (0, 0, 0), 0.15), -0.8)


def _hair_in_front(canvas, traits, palette) -> None:
    w = head_width(traits)
    if traits.hair == "shaved":
        canvas.fill(_crown(w, 35, -25, -19), mix(palette.skin, palette.hair, 0.35), 0.1)
        return
    if traits.hair == "scarf":
        edge = [(6, -29), (16, -25.5), (21.5 * w, -14), (22 * w, 0), (20 * w, 14), (12, 26), (9, 36)]
        outer = [(14, 36), (24, 22), (28 * w, 4), (28 * w, -20), (20, -34), (7, -38)]
        for side in BOTH:
            canvas.fill(np.array([(0, -30), *edge, *outer, (0, -38.5)]) * (side, 1), traits.clothes, 0.1)
        return
    if traits.hair in ("short", "curly", "bun", "long"):
        fringe = {"short": (-23, -17), "curly": (-23, -15), "bun": (-25, -19), "long": (-24, -16)}[traits.hair]
        canvas.fill(_crown(w, 38, *fringe), palette.hair, 0.1)
    else:
        side = 1 if traits.light_from > 0 else -1  # the parting is on the lit side
        top = [
            (-24 * w, -4),
            (-25 * w, -20),
            (-18, -33),
            (0, -38),
            (18, -34),
            (25 * w, -20),
            (23.8 * w, -4),
            (22.5 * w, -8),
        ]
        edge = [(21.5 * w, -16), (15, -24), (9, -27), (-2, -22), (-13, -18), (-21 * w, -14), (-22.5 * w, -8)]
        canvas.fill(np.array(top + edge) * (side, 1), palette.hair, 0.1)
    canvas.fill([(-12, -33), (0, -36), (13, -33), (10, -30.5), (0, -33), (-9, -30)], palette.hair_light, 0.4)
    if traits.hair in ("bob", "long"):
        for side in BOTH:
            lock = [(20 * w, -20), (24 * w, -18), (28 * w, 0), (28 * w, 16), (23.5 * w, 17), (23 * w, 2)]
            canvas.fill(np.array(lock) * (side, 1), palette.hair, -0.2)


def _crown(w: float, top: float, middle: float, temple: float) -> np.ndarray:
    """Cap of hair: outer edge over the skull, inner edge over the forehead."""
    return np.array([
        (-24 * w, -5), (-25.4 * w, -17), (-21.5 * w, -27), (-12, 2.5 - top), (0, -top),
        (12, 2.5 - top), (21.5 * w, -27), (25.4 * w, -17), (24 * w, -5), (22 * w, -9),
        (20.5 * w, temple), (11, middle), (0, middle - 1), (-11, middle), (-20.5 * w, temple), (-22 * w, -9),
    ])  # fmt: skip
