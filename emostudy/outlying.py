"""How far what a head is given of spoilt media lies from what it learned on: in deviations of the training clips."""

from dataclasses import replace

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corruptions import CLEAN, Corruption
from emostudy.features.extract import Extracted, extract
from emostudy.protocols import Split, splits
from emostudy.recipes import Recipe


def outlying(
    corpus: Corpus, alone: tuple[Recipe, ...], corruptions: tuple[Corruption, ...], protocol: str, jobs: int = 2
) -> pd.DataFrame:
    """A row per modality that can be spoilt and level, clean first: `median` and `largest`, over the test clips of the first fold, of each
    clip's number that lies furthest from the training mean, in training deviations; and `num_clips`.

    Args:
        alone: recipes of one modality each, whose inputs are standardised on training clips (`Recipe.prepare`).
    """
    split, rows = splits(corpus, protocol)[0], []
    for recipe in alone:
        (modality,) = recipe.modalities
        spoilt = [one for one in corruptions if one.spoils and one.modality == modality]
        if spoilt:
            usual = extract(corpus, recipe.features[modality], jobs)
            scale = recipe.prepare[modality](usual.rows(_known(usual, split.train)))
            rows.append((modality, CLEAN, 0.0, "", *_far(scale, usual, split)))
        for one in spoilt:
            found = extract(_tested(corpus, split), one.spoils(recipe.features[modality]), jobs)
            rows.append((modality, one.kind, one.severity, one.unit, *_far(scale, found, split)))
    return pd.DataFrame(rows, columns=["modality", "kind", "severity", "unit", "median", "largest", "num_clips"])


def _far(scale, found: Extracted, split: Split) -> tuple[float, float, int]:
    """Median and largest of the clips' furthest numbers, and how many clips."""
    furthest = scale(found.rows(_known(found, split.test))).abs().flatten(1).amax(1).numpy()
    return float(np.median(furthest)), float(furthest.max()), len(furthest)


def _known(found: Extracted, clip_ids: tuple[str, ...]) -> tuple[str, ...]:
    there = set(found.clip_ids)
    return tuple(clip_id for clip_id in clip_ids if clip_id in there)


def _tested(corpus: Corpus, split: Split) -> Corpus:
    return replace(corpus, clips=corpus.clips[corpus.clips.clip_id.isin(split.test)])
