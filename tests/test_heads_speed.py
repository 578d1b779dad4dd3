"""What training folds and seeds of a head in one program gains.

By hand, on RAVDESS' cached features, five actor folds and three seeds, one process: `python tests/test_heads_speed.py`.
"""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
import toys
from test_batched import ones_of, plain_loop, runs_of

from emostudy import corpora
from emostudy.batched import Batched
from emostudy.features.extract import extract
from emostudy.labels import encode
from emostudy.models.heads import GatedUnit
from emostudy.programs import One, Program
from emostudy.protocols import splits
from emostudy.recipes.heads import WAYS, inputs_of


def in_one_program(learner: Batched, ones: list, num_classes: int) -> list:
    """The trained heads, in the order of the runs."""
    groups, made = {}, {}
    for one in ones:
        groups.setdefault(one.batches(learner.batch), []).append(one)
    for shape, some in groups.items():
        found = Program(learner, some, num_classes, *shape, learner.epochs).run(None)
        made |= {id(one): model.eval() for one, (model, _) in zip(some, found, strict=True)}
    return [made[id(one)] for one in ones]


def each_alone(learner: Batched, ones: list, num_classes: int) -> list:
    """The same heads, each in a program of its own, as `Batched.fit` trains it."""
    return [in_one_program(learner, [one], num_classes)[0] for one in ones]


def one_by_one(learner: Batched, ones: list, num_classes: int) -> list:
    """The same heads, each trained by itself in a plain loop of torch, without vmap."""
    return [plain_loop(learner, one, num_classes) for one in ones]


def timed(train, *given) -> tuple[float, list]:
    """Seconds of the processor, and what was trained."""
    started = time.process_time()
    made = train(*given)
    return time.process_time() - started, made


def furthest(some: list, others: list, ones: list) -> float:
    """The largest difference between logits of heads trained in two ways, on the clips that they learned."""
    with torch.no_grad():
        gaps = [
            (one(*run.inputs, present=run.present) - other(*run.inputs, present=run.present)).abs().max()
            for one, other, run in zip(some, others, ones, strict=True)
        ]
    return float(max(gaps))


def test_one_program_is_faster_than_one_training_after_the_other():
    """The least of three rounds each; small trainings, as in class."""
    torch.set_num_threads(1)
    learner, ones = Batched(GatedUnit, epochs=4, batch=16), ones_of(runs_of(toys.corpus(), (0, 1, 2, 3, 4), (0, 1, 2)))
    each = [[timed(train, learner, ones, 3) for train in (in_one_program, one_by_one)] for _ in range(3)]
    together, apart = np.min([[took for took, _ in pair] for pair in each], axis=0)
    assert together < 0.8 * apart
    assert furthest(*(made for _, made in each[0]), ones) < 1e-4


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_whole_training_is_the_same_alone_and_beside_others(way):
    """Of eight classes, as RAVDESS has: to the last bit where torch multiplies by MKL, for so this study's processors round."""
    torch.set_num_threads(1)
    numbers, everyone = torch.Generator().manual_seed(0), torch.ones(64, 2) > 0
    widths = (105, 343)  # as RAVDESS' action units and functionals: no multiple of what a processor adds at a time
    ones = [
        One([torch.randn(64, n, generator=numbers) for n in widths], everyone, torch.arange(64) % 8, seed)
        for seed in range(3)
    ]
    learner = Batched(way.build)
    apart = furthest(in_one_program(learner, ones, 8), each_alone(learner, ones, 8), ones)
    assert apart == 0 if torch.backends.mkl.is_available() else apart < 1e-4


def in_double(learner: Batched, ones: list, num_classes: int) -> float:
    """`furthest` in double precision."""
    torch.set_default_dtype(torch.float64)
    try:
        ones = [replace(one, inputs=[x.double() for x in one.inputs]) for one in ones]
        return furthest(*(train(learner, ones, num_classes) for train in (in_one_program, one_by_one)), ones)
    finally:
        torch.set_default_dtype(torch.float32)


def test_whole_trainings_differ_by_rounding_alone():
    """In single precision it grows from step to step; in double nothing is left of it after thirty epochs."""
    ones = ones_of(runs_of(toys.corpus(), (0,), (0, 1)))
    assert in_double(Batched(GatedUnit, epochs=30, batch=16), ones, 3) < 1e-10


def of_ravdess() -> tuple[list, int]:
    """Fifteen trainings on what RAVDESS' five actor folds learn from, three seeds; and the number of classes."""
    corpus = corpora.load("ravdess")
    features = {modality: feature for modality, (feature, _) in inputs_of(corpus).items()}
    values, clips = {m: extract(corpus, f, 2) for m, f in features.items()}, corpus.clips.set_index("clip_id")
    runs = []
    for split in splits(corpus, "speaker_independent", (0, 1, 2, 3, 4)):
        known = [i for i in split.train if all(i in one.clip_ids for one in values.values())]
        parts = {"train": {m: one.rows(tuple(known)) for m, one in values.items()}}
        labels = {"train": encode(clips.loc[known, "emotion"], corpus.emotions)}
        runs += [(parts, labels, seed) for seed in range(3)]
    return ones_of(runs), len(corpus.emotions)


def measured(ways=WAYS) -> dict:
    """Seconds of the processor for 15 trainings of each of these heads, without refit: in one program, and one after the other.

    And by how much logits differ between the two, as `furthest`; the same of four trainings in double precision, where rounding
    has no room to grow.
    """
    torch.set_num_threads(1)
    (ones, num_classes), found = of_ravdess(), {}
    for way in ways:
        hows = (in_one_program, one_by_one)
        took, made = zip(*(timed(how, Batched(way.build), ones, num_classes) for how in hows), strict=True)
        found[way.name] = {how.__name__: round(one, 1) for how, one in zip(hows, took, strict=True)}
        found[way.name]["furthest"] = furthest(*made, ones)
        found[way.name]["furthest_in_double"] = in_double(Batched(way.build), ones[:4], num_classes)
    return found


def apart(ways=WAYS) -> dict[str, float]:
    """By how much logits of heads trained beside others differ from those of the same trained alone, as `furthest`."""
    torch.set_num_threads(1)
    ones, num_classes = of_ravdess()
    trained = (
        (way.name, [how(Batched(way.build), ones, num_classes) for how in (in_one_program, each_alone)]) for way in ways
    )
    return {name: furthest(*made, ones) for name, made in trained}


if __name__ == "__main__":
    print(json.dumps(measured(), indent=1))
