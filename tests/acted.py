"""MELD and IEMOCAP in their real layouts, small: faces drawn, tones for voices, words by emotion; some clips lack something.

`small_meld` and `small_iemocap` write the files and give back, for each modality, the clips that have nothing of it: films missing,
cut short, without a face or a sound, or known to the card as broken; turns without wav, words or film.
"""

from io import BytesIO
from pathlib import Path

import av
import iemocap_files
import meld_files
import numpy as np

from emostudy.corpora import meld
from emostudy.corpora.emosynth.face import FPS, FaceTraits, draw_clip, draw_face_traits
from emostudy.corpora.emosynth.media import write_clip

FRAMES, RATE = 6, 16000
SECONDS = FRAMES / FPS
SHOWN = dict(zip(meld.EMOTIONS, ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "fear"), strict=True))
# IEMOCAP's labels, and the emotion as which they are drawn, voiced and worded
LABELS = {"ang": "anger", "exc": "joy", "hap": "joy", "neu": "neutral", "sad": "sadness"}
SAID = dict(
    zip(
        meld.EMOTIONS,
        (
            "get out now",
            "that smells awful",
            "help me please",
            "this is wonderful",
            "the train leaves",
            "I miss you",
            "oh really wow",
        ),
        strict=True,
    )
)
WALL = np.full((FRAMES, 96, 96, 3), 120, np.uint8)


