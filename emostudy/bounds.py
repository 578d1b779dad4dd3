"""How good could anyone be? Ceilings of a corpus whose confusion tables are known, beside what was reached."""

import numpy as np
import pandas as pd

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.emosynth.ceilings import adjusted_ceiling, ceiling, posterior
from emostudy.corpora.emosynth.tables import EMOTIONS, load_tables
from emostudy.fusing import MODALITIES, best_recipes
from emostudy.intervals import summarise
from emostudy.labels import encode
from emostudy.metrics import confusion, uar
from emostudy.records import best_of_each

READS = ("reads", "reads_low", "reads_high")
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


def adjusted_by_protocol(predictions: pd.DataFrame, corpus: Corpus) -> dict[str, dict[str, float]]:
    """Protocol -> `adjusted_ceilings`; empty where no ceiling is known."""
    protocols = predictions.protocol.unique() if has_ceiling(corpus) else ()
    return {protocol: adjusted_ceilings(predictions, corpus, protocol) for protocol in protocols}


def preferred(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, pd.DataFrame]:
    """Modality -> test predictions of the recipe that dev prefers over all folds and seeds."""
    rows = _unimodal(predictions, protocol)
    best, test = best_of_each(rows, corpus, protocol), rows[rows.part == "test"]
    return {m: test[(test.modalities == m) & (test.recipe == recipe)] for m, recipe in best.items()}


def reads(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> pd.DataFrame:
    """By modality: of how many clips the preferred recipe says just what that modality shows, whatever the emotion is.

    Returns:
        `reads, reads_low, reads_high` in 0 to 1, with the 95 % interval over the card's clusters.
    """
    found = {}
    for modality, rows in preferred(predictions, corpus, protocol).items():
        shown = rows.clip_id.map(corpus.clips.set_index("clip_id")[f"shows_{modality}"])
        right = (
            summarise(rows.assign(emotion=shown), corpus.emotions, corpus.card["cluster"]).set_index("metric").loc["WA"]
        )
        found[modality] = dict(zip(READS, right[["value", "ci_low", "ci_high"]], strict=True))
    return pd.DataFrame.from_dict(found, orient="index")


def read_shares(predictions: pd.DataFrame, corpus: Corpus, protocol: str) -> dict[str, float]:
    """`reads` without intervals: modality -> share."""
    return reads(predictions, corpus, protocol).reads.to_dict()


def beyond(predictions: pd.DataFrame, corpus: Corpus, protocol: str, draws: int = 200) -> pd.DataFrame:
    """Does a modality tell more of the emotion than what it shows? UAR of the preferred recipe, and of its answers exchanged at
    random among test clips (of a fold and seed) that show the same.

    What an answer knows beyond its modality's shown emotion is lost by that; what of it the emotion that another modality shows
    explains is kept where clips are alike in both. One row per modality: `score`, `own` (alike in it), the other modalities' names
    (alike in both; NaN for itself), means over `draws`; and `p`, the share of draws in which `own` is no less than `score`.
    """
    shown = corpus.clips.set_index("clip_id")[[f"shows_{m}" for m in MODALITIES]]
    rng, rows = np.random.default_rng(0), []
    for modality, test in preferred(predictions, corpus, protocol).items():
        y, said = (encode(test[column], corpus.emotions) for column in ("emotion", "predicted"))
        alike = [test.fold.to_numpy(), test.seed.to_numpy(), test.clip_id.map(shown[f"shows_{modality}"]).to_numpy()]
        score, own = (_scores(y, said, some, n, corpus, rng) for some, n in ((None, 1), (alike, draws)))
        row = {"modality": modality, "score": score[0], "own": own.mean()}
        for other in MODALITIES:
            both = [*alike, test.clip_id.map(shown[f"shows_{other}"]).to_numpy()]
            row[other] = np.nan if other == modality else _scores(y, said, both, draws, corpus, rng).mean()
        rows.append(row | {"p": float((1 + (own >= score[0]).sum()) / (1 + draws))})
    return pd.DataFrame(rows)


def _scores(y: np.ndarray, said: np.ndarray, alike: list | None, draws: int, corpus: Corpus, rng) -> np.ndarray:
    """UAR of each draw, (draws,), answers exchanged within groups of clips that are `alike`; None: as they are."""
    num = len(corpus.emotions)
    if alike is None:
        return np.array([float(uar(confusion(y, said, num)))])
    group = pd.DataFrame(dict(enumerate(alike))).groupby(list(range(len(alike)))).ngroup().to_numpy()
    places, found = np.argsort(group, kind="stable"), []
    for _ in range(draws):
        drawn = said.copy()
        drawn[places] = said[np.lexsort((rng.random(len(y)), group))]
        found.append(float(uar(confusion(y, drawn, num))))
    return np.array(found)


def _unimodal(predictions: pd.DataFrame, protocol: str) -> pd.DataFrame:
    rows = predictions[(predictions.protocol == protocol) & predictions.modalities.isin(MODALITIES)]
    return rows[rows.condition == "none"]
