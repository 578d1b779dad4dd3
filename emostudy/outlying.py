"""How far what a head is given of spoilt media lies from what it learned on: in deviations of the training clips."""

from dataclasses import replace

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corruptions import CLEAN, Corruption
from emostudy.features.extract import Extracted, extract
from emostudy.features.fitted import Transform
from emostudy.features.functionals import functionals, names
from emostudy.protocols import Split, splits
from emostudy.recipes import Recipe

FAR = 5.0  # deviations: of a normal number one in a million
KNOWN = {functionals: names}  # what each number of a feature is called


def outlying(
    corpus: Corpus, alone: tuple[Recipe, ...], corruptions: tuple[Corruption, ...], protocol: str, jobs: int = 2
) -> pd.DataFrame:
    """A row per modality that can be spoilt and level, clean first, of the test clips of the first fold, in training deviations.

    `median` and `largest`, over clips, of each clip's number that lies furthest from the training mean; `share` of all numbers that lie
    more than `FAR` from it; `which` number does so in most clips; `num_clips`.

    Args:
        alone: recipes of one modality each, whose inputs are standardised on training clips (`Recipe.prepare`).
    """
    split, rows = splits(corpus, protocol)[0], []
    for recipe in alone:
        (modality,) = recipe.modalities
        spoilt = [one for one in corruptions if one.spoils and one.modality == modality]
        called = KNOWN.get(recipe.features[modality].function, list)()
        if spoilt:
            usual = extract(corpus, recipe.features[modality], jobs)
            scale = recipe.prepare[modality](usual.rows(_known(usual, split.train)))
            rows.append((modality, CLEAN, 0.0, "", *_far(scale, usual, split, called)))
        for one in spoilt:
            found = extract(_tested(corpus, split), one.spoils(recipe.features[modality]), jobs)
            rows.append((modality, one.kind, one.severity, one.unit, *_far(scale, found, split, called)))
    columns = ["modality", "kind", "severity", "unit", "median", "largest", "share", "which", "num_clips"]
    return pd.DataFrame(rows, columns=columns)


def _far(scale: Transform, found: Extracted, split: Split, called: list[str]) -> tuple[float, float, float, str, int]:
    """Median and largest of the clips' furthest numbers, the share far off, what is furthest most often, and how many clips."""
    off = scale(found.rows(_known(found, split.test))).abs().flatten(1).numpy()  # (N, D)
    furthest, which = off.max(1), int(np.bincount(off.argmax(1)).argmax())
    name = called[which] if called else f"number {which + 1} of {off.shape[1]}"
    return float(np.median(furthest)), float(furthest.max()), float((off > FAR).mean()), name, len(off)


def _known(found: Extracted, clip_ids: tuple[str, ...]) -> tuple[str, ...]:
    there = set(found.clip_ids)
    return tuple(clip_id for clip_id in clip_ids if clip_id in there)


def _tested(corpus: Corpus, split: Split) -> Corpus:
    return replace(corpus, clips=corpus.clips[corpus.clips.clip_id.isin(split.test)])
