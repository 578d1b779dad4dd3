"""RAVDESS, speech: 24 actors, 2 sentences, 8 emotions; voice, and action units of the same performances.

Layout as distributed: `ravdess/**/Actor_NN/MM-CC-EE-II-SS-RR-AA.wav` (or .flac); beside it, if at hand,
`ravdess_av_features/action_units.csv` with one row per audio-visual clip, joined by the last six fields of the name.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import corpus_of, files, told, unreadable

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
SENTENCES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
NAME = re.compile(r"(0[123])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1[0-9]|2[0-4])")
# The 17 intensities and 18 presences that OpenFace 2 gives.
UNITS = [f"AU{number:02}_r" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)]
UNITS += [f"AU{number:02}_c" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)]


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the audio clips and join the action units. Every profile holds all clips but `smoke`, which holds 12 actors.

    Raises:
        ValueError: no clip in the folder.
    """
    rows, left_out = [], []
    for path in files(data_dir / "ravdess", ".wav", ".flac"):
        row, reason = parse(path)
        if row and (fault := unreadable(path)):
            row, reason = None, fault
        if row:
            rows.append(row)
        else:
            left_out.append((told(path), reason))
    if not rows:
        raise ValueError(f"no RAVDESS speech clip (03-01-*.wav or .flac) under {data_dir / 'ravdess'}; unzip it there")
    clips = join_action_units(pd.DataFrame(rows), data_dir / "ravdess_av_features" / "action_units.csv")
    if profile == "smoke":
        clips = clips[clips.speaker <= "12"]
    return corpus_of("ravdess", EMOTIONS, clips, left_out, once="audio")


def parse(path: Path) -> tuple[dict | None, str]:
    """One row of the clip table from a file name, or None and the reason why the file is no clip of this corpus."""
    match = NAME.fullmatch(path.stem)
    if not match:
        return None, "name breaks the convention MM-CC-EE-II-SS-RR-AA"
    modality, channel, emotion, intensity, sentence, take, actor = match.groups()
    if channel == "02":
        return None, "song, not speech"
    if modality != "03":
        return None, "not an audio-only file (03-)"
    return {
        "clip_id": path.stem.partition("-")[2],
        "emotion": EMOTIONS[int(emotion) - 1],
        "speaker": actor,
        "gender": "male" if int(actor) % 2 else "female",
        "dialogue": "",
        "turn": 0,
        "split": "",
        "start": float("nan"),
        "end": float("nan"),
        "audio": str(path),
        "sentence": SENTENCES[sentence],
        "take": take,
        "intensity": "strong" if intensity == "02" else "normal",
    }, ""


def join_action_units(clips: pd.DataFrame, table: Path) -> pd.DataFrame:
    """Add the column `action_units`: `<csv>#<row key>` where the table has that performance, None where it does not.

    Raises:
        ValueError: the table cannot be read, has other columns, or one performance twice.
    """
    if not table.is_file():
        return clips
    try:
        rows = pd.read_csv(table, dtype=str, keep_default_na=False)
        check_units(rows)
    except (ValueError, OSError) as error:  # pandas' own parser errors are ValueErrors
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{table.name} is not OpenFace's table of action units ({reason}): get it again or take it away"
        ) from None
    keys = {key.partition("-")[2]: key for key in rows["clip"]}
    cells = [f"{table}#{keys[clip_id]}" if clip_id in keys else None for clip_id in clips.clip_id]
    return clips.assign(action_units=cells)


def check_units(rows: pd.DataFrame) -> None:
    """ValueError where the table lacks columns, has more units than OpenFace gives, or has one performance twice."""
    wrong = set(rows.columns.drop("clip", errors="ignore")).symmetric_difference(UNITS)
    if "clip" not in rows or wrong:
        raise ValueError(
            f"its columns must be clip and {len(UNITS)} units; wrong: {sorted(map(str, wrong))[:3] or 'clip'}"
        )
    performances = rows["clip"].str.partition("-")[2]
    if performances.duplicated().any():
        raise ValueError(f"performance {performances[performances.duplicated()].iloc[0]!r} stands twice")
