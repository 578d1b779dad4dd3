"""Several corpora as one, under the emotions that they have in common: what is learned of one, is it true of another? Voice.

Which corpora, and as which readings, stands in the card (`subcorpora`). Clips and speakers have their corpus' name before theirs
(`ravdess 01`). EmoSynth is taken at `class` (at `smoke`, as everything, smaller), for 7 200 clips of it would drown the others.
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd

from emostudy.corpora import card
from emostudy.corpora import load as load_one
from emostudy.corpora.catalogue import base_of, cards
from emostudy.corpora.corpus import COLUMNS, Corpus
from emostudy.corpora.table import corpus_of
from emostudy.folds import Lacks, dealt

KEPT = (*COLUMNS, "audio", "sentence", "age", "content")
MADE = "made here"


def is_made(profile: str) -> bool:
    """Whether those corpora that are made here are there."""
    made = [base_of(name) for name in card("across")["subcorpora"].values() if cards()[base_of(name)]["access"] == MADE]
    return all(import_module(f"emostudy.corpora.{name}").is_made(size_of(name, profile)) for name in made)


def size_of(name: str, profile: str) -> str:
    """The profile at which a corpus is taken: one that is made here never at `paper`."""
    return "class" if cards()[base_of(name)]["access"] == MADE and profile == "paper" else profile


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the corpora and put them below each other.

    Further columns: `subcorpus`, `speaker_fold` (a speaker's fold in their own corpus, `protocols` deals by it) and `cluster` (what the
    corpus' own card resamples by).

    Raises:
        ValueError: one of them cannot be read, or has other emotions than the first.
    """
    parts = {
        name: load_one(reading, data_dir, size_of(reading, profile))
        for name, reading in card("across")["subcorpora"].items()
    }
    emotions = next(iter(parts.values())).emotions
    for name, part in parts.items():
        if part.emotions != emotions:
            raise ValueError(
                f"across: {name} has {list(part.emotions)}, the first corpus {list(emotions)}: name readings of one vocabulary"
            )
    clips = pd.concat([rows_of(name, part) for name, part in parts.items()], ignore_index=True)
    left_out = [
        (f"{name}: {row.file}", row.reason) for name, part in parts.items() for row in part.left_out.itertuples()
    ]
    return replace(corpus_of("across", emotions, clips, left_out), found=None)


def rows_of(name: str, part: Corpus) -> pd.DataFrame:
    """The rows of one corpus, named after it; media other than the voice are left behind."""
    clips = part.clips[[column for column in KEPT if column in part.clips]]
    return clips.assign(
        subcorpus=name,
        speaker_fold=folds_of(part),
        cluster=name + " " + part.clips[part.card["cluster"]].astype(str),
        clip_id=name + " " + clips.clip_id,
        speaker=name + " " + clips.speaker,
        dialogue=(name + " " + clips.dialogue).where(clips.dialogue != "", ""),
        split="",
    )


def folds_of(part: Corpus) -> list[int]:
    """Each clip's fold of speakers, as in the corpus by itself.

    Raises:
        ValueError: it has one speaker, or does not know them.
    """
    try:
        return dealt(part, "speaker").tolist()
    except Lacks as lack:
        raise ValueError(f"across: {lack}; take that corpus out of the card's subcorpora") from None
