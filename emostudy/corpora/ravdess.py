"""RAVDESS, speech: 24 actors, 2 sentences, 8 emotions; voice, and action units of the same performances.

Layout as distributed: `ravdess/**/Actor_NN/MM-CC-EE-II-SS-RR-AA.wav` (or .flac); beside it, if at hand,
`ravdess_av_features/action_units.csv` with one row per audio-visual clip, joined by the last six fields of the name.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus, file_hash

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
SENTENCES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
NAME = re.compile(r"(0[123])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4])")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the audio clips and join the action units. Every profile holds all clips but `smoke`, which holds 12 actors.

    Raises:
        ValueError: no clip in the folder.
    """
    from emostudy.corpora import card

    rows, left_out, seen = [], [], set()
    for path in sorted((data_dir / "ravdess").rglob("*.*")):
        if path.suffix.lower() in (".wav", ".flac"):
            row, reason = parse(path)
            if row and row["clip_id"] in seen:  # the download of one well-known site holds every folder twice
                row, reason = None, f"a second file of performance {row['clip_id']}"
            if row:
                seen.add(row["clip_id"])
                rows.append(row)
            else:
                left_out.append((path.name, reason))
    if not rows:
        raise ValueError(f"no RAVDESS speech clip (03-01-*.wav or .flac) under {data_dir / 'ravdess'}; unzip it there")
    clips = join_action_units(pd.DataFrame(rows), data_dir / "ravdess_av_features" / "action_units.csv")
    if profile == "smoke":
        clips = clips[clips.speaker <= "12"]
    corpus = Corpus("ravdess", EMOTIONS, card("ravdess"), clips, pd.DataFrame(left_out, columns=["file", "reason"]))
    return corpus.without(duplicates(corpus.clips))


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
    """Add the column `action_units`: `<csv>#<row key>` where the table has that performance, None where it does not."""
    if not table.is_file():
        return clips
    try:
        column = pd.read_csv(table, usecols=["clip"], dtype=str)["clip"]
    except (ValueError, OSError) as error:  # pandas' own parser errors are ValueErrors
        raise ValueError(
            f"{table.name} is not a table with a column `clip` ({error}): get it again or take it away"
        ) from None
    keys = {key.partition("-")[2]: key for key in column}
    cells = [f"{table}#{keys[clip_id]}" if clip_id in keys else None for clip_id in clips.clip_id]
    return clips.assign(action_units=cells)


def duplicates(clips: pd.DataFrame) -> pd.DataFrame:
    """Recordings whose bytes equal those of an earlier clip: `clip_id, file, reason`."""
    hashes = clips.audio.map(file_hash)
    first = clips.groupby(hashes).clip_id.transform("first")
    empty = clips.audio.map(lambda path: Path(path).stat().st_size == 0)  # extraction says so; they are no recordings
    again = clips[hashes.duplicated() & ~empty]
    return pd.DataFrame(
        {
            "clip_id": again.clip_id,
            "file": again.audio.map(lambda path: Path(path).name),
            "reason": "exact duplicate of " + first[again.index],
        }
    )
