"""The people of EmoSynth: each is drawn once and sounds and looks the same in all clips."""

from dataclasses import dataclass

import numpy as np

from emostudy.corpora.emosynth.face import FaceTraits, draw_face_traits
from emostudy.corpora.emosynth.tables import EMOTIONS
from emostudy.seeds import seed_of

NUM_STYLES = 9  # the dimensions of voice.STYLES
F0 = {"female": 205.0, "male": 118.0}  # Hz
TRACT = {"female": 1.14, "male": 1.0}  # formants of a shorter vocal tract are higher


@dataclass(frozen=True, eq=False)
class Speaker:
    """One speaker.

    f0: mean fundamental in Hz; tract: factor on all formants; offset (9,) and habits {emotion: (9,)}: how
    the speaker differs from others always and in one emotion, in units of voice.UNITS; snr: dB; colour: of
    the room's noise, 0 (white) to 0.95 (dark); face: see face.py, with .skin from 0 (light) to 1 (dark).
    """

    speaker: str
    gender: str
    f0: float
    tract: float
    offset: np.ndarray
    habits: dict[str, np.ndarray]
    snr: float
    colour: float
    face: FaceTraits


def draw_speakers(genders: dict[str, str], seed: int) -> dict[str, Speaker]:
    """Draw the speakers {id: "female" or "male"} from a seed; skin tones are spread evenly in each gender."""
    rng = np.random.default_rng(seed_of("emosynth", seed, "skin"))
    skins = {}
    for parity, gender in enumerate(("female", "male")):  # women take the even, men the odd places of one scale
        ids = [s for s, g in genders.items() if g == gender]
        places = 2 * rng.permutation(len(ids)) + parity + rng.random(len(ids))
        skins |= dict(zip(ids, places / (2 * len(ids)), strict=True))
    return {s: _draw(s, gender, float(skins[s]), seed) for s, gender in genders.items()}


def _draw(speaker: str, gender: str, skin: float, seed: int) -> Speaker:
    rng = np.random.default_rng(seed_of("emosynth", seed, speaker))
    return Speaker(
        speaker=speaker,
        gender=gender,
        f0=F0[gender] * 2 ** (2 / 12 * rng.standard_normal()),  # 2 semitones of spread
        tract=TRACT[gender] * 2 ** (0.02 * rng.standard_normal()),
        offset=rng.standard_normal(NUM_STYLES),
        habits={emotion: rng.standard_normal(NUM_STYLES) for emotion in EMOTIONS},
        snr=rng.uniform(18, 35),
        colour=rng.uniform(0.5, 0.95),
        face=draw_face_traits(rng, skin=skin, gender=gender),
    )
