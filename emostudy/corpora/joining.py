"""Several corpora as one, under the emotions that they have in common: `across.py`, `face_mix.py`.

Which corpora, and as which readings, stands in a card (`subcorpora`). Clips and speakers have their corpus' name before theirs
(`ravdess 01`). EmoSynth is taken at `class` (at `smoke`, as everything, smaller), for 7 200 clips of it would drown the others.
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd

from emostudy.corpora import card, load
from emostudy.corpora.catalogue import base_of, cards
from emostudy.corpora.corpus import COLUMNS, Corpus
from emostudy.corpora.table import corpus_of
from emostudy.folds import Lacks, dealt

KEPT = (*COLUMNS, "sentence", "age", "content")
MEDIUM = {"speech": "audio", "face": "image"}  # what is taken of a modality
MADE = "made here"


def are_made(name: str, profile: str) -> bool:
    """Whether those of a joined corpus' corpora that are made here are there."""
    made = [base_of(one) for one in card(name)["subcorpora"].values() if cards()[base_of(one)]["access"] == MADE]
    return all(import_module(f"emostudy.corpora.{one}").is_made(size_of(one, profile)) for one in made)


def size_of(name: str, profile: str) -> str:
    """The profile at which a corpus is taken: one that is made here never at `paper`."""
    return "class" if cards()[base_of(name)]["access"] == MADE and profile == "paper" else profile


def join(name: str, data_dir: Path, profile: str = "class") -> Corpus:
    """Read the corpora of a card and put them below each other, with the media of the card's modalities alone.

    Further columns: `subcorpus`, `speaker_fold` (a speaker's fold in their own corpus, -1 where speakers are not known; protocols deal
    by it) and `cluster` (what the corpus' own card resamples by).

    Raises:
        ValueError: one of them cannot be read, or has an emotion that the card has not.
    """
    known = card(name)
    parts = {one: load(reading, data_dir, size_of(reading, profile)) for one, reading in known["subcorpora"].items()}
    for one, part in parts.items():
        if strange := set(part.emotions) - set(known["emotions"]):
            raise ValueError(
                f"card of {name}: {one} has {min(strange)!r} too, which is not in emotions: name readings of one vocabulary"
            )
    media = [MEDIUM[modality] for modality in known["modalities"]]
    clips = pd.concat([rows_of(one, part, media) for one, part in parts.items()], ignore_index=True)
    clips["sentence"] = clips.sentence.fillna("") if "sentence" in clips else ""  # not every corpus knows them
    left_out = [(f"{one}: {row.file}", row.reason) for one, part in parts.items() for row in part.left_out.itertuples()]
    joined = corpus_of(name, tuple(known["emotions"]), clips, left_out)
    return replace(joined, found=None, card=known | speaker_folds(clips))


def speaker_folds(clips: pd.DataFrame) -> dict[str, list[list[str]]]:
    """The folds of the corpora side by side, as a card has them, fold k of all being one; none where some speaker is in no fold."""
    of = clips[clips.speaker != ""].drop_duplicates("speaker").set_index("speaker").speaker_fold
    if of.empty or of.min() < 0:
        return {}
    return {"speaker_folds": [sorted(of.index[of == fold]) for fold in range(of.max() + 1)]}


def rows_of(name: str, part: Corpus, media: list[str]) -> pd.DataFrame:
    """The rows of one corpus, named after it; other media are left behind."""
    clips = part.clips[[column for column in (*KEPT, *media) if column in part.clips]]
    return clips.assign(
        subcorpus=name,
        speaker_fold=folds_of(part),
        cluster=name + " " + part.clips[part.card["cluster"]].astype(str),
        clip_id=name + " " + clips.clip_id,
        speaker=(name + " " + clips.speaker).where(clips.speaker != "", ""),
        dialogue=(name + " " + clips.dialogue).where(clips.dialogue != "", ""),
        split="",
    )


def folds_of(part: Corpus) -> list[int]:
    """Each clip's fold of speakers, as in the corpus by itself; -1 where they are not known, or there is but one."""
    try:
        return dealt(part, "speaker").tolist()
    except Lacks:
        return [-1] * len(part)
