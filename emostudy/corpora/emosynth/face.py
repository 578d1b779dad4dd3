"""A talking face: who it is, which muscles move, and how they move through a clip.

Expressions are coded by the Facial Action Coding System: Ekman, Friesen & Hager, Facial Action Coding System (2002). An
action unit (AU) has an intensity from 0 (relaxed) to about 1.3 (as far as it goes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emostudy.corpora.emosynth.canvas import SIZE, Pose
from emostudy.corpora.emosynth.face_drawing import ACTION_UNITS, draw_face

FPS = 15
PROTOTYPES = {  # which muscles an emotion moves, and how far at intensity 1
    "anger": {4: 1.0, 5: 0.6, 7: 0.7, 23: 1.0},
    "disgust": {9: 1.0, 4: 0.5, 6: 0.4, 7: 0.5, 15: 0.6, 25: 0.4},
    "fear": {1: 1.0, 2: 0.7, 4: 0.5, 5: 1.0, 20: 0.9, 25: 0.6, 26: 0.3},
    "happiness": {6: 0.9, 12: 1.0, 25: 0.6},
    "neutral": {},
    "sadness": {1: 1.0, 4: 0.5, 15: 1.0, 7: 0.4},
}
EXAGGERATION = 1.25  # actors overdo
HABIT = 0.15  # how much one speaker's anger differs from another's, in AU intensity
NOISE = 0.05  # from clip to clip
SPREAD = 1.0  # how much faces differ at rest; resting brows, lids and lips are what confuses new speakers

HAIR_STYLES = ("shaved", "short", "parted", "curly", "bob", "long", "bun", "scarf")
HAIR_ODDS = {  # in the order of HAIR_STYLES
    "male": (0.2, 0.3, 0.25, 0.15, 0.0, 0.1, 0.0, 0.0),
    "female": (0.02, 0.1, 0.05, 0.13, 0.22, 0.23, 0.15, 0.1),
}
HAIR_COLOURS = (
    (28, 22, 20),
    (52, 34, 24),
    (86, 54, 32),
    (134, 92, 52),
    (196, 160, 100),
    (140, 62, 30),
    (150, 148, 146),
)
CLOTHES = (
    (60, 90, 140),
    (150, 60, 70),
    (70, 120, 90),
    (190, 150, 60),
    (110, 80, 140),
    (80, 84, 92),
    (205, 200, 190),
)
BACKGROUNDS = (
    (176, 196, 208),
    (204, 190, 170),
    (168, 186, 160),
    (196, 178, 196),
    (150, 160, 176),
    (214, 206, 192),
)


@dataclass(frozen=True)
class FaceTraits:
    """One speaker's face. Geometry is relative to the average face (0 = average, about -1 to 1); colours are RGB."""

    skin: float  # 0 (light) to 1 (dark)
    undertone: float  # -1 (cool) to 1 (warm)
    width: float
    jaw: float  # -1 pointed, 1 square
    chin: float
    eye_size: float
    eye_spacing: float
    eye_tilt: float
    brow_height: float
    brow_tilt: float
    brow_weight: float
    nose_width: float
    nose_length: float
    mouth_width: float
    mouth_tilt: float
    lip_fullness: float
    age: float  # 0 to 1: depth of lines at rest
    hair: str
    hair_colour: tuple[int, int, int]
    iris_colour: tuple[int, int, int]
    beard: float  # 0 none, 0.3 stubble, 1 full
    glasses: bool
    clothes: tuple[int, int, int]
    background: tuple[int, int, int]
    light_from: float  # -1 from the left, 1 from the right
    light_level: float  # 0.85 to 1.05
    habits: dict[str, tuple[float, ...]]  # emotion -> change of each of ACTION_UNITS


def draw_face_traits(rng: np.random.Generator, skin: float, gender: str = "") -> FaceTraits:
    """Draw one speaker.

    `skin` is 0 (light) to 1 (dark); `gender` ("female", "male" or "" for either) sets the odds of hair and beard.
    """
    if not 0 <= skin <= 1:
        raise ValueError(f"skin is {skin}; give 0 (light) to 1 (dark)")
    gender = gender or str(rng.choice(["female", "male"]))
    shape = SPREAD * np.clip(rng.normal(0, 0.6, 15), -1.2, 1.2)
    hair = str(rng.choice(HAIR_STYLES, p=HAIR_ODDS[gender]))
    beard = float(rng.choice([0.0, 0.3, 1.0], p=[0.55, 0.25, 0.2])) if gender == "male" else 0.0
    names = "undertone width jaw chin eye_size eye_spacing eye_tilt brow_height brow_tilt brow_weight"
    names += " nose_width nose_length mouth_width mouth_tilt lip_fullness"
    geometry = dict(zip(names.split(), map(float, shape), strict=True))
    geometry["jaw"] += 0.35 if gender == "male" else -0.35
    geometry["lip_fullness"] += 0.5 * (skin - 0.4)
    return FaceTraits(
        skin=float(skin),
        **geometry,
        age=float(rng.uniform(0, 1)),
        hair=hair,
        hair_colour=_hair_colour(rng, skin),
        iris_colour=_iris_colour(rng, skin),
        beard=beard,
        glasses=bool(rng.random() < 0.15),
        clothes=_pick(rng, CLOTHES),
        background=_pick(rng, BACKGROUNDS),
        light_from=float(rng.uniform(-1, 1)),
        light_level=float(rng.uniform(0.86, 1.04)),
        habits={emotion: tuple(rng.normal(0, HABIT, len(ACTION_UNITS)).tolist()) for emotion in PROTOTYPES},
    )


