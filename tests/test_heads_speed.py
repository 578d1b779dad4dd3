"""What training folds and seeds of a head in one program gains.

By hand, on RAVDESS' cached features, five actor folds and three seeds, one process: `python tests/test_heads_speed.py`.
"""

import json
import time

import numpy as np
import torch
import toys
from test_batched import ones_of, plain_loop, runs_of

from emostudy import corpora
from emostudy.batched import Batched
from emostudy.features.extract import extract
from emostudy.labels import encode
from emostudy.models.heads import GatedUnit
from emostudy.programs import Program
from emostudy.protocols import splits
from emostudy.recipes.heads import WAYS, inputs_of


def in_one_program(learner: Batched, ones: list, num_classes: int) -> None:
    groups = {}
    for one in ones:
        groups.setdefault(one.batches(learner.batch), []).append(one)
    for shape, some in groups.items():
        Program(learner, some, num_classes, *shape, learner.epochs).run(None)


def one_by_one(learner: Batched, ones: list, num_classes: int) -> None:
    for one in ones:
        plain_loop(learner, one, num_classes)


def seconds(train, *given) -> float:
    """Of the processor."""
    started = time.process_time()
    train(*given)
    return time.process_time() - started


def test_one_program_is_faster_than_one_training_after_the_other():
    """The least of three rounds each; small trainings, as in class."""
    torch.set_num_threads(1)
    learner, ones = Batched(GatedUnit, epochs=4, batch=16), ones_of(runs_of(toys.corpus(), (0, 1, 2, 3, 4), (0, 1, 2)))
    each = [[seconds(train, learner, ones, 3) for train in (in_one_program, one_by_one)] for _ in range(3)]
    together, apart = np.min(each, axis=0)
    assert together < 0.8 * apart


def measured(ways=WAYS) -> dict:
    """Seconds of the processor for 15 trainings of each of these heads, without refit: in one program, and one after the other."""
    torch.set_num_threads(1)
    corpus = corpora.load("ravdess")
    features = {modality: feature for modality, (feature, _) in inputs_of(corpus).items()}
    values, clips = {m: extract(corpus, f, 2) for m, f in features.items()}, corpus.clips.set_index("clip_id")
    runs = []
    for split in splits(corpus, "speaker_independent", (0, 1, 2, 3, 4)):
        known = [i for i in split.train if all(i in one.clip_ids for one in values.values())]
        parts = {"train": {m: one.rows(tuple(known)) for m, one in values.items()}}
        labels = {"train": encode(clips.loc[known, "emotion"], corpus.emotions)}
        runs += [(parts, labels, seed) for seed in range(3)]
    ones, found = ones_of(runs), {}
    for way in ways:
        found[way.name] = {
            train.__name__: round(seconds(train, Batched(way.build), ones, len(corpus.emotions)), 1)
            for train in (in_one_program, one_by_one)
        }
    return found


if __name__ == "__main__":
    print(json.dumps(measured(), indent=1))
