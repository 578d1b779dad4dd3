"""EmoDB, the Berlin database of emotional speech: 10 actors say 10 German sentences in 7 emotions; voice.

Layout as distributed: `emodb/wav/16a02Lb.wav` (speaker, text, German initial of the emotion, version), at any depth.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

# Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral
CODES = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
EMOTIONS = tuple(CODES.values())
MEN = {"03": 31, "10": 32, "11": 26, "12": 30, "15": 25}  # ages in years
WOMEN = {"08": 34, "09": 21, "13": 32, "14": 35, "16": 31}
AGES = MEN | WOMEN
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
NAME = re.compile(rf"({'|'.join(AGES)})({'|'.join(SENTENCES)})([{''.join(CODES)}])([a-z])")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the clips. Every profile holds all of them but `smoke`, which holds two of each speaker and emotion.

    Raises:
        ValueError: no clip in the folder.
    """
    rows, left_out = [], []
    for path in files(data_dir / "emodb", ".wav", ".flac"):
        match = NAME.fullmatch(path.stem)
        reason = unreadable(path) if match else "name is not one of speaker, text, emotion and version, as in 16a02Lb"
        if reason:
            left_out.append((told(path), reason))
        else:
            rows.append(row_of(path, *match.groups()))
    if not rows:
        raise ValueError(f"no EmoDB clip (such as wav/16a02Lb.wav) under {data_dir / 'emodb'}; unzip it there")
    clips = pd.DataFrame(rows)
    if profile == "smoke":
        clips = at_most(clips, 2, "speaker", "emotion")
    return corpus_of("emodb", EMOTIONS, clips, left_out, once="audio")


def row_of(path: Path, speaker: str, text: str, code: str, version: str) -> dict:
    """One row of the clip table."""
    return {
        "clip_id": path.stem,
        "emotion": CODES[code],
        "speaker": speaker,
        "gender": "male" if speaker in MEN else "female",
        "audio": str(path),
        "sentence": SENTENCES[text],
        "take": version,
        "age": AGES[speaker],
    }