def action_units(shown: str, intensity: float, traits: FaceTraits, rng: np.random.Generator) -> dict[int, float]:
    """Intensity of every AU at the apex of `shown` (a key of PROTOTYPES) by this speaker in this clip."""
    if shown not in PROTOTYPES:
        raise ValueError(f"shown is {shown!r}; know {', '.join(PROTOTYPES)}")
    habit = traits.habits[shown]
    noise = rng.normal(0, NOISE, len(ACTION_UNITS))
    apex = {}
    for number, unit in enumerate(ACTION_UNITS):
        typical = EXAGGERATION * intensity * PROTOTYPES[shown].get(unit, 0.0)
        apex[unit] = float(np.clip(typical + habit[number] + noise[number], 0.0, 1.5))
    return apex


def draw_clip(
    shown: str, intensity: float, traits: FaceTraits, mouth_open: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Film one clip: the expression rises to its apex, stays and fades, the lips follow `mouth_open` (T,) in [0, 1].

    `intensity` is about 0.7 to 1.1. Returns uint8 (T, 96, 96, 3) RGB at 15 frames a second.
    """
    mouth_open = np.asarray(mouth_open, dtype=float)
    if mouth_open.ndim != 1 or not len(mouth_open):
        raise ValueError(f"mouth_open is {mouth_open.shape}; give one value a frame (T,) with T >= 1")
    apex = action_units(shown, intensity, traits, rng)
    strength = _onset_apex_offset(len(mouth_open), rng)
    blinks, poses = _blinks(len(mouth_open), rng), _head_motion(len(mouth_open), rng)
    frames = np.empty((len(mouth_open), SIZE, SIZE, 3), np.uint8)
    for t in range(len(mouth_open)):
        now = {unit: strength[t] * value for unit, value in apex.items()}
        frames[t] = draw_face(now, traits, float(mouth_open[t]), poses[t], blink=float(blinks[t]))
    return frames


def _onset_apex_offset(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """How much of the expression shows in each frame (T,): rises over the first fifth, fades over the last eighth."""
    at = np.linspace(0, 1, num_frames)
    low, onset, offset = rng.uniform(0.2, 0.5), rng.uniform(0.15, 0.25), rng.uniform(0.82, 0.92)
    knots = np.interp(at, [0, onset, offset, 1], [low, 1, 1, 0.7])
    return knots * knots * (3 - 2 * knots)  # muscles start and stop smoothly


def _blinks(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """How far the lids are closed (T,), 0 to 1: about 20 blinks a minute, of 0.2 s each."""
    blinks = np.zeros(num_frames + 2)
    for start in np.flatnonzero(rng.random(num_frames) < 20 / 60 / FPS):
        blinks[start : start + 3] = (0.5, 1.0, 0.5)
    return blinks[:num_frames]


def _head_motion(num_frames: int, rng: np.random.Generator) -> list[Pose]:
    """A slow drift around a random rest pose, from slow sines."""
    time = np.arange(num_frames) / FPS
    phases, rates = rng.uniform(0, 2 * np.pi, 5), rng.uniform(0.2, 0.6, 5)
    drift = np.sin(phases[:, None] + 2 * np.pi * rates[:, None] * time)  # (5, T)
    rest = rng.normal(0, 1, 5)
    swing = 0.7 * np.clip(rest, -1.5, 1.5)[:, None] + 0.6 * drift
    scales = np.array([1.3, 1.0, 2.2, 0.7, 0.02])[:, None]  # px, px, degrees, turn, zoom
    return [Pose(*map(float, column)) for column in (swing * scales).T]


def _pick(rng: np.random.Generator, colours: tuple) -> tuple[int, int, int]:
    """One of the colours, a little darker or lighter."""
    colour = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.88, 1.12)
    return tuple(int(c) for c in np.clip(colour, 0, 255))


def _hair_colour(rng: np.random.Generator, skin: float) -> tuple[int, int, int]:
    """Fair hair with fair skin, dark with dark, grey with any."""
    weights = np.array([0.1, 0.2, 0.25, 0.2, 0.15, 0.1, 0.1]) * (1 - skin) ** 2
    weights += np.array([0.6, 0.25, 0.05, 0.0, 0.0, 0.0, 0.1]) * skin
    return _pick(rng, (HAIR_COLOURS[rng.choice(len(HAIR_COLOURS), p=weights / weights.sum())],))


def _iris_colour(rng: np.random.Generator, skin: float) -> tuple[int, int, int]:
    light = rng.random() < 0.6 * (1 - skin) ** 3
    return _pick(rng, ((62, 88, 110), (74, 92, 62)) if light else ((62, 38, 22), (40, 26, 18)))