def tone(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """A voice of `SECONDS`, (T,): overtones of a pitch that the emotion has, and noise."""
    pitch = 110 * 1.25 ** meld.EMOTIONS.index(emotion) * rng.uniform(0.97, 1.03)
    time = np.arange(round(SECONDS * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 6))
    return (0.2 * wave + rng.normal(0, 0.01, len(time))).astype(np.float32)


def face(emotion: str, traits: FaceTraits, rng: np.random.Generator) -> np.ndarray:
    """`FRAMES` frames (T, 96, 96, 3) of somebody who shows it."""
    return draw_clip(SHOWN[emotion], 1.0, traits, np.zeros(FRAMES), rng)


def film(frames: np.ndarray, wave: np.ndarray, folder: Path, as_avi: bool = False) -> bytes:
    """The bytes of an .mp4, or of an .avi without sound."""
    path = folder / "film.mp4"
    write_clip(path, frames, wave)
    return avi(path) if as_avi else path.read_bytes()


def avi(path: Path) -> bytes:
    """The same picture as DivX stands in IEMOCAP: in another container."""
    made = BytesIO()
    with av.open(str(path)) as source, av.open(made, "w", format="avi") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return made.getvalue()


# Dialogues by part, each with the number of its first turn; three turns each. Real numbers: the official list is compared with them.
DIALOGUES = {
    "train": {**dict.fromkeys(range(13), 0), 125: 2},
    "dev": dict.fromkeys(range(7), 0),
    "test": {**dict.fromkeys(range(6), 0), 38: 3, 220: 0},
}
SPEAKERS = ("Monica", "Ross", "Gunther", "Joey", "Rachel")
NO_FILM = {"train_dia1_utt0", "dev_dia2_utt1", "test_dia2_utt2"}
CUT_SHORT = {"train_dia3_utt1", "test_dia3_utt0"}
NO_FACE = {"train_dia4_utt2", "dev_dia4_utt0", "test_dia4_utt1"}
SILENT = {"train_dia5_utt0", "dev_dia5_utt2", "test_dia5_utt0"}
SET_ASIDE = {"train_dia125_utt3", "test_dia38_utt4", "test_dia220_utt0"}  # the card's broken films
MELD_LACKS = {
    "face": NO_FILM | CUT_SHORT | NO_FACE | SET_ASIDE,
    "speech": NO_FILM | CUT_SHORT | SILENT | SET_ASIDE,
    "text": set(),
}


def small_meld(folder: Path) -> dict[str, set[str]]:
    """87 utterances of 29 dialogues, tables and films; what they lack."""
    rng = np.random.default_rng(0)
    cast = {name: draw_face_traits(rng, 0.1 + 0.15 * at) for at, name in enumerate(SPEAKERS)}
    for part, dialogues in DIALOGUES.items():
        rows = [meld_row(part, d, first + at, cast, folder, rng) for d, first in dialogues.items() for at in range(3)]
        meld_files.table(folder / "MELD.Raw", part, *rows)
    return MELD_LACKS


def meld_row(part: str, dialogue: int, turn: int, cast: dict, folder: Path, rng: np.random.Generator) -> list:
    """A row of a table; its film is written."""
    clip = f"{part}_dia{dialogue}_utt{turn}"
    emotion, speaker = meld.EMOTIONS[(3 * dialogue + turn) % 7], SPEAKERS[(dialogue + turn) % len(SPEAKERS)]
    frames = WALL if clip in NO_FACE else face(emotion, cast[speaker], rng)
    made = film(frames, tone(emotion, rng) * (clip not in SILENT), folder)
    if clip not in NO_FILM:
        content = made[: len(made) // 2] if clip in CUT_SHORT else made
        meld_files.film(folder, part, clip.partition("_")[2], content)
    return meld_files.cells(dialogue, turn, f"{SAID[emotion]} {rng.integers(100)}", speaker, emotion)


NO_WAV = {"Ses01F_impro01_M002", "Ses03F_impro01_F001", "Ses05M_impro02_F003"}
NO_WORDS = {"Ses01M_impro02_F001", "Ses02F_impro01_M004", "Ses04F_impro01_F000"}
OUT_OF_SIGHT = {"Ses01F_impro01_F004", "Ses02M_impro02_M003", "Ses05F_impro01_M000"}
NO_DIVX = "Ses04M_impro02"  # a dialogue
IEMOCAP_LACKS = {
    "face": OUT_OF_SIGHT | {f"{NO_DIVX}_{who}{turn:03}" for who in "FM" for turn in range(5)},
    "speech": NO_WAV,
    "text": NO_WORDS,
}


def small_iemocap(folder: Path) -> dict[str, set[str]]:
    """100 turns of ten speakers in ten dialogues, five labels a dialogue and speaker; what they lack."""
    rng = np.random.default_rng(1)
    for session in range(1, 6):
        pair = {who: draw_face_traits(rng, rng.uniform(0, 0.8)) for who in "FM"}
        for dialogue in (f"Ses0{session}F_impro01", f"Ses0{session}M_impro02"):
            converse(folder, dialogue, pair, rng)
    return IEMOCAP_LACKS


def converse(folder: Path, dialogue: str, pair: dict, rng: np.random.Generator) -> None:
    """One dialogue: both speak in turn; the one with the markers, whom its name tells, sits on the left."""
    turns = [(who, number, label) for number, label in enumerate(LABELS) for who in "FM"]
    rated, said, pictures = [], [], []
    for at, (who, number, label) in enumerate(turns):
        name, emotion = f"{who}{number:03}", LABELS[label]
        clip = f"{dialogue}_{name}"
        rated.append((at * SECONDS, (at + 1) * SECONDS, name, label))
        if clip not in NO_WORDS:
            said.append(
                f"{clip} [{at * SECONDS:08.4f}-{(at + 1) * SECONDS:08.4f}]: {SAID[emotion]} {rng.integers(100)}"
            )
        if clip not in NO_WAV:
            iemocap_files.sound(folder, dialogue, name, wave=tone(emotion, rng))
        sides = {one: face(emotion if one == who else "neutral", pair[one], rng) for one in "FM"}
        sides[who] = WALL if clip in OUT_OF_SIGHT else sides[who]
        left = dialogue[5]
        pictures.append(np.concatenate([sides[left], sides["FM".replace(left, "")]], axis=2))
    iemocap_files.rate(folder, dialogue, *rated)
    iemocap_files.say(folder, dialogue, *said)
    if dialogue != NO_DIVX:
        shot = np.concatenate(pictures)
        iemocap_files.film(folder, dialogue, film(shot, np.ones(RATE, np.float32) * 0.1, folder, as_avi=True))
