"""RAVDESS: 24 actors, 2 sentences, 8 emotions; voice, picture, and action units of the same performances.

Layout as distributed: `Audio_Speech_Actors_01-24.zip` and `Video_Speech_Actor_NN.zip`, all unzipped into `ravdess`: files
`**/Actor_NN/MM-CC-EE-II-SS-RR-AA` (modality, channel, emotion, intensity, statement, repetition, actor); MM is 01 for picture and
sound (.mp4), 02 for the same picture without sound (.mp4), 03 for the sound alone (.wav or .flac). Files that differ in MM alone are
copies of one performance, so one clip: `audio` is the 03- file, else the 01- one; `video` is the 01- file, else the 02- one.
Beside it, if at hand, `ravdess_av_features/action_units.csv` with one row per performance.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import corpus_of, files, told, unreadable

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
SENTENCES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
NAME = re.compile(r"(0[123])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1[0-9]|2[0-4])")
CHANNELS = {"01": "speech", "02": "song"}
SUFFIXES = {"01": (".mp4",), "02": (".mp4",), "03": (".wav", ".flac")}
FROM = {"audio": ("03", "01"), "video": ("01", "02")}  # which file gives a medium, the preferred first
# The 17 intensities and 18 presences that OpenFace 2 gives.
UNITS = [f"AU{number:02}_r" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)]
UNITS += [f"AU{number:02}_c" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)]


def load(data_dir: Path, profile: str = "class", channels: tuple[str, ...] = ("speech",)) -> Corpus:
    """Read the clips and join the action units. Every profile holds all clips but `smoke`, which holds 12 actors.

    Args:
        channels: of "speech" and "song"; files of the other channel are left out. Songs have six of the emotions.

    Raises:
        ValueError: no clip in the folder, or a table of action units that is none.
    """
    performances, left_out = {}, []
    for path in files(data_dir / "ravdess", ".wav", ".flac", ".mp4"):
        if reason := why_not(path, channels) or unreadable(path):
            left_out.append((told(path), reason))
            continue
        modality, _, performance = path.stem.partition("-")
        copies = performances.setdefault(performance, {})
        if modality in copies:
            left_out.append((told(path), f"a second file or row of clip {performance}"))
        copies.setdefault(modality, path)
    if not performances:
        kind = " or ".join(channels)
        raise ValueError(f"no RAVDESS {kind} clip (such as 03-01-*.wav) under {data_dir / 'ravdess'}; unzip it there")
    clips = pd.DataFrame([row_of(performance, copies) for performance, copies in performances.items()])
    clips = clips.drop(columns=[medium for medium in FROM if clips[medium].isna().all()])
    if profile == "smoke":
        clips = clips[clips.speaker <= "12"]
    clips, without = join_action_units(clips, data_dir / "ravdess_av_features" / "action_units.csv")
    return corpus_of("ravdess", EMOTIONS, clips, left_out + without, once="audio" if "audio" in clips else "video")


def why_not(path: Path, channels: tuple[str, ...]) -> str:
    """Why a file, by its name, is no clip of these channels, or ""."""
    match = NAME.fullmatch(path.stem)
    if not match:
        return "name breaks the convention MM-CC-EE-II-SS-RR-AA"
    if CHANNELS[match[2]] not in channels:
        return f"{CHANNELS[match[2]]}, not {' or '.join(channels)}"
    wanted = SUFFIXES[match[1]]
    return "" if path.suffix.lower() in wanted else f"name begins with {match[1]}-, which is {' or '.join(wanted)}"


def row_of(performance: str, copies: dict[str, Path]) -> dict:
    """One row of the clip table from the last six fields of the name, and the files by their first field."""
    _, emotion, intensity, sentence, take, actor = performance.split("-")
    media = {medium: next((str(copies[m]) for m in order if m in copies), None) for medium, order in FROM.items()}
    return {
        "clip_id": performance,
        "emotion": EMOTIONS[int(emotion) - 1],
        "speaker": actor,
        "gender": "male" if int(actor) % 2 else "female",
        "dialogue": "",
        "turn": 0,
        "split": "",
        "start": float("nan"),
        "end": float("nan"),
        **media,
        "sentence": SENTENCES[sentence],
        "take": take,
        "intensity": "strong" if intensity == "02" else "normal",
    }


def join_action_units(clips: pd.DataFrame, table: Path) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Add the column `action_units`: `<csv>#<row key>` where the table has that performance, None and a (file, reason) where it does not.

    Raises:
        ValueError: the table cannot be read, has other columns, or one performance twice.
    """
    if not table.is_file():
        return clips, []
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
    missing = [clip_id for clip_id in clips.clip_id if clip_id not in keys]
    without = [(f"{table.name}#01-{clip_id}", "no row of action units: its voice is kept") for clip_id in missing]
    return clips.assign(action_units=cells), without


def check_units(rows: pd.DataFrame) -> None:
    """ValueError where the table lacks columns, has more units than OpenFace gives, or has one performance twice."""
    wrong = set(rows.columns.drop("clip", errors="ignore")).symmetric_difference(UNITS)
    if "clip" not in rows or wrong:
        raise ValueError(
            f"its columns must be clip and {len(UNITS)} units; wrong: {sorted(map(str, wrong))[:3] or 'clip'}"
        )
    if rows.isna().any(axis=None):
        raise ValueError(f"it is cut short in row {rows['clip'][rows.isna().any(axis=1)].iloc[0]!r}")
    performances = rows["clip"].str.partition("-")[2]
    if performances.duplicated().any():
        raise ValueError(f"performance {performances[performances.duplicated()].iloc[0]!r} stands twice")
