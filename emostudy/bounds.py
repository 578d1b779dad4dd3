"""How good could anyone be? Ceilings of a corpus whose confusion tables are known, beside what was reached."""

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.emosynth.ceilings import adjusted_ceiling, ceiling, posterior
from emostudy.corpora.emosynth.tables import EMOTIONS, load_tables
from emostudy.fusing import MODALITIES, best_recipes
from emostudy.labels import encode
from emostudy.metrics import confusion, uar
from emostudy.records import best_of_each

SMOOTHING = 0.5  # half a clip in each cell, so that a row without a clip is uniform


def has_ceiling(corpus: Corpus) -> bool:
    """Whether the corpus says what each clip shows in each modality, as EmoSynth does."""
    return all(f"shows_{modality}" in corpus.clips for modality in MODALITIES) and corpus.emotions == EMOTIONS


def ceilings(corpus: Corpus) -> dict[str, float]:
    """Best possible UAR in [0, 1] by modality set (`face`, ..., `face+speech+text`); empty where it is not known."""
    return {name: ceiling(name.split("+"), load_tables()) for name in subsets()} if has_ceiling(corpus) else {}


def realised_ceiling(corpus: Corpus, modalities: str) -> float:
    """UAR that the best rule reaches on the very clips of the corpus: the ceiling, give or take the luck of the draw."""
    clips = corpus.clips
    shown = {m: encode(clips[f"shows_{m}"], corpus.emotions) for m in modalities.split("+")}
    guessed = posterior(shown, load_tables()).argmax(1)
    return float(uar(confusion(encode(clips.emotion, corpus.emotions), guessed, len(corpus.emotions))))


def subsets() -> list[str]:
    """All sets of one or more modalities, named in the order face, speech, text."""
    masks = range(1, 2 ** len(MODALITIES))
    names = ["+".join(m for bit, m in enumerate(MODALITIES) if mask >> bit & 1) for mask in masks]
    return sorted(names, key=lambda name: (name.count("+"), name))


def reading(predictions: pd.DataFrame, corpus: Corpus, modality: str) -> np.ndarray:
    """How a model reads what a modality shows: (C, C), rows shown, columns predicted, rows sum to 1.

    Args:
        predictions: test predictions of unimodal runs of that modality.
    """
    shown = predictions.clip_id.map(corpus.clips.set_index("clip_id")[f"shows_{modality}"])
    codes = [encode(column, corpus.emotions) for column in (shown, predictions.predicted)]
    counts = confusion(*codes, len(corpus.emotions)) + SMOOTHING
    return counts / counts.sum(1, keepdims=True)


def adjusted_ceilings(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, float]:
    """The ceilings, seen through the readings of unimodal recipes: of one modality that which dev prefers over all folds, of several
    those that stand for each in fusion, which dev chooses for each fold anew.

    It counts only a model's decision; a fusion of probabilities, which also know how sure the model is, may pass it a little.
    """
    rows = _unimodal(predictions, protocol)
    chosen = [
        frame
        for _, fold in rows.groupby("fold")
        for seed in fold.seed.unique()
        for frame in best_recipes(fold, seed, corpus.emotions).values()
    ]
    test = pd.concat(chosen).query("part == 'test'")
    readings = {m: reading(part, corpus, m) for m, part in test.groupby("modalities")}
    alone = {m: reading(some, corpus, m) for m, some in preferred(predictions, corpus, protocol).items()}
    sets = {name: alone if "+" not in name else readings for name in subsets() if set(name.split("+")) <= set(readings)}
    return {name: adjusted_ceiling(name.split("+"), load_tables(), through) for name, through in sets.items()}


def preferred(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, pd.DataFrame]:
    """Modality -> test predictions of the recipe that dev prefers over all folds and seeds."""
    rows = _unimodal(predictions, protocol)
    best, test = best_of_each(rows, corpus, protocol), rows[rows.part == "test"]
    return {m: test[(test.modalities == m) & (test.recipe == recipe)] for m, recipe in best.items()}


def read_shares(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, float]:
    """Modality -> of how many clips the preferred recipe says just what that modality shows, whatever the emotion is: 0 to 1."""
    found = {}
    for modality, rows in preferred(predictions, corpus, protocol).items():
        shown = rows.clip_id.map(corpus.clips.set_index("clip_id")[f"shows_{modality}"])
        found[modality] = float((shown == rows.predicted).mean())
    return found


def _unimodal(predictions: pd.DataFrame, protocol: str) -> pd.DataFrame:
    rows = predictions[(predictions.protocol == protocol) & predictions.modalities.isin(MODALITIES)]
    return rows[rows.condition == "none"]
