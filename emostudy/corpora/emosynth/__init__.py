"""EmoSynth: a corpus that the study makes itself, whose best possible accuracy is known.

Each clip has a true emotion; face, voice and words each show one, drawn from a confusion table, and are
rendered as real media. tables.py and ceilings.py tell what can be reached, dialogue.py draws, voice.py,
face.py and words.py render, generate.py writes.
"""

import os

import pandas as pd

from emostudy.corpora import card
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.emosynth.dialogue import SIZES, speaker_folds
from emostudy.corpora.emosynth.generate import make
from emostudy.corpora.emosynth.tables import EMOTIONS
from emostudy.paths import cache_dir


def load(data_dir=None, profile: str = "class", seed: int = 0, jobs: int | None = None) -> Corpus:
    """Read EmoSynth of a profile ("smoke" 60 clips, "class" 720, "paper" 7200), made first if need be.

    It lies in the cache, <cache>/emosynth/<profile>_seed<seed>: nothing is read from `data_dir` or written
    to it. jobs: how many processes render, as many as processors if None. Raises ValueError on an unknown
    profile.
    """
    if profile not in SIZES:
        raise ValueError(f"unknown profile {profile!r}: take one of {list(SIZES)}")
    folder = cache_dir() / "emosynth" / f"{profile}_seed{seed}"
    make(folder, profile, seed, jobs or os.cpu_count() or 2)
    clips = pd.read_csv(folder / "clips.csv", dtype={"content": str}).assign(split="")
    clips = clips.merge(pd.read_csv(folder / "transcripts.csv", keep_default_na=False), on="clip_id", validate="1:1")
    media = [str(folder / "clips" / f"{clip}.mp4") for clip in clips["clip_id"]]
    clips = clips.assign(audio=media, video=media)
    return Corpus("emosynth", EMOTIONS, {**card("emosynth"), "speaker_folds": speaker_folds(clips)}, clips)
