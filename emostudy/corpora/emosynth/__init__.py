"""EmoSynth: a corpus that the study makes itself, whose best possible accuracy is known.

Each clip has a true emotion; face, voice and words each show one, drawn from a confusion table, and are
rendered as real media. tables.py and ceilings.py tell what can be reached, dialogue.py draws, voice.py,
face.py and words.py render, generate.py writes.
"""

import os
import shutil
from pathlib import Path

import pandas as pd

from emostudy.corpora import card
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.emosynth.dialogue import SIZES, speaker_folds
from emostudy.corpora.emosynth.generate import is_current, make
from emostudy.corpora.emosynth.tables import EMOTIONS, MODALITIES
from emostudy.paths import cache_dir


def folder_of(profile: str, seed: int = 0) -> Path:
    """Where it lies, made or not."""
    return cache_dir() / "emosynth" / f"{profile}_seed{seed}"


def is_made(profile: str) -> bool:
    """Whether it is there, made by today's generator."""
    return is_current(folder_of(profile))


def load(data_dir=None, profile: str = "class", seed: int = 0, jobs: int | None = None) -> Corpus:
    """Read EmoSynth of a profile ("smoke" 60 clips, "class" 720, "paper" 7200), made first if need be.

    It lies in the cache, <cache>/emosynth/<profile>_seed<seed>: nothing is read from `data_dir` or written
    to it. jobs: how many processes render, as many as processors if None. Raises ValueError on an unknown
    profile.
    """
    if profile not in SIZES:
        raise ValueError(f"unknown profile {profile!r}: take one of {list(SIZES)}")
    folder = folder_of(profile, seed)
    if folder.exists() and not is_whole(folder, profile):
        shutil.rmtree(folder, ignore_errors=True)  # it is made again, whatever became of it
    make(folder, profile, seed, jobs or os.cpu_count() or 2)
    clips = read_tables(folder).assign(split="")
    media = [str(folder / "clips" / f"{clip}.mp4") for clip in clips["clip_id"]]
    clips = clips.assign(audio=media, video=media)
    return Corpus("emosynth", EMOTIONS, {**card("emosynth"), "speaker_folds": speaker_folds(clips)}, clips)


def read_tables(folder: Path) -> pd.DataFrame:
    """The clip table with the transcripts, as they were made."""
    clips = pd.read_csv(folder / "clips.csv", dtype={"content": str})
    return clips.merge(pd.read_csv(folder / "transcripts.csv", keep_default_na=False), on="clip_id", validate="1:1")


def is_whole(folder: Path, profile: str) -> bool:
    """Whether the tables can be read and hold every clip; what is in them is believed."""
    size = SIZES[profile]
    try:
        clips = read_tables(folder).astype({"turn": int, "start": float, "end": float})
        shown = clips[["emotion", *(f"shows_{modality}" for modality in MODALITIES)]]
        texts = clips[["clip_id", "speaker", "gender", "dialogue", "content", "text"]]
    except (OSError, ValueError, KeyError):  # pandas' own parser errors are ValueErrors
        return False
    num_clips = size["num_pairs"] * size["num_turns"] * size["num_dialogues"]
    return len(clips) == num_clips and shown.isin(EMOTIONS).all(axis=None) and texts.notna().all(axis=None)
