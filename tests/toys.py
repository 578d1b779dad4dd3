"""A corpus without media, features and recipes that are quick, and predictions made up: for the tests."""

import numpy as np
import pandas as pd

from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.features import Feature
from emostudy.features.fitted import standardised
from emostudy.models.dense import mlp
from emostudy.profiles import Profile
from emostudy.recipes import Recipe
from emostudy.recipes.classical import support_vectors
from emostudy.training import Estimator, Network

EMOTIONS = ("anger", "fear", "joy")
QUICK = Profile("quick", (0, 1), (0,), None, "two folds, one seed")


def corpus(num_speakers: int = 10, clips_each: int = 9, signal: float = 3.0, **changed) -> Corpus:
    """Clips that carry two rows of numbers, `seen` and `heard`, in which the emotion is as clear as `signal` says."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(num_speakers * clips_each):
        speaker, code = number // clips_each, number % len(EMOTIONS)
        seen, heard = (rng.normal(size=3) + signal * np.eye(3)[code] for _ in range(2))
        rows.append(
            {
                "clip_id": f"s{speaker:02}_{number % clips_each}",
                "emotion": EMOTIONS[code],
                "speaker": f"s{speaker:02}",
                "gender": ("female", "male")[speaker % 2],
                "seen": numbers_cell(seen),
                "heard": numbers_cell(heard),
            }
        )
    clips = pd.DataFrame(rows).assign(dialogue="", turn=0, split="", start=np.nan, end=np.nan, **changed)
    return Corpus("toy", EMOTIONS, {"cluster": "speaker", "metric": "UAR", "licence": "CC0"}, clips)


def numbers_cell(values: np.ndarray) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def numbers(cell: str, start: float, end: float, scale: float = 1.0) -> np.ndarray:
    return scale * np.array(cell.split(), np.float32)


def small_mlp(sizes: dict[str, int], num_classes: int):
    return mlp(next(iter(sizes.values())), num_classes, hidden=(16,))


SEEN = Feature("seen", "seen", numbers, cached=False)
HEARD = Feature("heard", "heard", numbers, cached=False)
SVM = Recipe("svm", "SVM", ("face",), {"face": SEEN}, Estimator(support_vectors, {"C": [0.1, 1.0]}))
NET = Recipe("net", "net", ("face",), {"face": SEEN}, Network(small_mlp, 6, 16, 0.02), {"face": standardised})
VOICE = Recipe("voice", "voice", ("speech",), {"speech": HEARD}, Estimator(support_vectors))


def inputs(corpus: Corpus, split, column: str = "seen") -> dict[str, dict[str, np.ndarray]]:
    """Parts as `Network.fit` and `Estimator.fit` take them."""
    clips = corpus.clips.set_index("clip_id")
    cells = {part: clips.loc[list(getattr(split, part)), column] for part in ("train", "dev", "test")}
    return {part: {"face": np.stack([numbers(cell, 0, 0) for cell in some])} for part, some in cells.items()}


def predictions(
    recipe="a",
    modalities="face",
    skill=2.0,
    protocol="random",
    seed=0,
    noise=0,
    corpus_=None,
    folds=(0, 1, 2, 3, 4),
    run_id=None,
) -> pd.DataFrame:
    """Predictions of a model that is as good as `skill` says, over folds dealt by clip; fold k + 1 is dev of fold k."""
    corpus_ = corpus_ or corpus()
    frames = []
    for fold in folds:
        for part, held in (("dev", (fold + 1) % 5), ("test", fold)):
            clips = corpus_.clips[np.arange(len(corpus_)) // 3 % 5 == held]
            rng = np.random.default_rng([fold, noise, part == "dev"])
            logits = rng.normal(size=(len(clips), 3)) + skill * np.eye(3)[[EMOTIONS.index(e) for e in clips.emotion]]
            probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            head = {
                "run_id": run_id or f"{recipe}-{protocol}-{fold}-{seed}-{noise}",
                "corpus": "toy",
                "protocol": protocol,
                "fold": fold,
                "seed": seed,
                "recipe": recipe,
                "modalities": modalities,
                "condition": "none",
            }
            frames.append(preds.frame(head, clips, part, probabilities, EMOTIONS))
    return pd.concat(frames, ignore_index=True)


def write(folder, frame: pd.DataFrame, **record) -> None:
    """Keep each run of a frame of predictions as a finished run."""
    for run_id, rows in frame.groupby("run_id"):
        head = {key: rows[key].iloc[0] for key in ("run_id", "protocol", "recipe", "modalities", "condition")}
        numbers_ = {key: int(rows[key].iloc[0]) for key in ("fold", "seed")}
        about = {"title": f"title of {head['recipe']}", "pretrained": "none", "fitted": {"num_parameters": 10}}
        preds.write_run(folder, rows, head | numbers_ | about | record | {"run_id": run_id})


def finished(folder) -> list[str]:
    """Ids of the runs in a results folder that were written whole, sorted."""
    return sorted(path.stem for path in (folder / "runs").glob("[!.]*.json") if preds.is_finished(folder, path.stem))
