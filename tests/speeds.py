"""How fast the study is where it promised to be, on this machine: by hand, with nothing else running.

    python tests/speeds.py WEIGHTS > results/machines/speeds.csv

Names of `PARTS` behind it run these alone. A part's memory is the largest that its process held so far: run such a part alone.

`WEIGHTS`: the folder of a pretrained encoder of text, such as all-MiniLM-L6-v2. RAVDESS and MELD have to be there (EMOSTUDY_DATA).
Features are read from the cache, but for those that are timed. Columns: `what, value, unit, of`.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from test_heads_speed import apart, measured
from test_scale import ROOT, peak

from emostudy import corpora, experiments
from emostudy.predictions import read_records
from emostudy.profiles import Profile
from emostudy.recipes.heads import WAYS, asked
from emostudy.recipes.rules import RULES
from emostudy.recipes.sentences import fine_tuned
from emostudy.recipes.strong import SPEECH_STRONG

COMPARED = (
    "joined",
    "gated_unit",
    "attention_fusion",
    "cross_modal",
)  # one after the other all ten would take half an hour


def strong() -> list[tuple]:
    """One fold of RAVDESS' strong speech line, with one process."""
    corpus, one_fold = corpora.load("ravdess"), Profile("one", (0,), (0,), None, "one fold, one seed")
    with tempfile.TemporaryDirectory() as folder:
        made = experiments.run(corpus, (SPEECH_STRONG,), ["speaker_independent"], one_fold, Path(folder), jobs=1)
        record = read_records(Path(folder), [made.run_id.iloc[0]])[0]
    what, of = "strong speech line, one fold of RAVDESS", f"{record['num_clips']['train']} clips in train, one process"
    return [(what, record["seconds"], "s", of), (f"{what}, memory", peak() / 1e3, "GB", of)]


def rules(num_clips: int = 100_000, num_dev: int = 20_000) -> list[tuple]:
    """All decision-level rules together, three modalities and six classes, one process."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 6, num_clips)
    told = rng.dirichlet(np.ones(6), (3, num_clips)) + np.eye(6)[labels] * 0.5
    told /= told.sum(-1, keepdims=True)
    started = time.perf_counter()
    for rule in RULES:
        rule.fit(told[:, :num_dev], labels[:num_dev])(told)
    return [
        (
            "all fusion rules",
            time.perf_counter() - started,
            "s",
            f"{len(RULES)} rules, fitted on {num_dev} dev clips, applied to {num_clips} test clips",
        )
    ]


def heads() -> list[tuple]:
    """Every head on RAVDESS' cached features, five folds and three seeds, with two processes; and what one program gains."""
    corpus, all_folds = corpora.load("ravdess"), Profile("all", (0, 1, 2, 3, 4), (0, 1, 2), None, "five folds")
    recipes = asked([], True, corpus)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        experiments.run(corpus, recipes, ["speaker_independent"], all_folds, Path(folder), jobs=2)
        taken = time.perf_counter() - started
    rows = [("all heads, RAVDESS, 5 folds x 3 seeds", taken, "s", f"{len(recipes)} heads, two processes")]
    for name, each in measured([way for way in WAYS if way.name in COMPARED]).items():
        single, double = each.pop("furthest"), each.pop("furthest_in_double")
        for how, seconds in each.items():
            rows.append((f"{name}, {how.replace('_', ' ')}", seconds, "s of the processor", "15 trainings, RAVDESS"))
        rows.append(
            (f"{name}, largest difference from a plain loop", single, "logits", "15 trainings, 30 epochs, RAVDESS")
        )
        rows.append((f"{name}, largest difference in double precision", double, "logits", "4 of these"))
    return rows


def equal() -> list[tuple]:
    """By how much each head that was trained beside fourteen others differs from the same trained alone."""
    of = "15 trainings, 30 epochs, RAVDESS"
    return [(f"{name}, largest difference from itself alone", gap, "logits", of) for name, gap in apart().items()]


def vectors(weights: str) -> list[tuple]:
    """Sentences of MELD through a frozen encoder, two processes."""
    command = [sys.executable, str(ROOT / "tests" / "test_speed.py"), "vectors", weights]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    of = f"MELD, {told['utterances']} utterances, two processes"
    rows = [(f"frozen text features, {num} turns before", told[f"a_second_with_history_{num}"]) for num in (0, 3)]
    return [
        *((what, value, "utterances/s", of) for what, value in rows),
        ("frozen text features, memory", told["peak"] / 1e3, "GB", of),
    ]


def tuned(weights: str) -> list[tuple]:
    """Memory of fine-tuning an encoder, one epoch on MELD's training clips, one process."""
    corpus, cut = corpora.load("meld"), Profile("one", (0,), (0,), 1, "one epoch")
    with tempfile.TemporaryDirectory() as folder:
        made = experiments.run(corpus, (fine_tuned(weights, small=True),), ["official"], cut, Path(folder), jobs=1)
        record = read_records(Path(folder), [made.run_id.iloc[0]])[0]
    of = f"MELD, {record['num_clips']['train']} utterances in train, one epoch, one process"
    return [("fine-tuned text, memory", peak() / 1e3, "GB", of)]


PARTS = {"rules": rules, "heads": heads, "equal": equal, "strong": strong}

if __name__ == "__main__":
    weights, *only = sys.argv[1:]
    PARTS |= {"vectors": lambda: vectors(weights), "tuned": lambda: tuned(weights)}
    print("what,value,unit,of", flush=True)
    for name in only or PARTS:
        with redirect_stdout(sys.stderr):
            rows = PARTS[name]()
        for what, value, unit, of in rows:
            print(f'"{what}",{value:.4g},{unit},"{of}"', flush=True)
