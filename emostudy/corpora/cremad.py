"""CREMA-D: 91 actors, 12 sentences, 6 emotions; voice, picture, and how crowd raters judged each alone and both together.

Layout as distributed (a git repository, media by git-lfs), in `cremad`, at any depth: `AudioWAV/1001_DFA_ANG_XX.wav` (actor, sentence,
emotion, level), `VideoFlash/1001_DFA_ANG_XX.flv` (.mp4 if converted), `processedResults/tabulatedVotes.csv`, `VideoDemographics.csv`.
The two tables may lie in `cremad_ratings` instead; without media they give the same clips with votes alone.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, read_csv, told, unreadable

CODES = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
EMOTIONS = tuple(CODES.values())
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}
SENTENCES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
MEDIA = {".wav": "audio", ".flac": "audio", ".flv": "video", ".mp4": "video"}
# Older copies have one name with a single X: 1040_ITH_SAD_X.wav.
NAME = re.compile(rf"1\d{{3}}_({'|'.join(SENTENCES)})_({'|'.join(CODES)})_(LO|MD|HI|XX?)")
# What the publisher's README says of single files.
BROKEN = {
    ("1076_MTI_NEU_XX", "video"): "very short",
    ("1076_MTI_SAD_XX", "video"): "an error picture, very short",
    ("1064_TIE_SAD_XX", "video"): "no duration",
    ("1064_IEO_DIS_MD", "video"): "a minute that shows all emotions",
    ("1076_MTI_SAD_XX", "audio"): "no sound, very short",
}
CONVENTION = "name breaks the convention actor_sentence_emotion_level, as in 1001_DFA_ANG_XX"
POINTER = b"version https://git-lfs"


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the media and the ratings. Every profile holds all clips but `smoke`: two of each emotion of the first ten actors.

    Raises:
        ValueError: no table of the actors, neither media nor ratings, or a table that lacks a column.
    """
    paths = [path for folder in ("cremad", "cremad_ratings") for path in files(data_dir / folder, *MEDIA, ".csv")]
    actors = actors_of(table_among(paths, "VideoDemographics.csv"))
    recorded, left_out = media_among(paths)
    for name, cell in votes_among(paths).items():
        if name_of(name):
            recorded.setdefault(name_of(name), {})["votes"] = cell
        else:
            left_out.append((f"tabulatedVotes.csv#{name}", CONVENTION))
    if not recorded and not left_out:
        raise ValueError(
            f"CREMA-D has neither media (AudioWAV, VideoFlash) nor processedResults/tabulatedVotes.csv under {data_dir}: "
            "copy one of them from the official repository into cremad"
        )
    rows = [row_of(name, cells, actors) for name, cells in sorted(recorded.items()) if name[:4] in actors]
    left_out += [(name, "actor is not in VideoDemographics.csv") for name in recorded if name[:4] not in actors]
    clips = pd.DataFrame(rows)
    if profile == "smoke" and rows:
        clips = at_most(clips[clips.speaker.isin(sorted(clips.speaker.unique())[:10])], 2, "speaker", "emotion")
    return corpus_of("cremad", EMOTIONS, clips, left_out, next((m for m in ("audio", "video") if m in clips), ""))


def media_among(paths: list[Path]) -> tuple[dict[str, dict], list[tuple[str, str]]]:
    """Sound and film of each clip, and the files that are none with the reason."""
    recorded, left_out = {}, []
    for path in (path for path in paths if path.suffix.lower() in MEDIA):
        name, medium = name_of(path.stem), MEDIA[path.suffix.lower()]
        if reason := why_not(path, name, medium):
            left_out.append((told(path), reason))
        elif medium in recorded.get(name, {}):
            left_out.append((told(path), f"a second file or row of clip {name}"))
        else:
            recorded.setdefault(name, {})[medium] = str(path)
    return recorded, left_out


def name_of(stem: str) -> str:
    """The clip's name, "" if it is none."""
    if not NAME.fullmatch(stem):
        return ""
    return stem + "X" if stem.endswith("_X") else stem


def why_not(path: Path, name: str, medium: str) -> str:
    """Why a file gives no medium, or ""."""
    if not name:
        return CONVENTION
    if fault := unreadable(path):
        return fault
    if (name, medium) in BROKEN:
        return f"broken at the publisher: {BROKEN[name, medium]}"
    with open(path, "rb") as file:
        pointer = file.read(len(POINTER)) == POINTER
    return "a git-lfs pointer, not the recording: run `git lfs pull` there" if pointer else ""


def table_among(paths: list[Path], name: str) -> Path:
    """The table of this name; ValueError if it is not there."""
    path = next((path for path in paths if path.name == name), None)
    if path is None:
        raise ValueError(
            f"CREMA-D's {name} is in neither cremad nor cremad_ratings: copy it there from the official repository"
        )
    return path


def actors_of(table: Path) -> dict[str, dict]:
    """Gender, age (years), race and ethnicity of each actor, the last two in the publisher's words."""
    columns = ["ActorID", "Age", "Sex", "Race", "Ethnicity"]
    return {
        actor: {"gender": sex.lower(), "age": int(age) if age.isdigit() else None, "race": race, "ethnicity": ethnicity}
        for actor, age, sex, race, ethnicity in read_csv(table, columns)[columns].values
    }


def votes_among(paths: list[Path]) -> dict[str, str]:
    """Cell of `votes` by the name of the clip that was rated: `tabulatedVotes.csv#<name>`. None without the table: media do not need it."""
    if not any(path.name == "tabulatedVotes.csv" for path in paths):
        return {}
    table = table_among(paths, "tabulatedVotes.csv")
    rows = read_csv(table, ("fileName", *"ADFHNS"))
    ways = rows["fileName"].value_counts()
    if rows[["fileName", *"ADFHNS"]].isna().any(axis=None) or (ways != 3).any():
        raise ValueError(
            f"{table.name} is not whole: {(ways != 3).sum()} clips lack one of voice, face and both; get it again"
        )
    return {name: f"{table}#{name}" for name in rows["fileName"].unique()}


def row_of(name: str, cells: dict[str, str], actors: dict[str, dict]) -> dict:
    """One row of the clip table."""
    actor, sentence, emotion, level = name.split("_")
    return {
        "clip_id": name,
        "emotion": CODES[emotion],
        "speaker": actor,
        **cells,
        "sentence": SENTENCES[sentence],
        "intensity": LEVELS[level],
        **actors[actor],
    }
