"""A corpus many times larger: memory must not grow with it, and time no faster than it.

Each size is measured in a process of its own, for memory that was once used is not given back. By hand:
`python tests/test_scale.py extraction 20000 FOLDER`.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
NUM_VALUES = 12_500  # float32 each clip: 50 kB
STATUS = Path("/proc/self/status")


def peak(status: Path = STATUS) -> float:
    """Largest resident memory of a process so far, in MB.

    Not `getrusage`: a child's begins at its parent's peak, here that of pytest with torch, and would hide everything.
    """
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def loud(cell: str, start: float, end: float) -> np.ndarray:
    """A feature that is cheap and large: the sound of 0.1 s, again and again, as (NUM_VALUES,) float32."""
    import soundfile

    return np.resize(soundfile.read(cell, dtype="float32")[0], NUM_VALUES)


def sounds(num: int, folder: Path) -> pd.DataFrame:
    """A clip table of `num` files of 0.1 s: noise that is the same, and a number that is not."""
    import soundfile

    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, 800)
    for number in range(num):
        noise[:2] = divmod(number, 1000)
        soundfile.write(folder / f"{number:05}.wav", noise / 1000, 8000, subtype="FLOAT")
    clip_ids = [f"clip_{number:05}" for number in range(num)]
    clips = {
        "clip_id": clip_ids,
        "audio": [str(folder / f"{number:05}.wav") for number in range(num)],
        "emotion": "joy",
    }
    return pd.DataFrame(clips).assign(speaker="a", gender="", dialogue="", turn=0, split="", start=np.nan, end=np.nan)


def extraction(num: int, folder: Path) -> dict:
    """Time and memory of extracting a large feature from `num` clips, with two processes, and of reading it back."""
    from emostudy.corpora.corpus import Corpus
    from emostudy.features import Feature
    from emostudy.features.extract import extract

    corpus = Corpus("toy", ("joy",), {}, sounds(num, folder / "sounds"))
    feature = Feature("loud", "audio", loud)
    extract(Corpus("toy", ("joy",), {}, corpus.clips[:64]), feature, jobs=2, progress=False)  # starts the workers
    before, started = peak(), time.perf_counter()
    extracted = extract(corpus, feature, jobs=2, progress=False)
    seconds, grown = time.perf_counter() - started, peak() - before
    children = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    workers = [peak(Path(f"/proc/{pid}/status")) for pid in children]
    started = time.perf_counter()
    extract(corpus, feature, jobs=2, progress=False)
    again = time.perf_counter() - started
    return {
        "num": len(extracted.clip_ids),
        "values": extracted.values.nbytes / 2**20,
        "seconds": seconds,
        "again": again,
        "before": before,
        "grown": grown,
        "grown_again": peak() - before,
        "workers": workers,
    }


def unimodal_runs(num: int, folder: Path) -> list[str]:
    """Write made-up runs of three modalities, five folds and both protocols on `num` clips; their ids."""
    from emostudy import predictions as preds

    emotions = np.array(EMOTIONS)
    clips = pd.DataFrame({"clip_id": [f"clip_{n:05}" for n in range(num)], "emotion": emotions[np.arange(num) % 6]})
    clips = clips.assign(speaker=[f"s{n // 50:03}" for n in range(num)])
    rng, run_ids = np.random.default_rng(0), []
    for protocol, fold_of in (("random", rng.permutation(num) % 5), ("speaker_independent", np.arange(num) // 50 % 5)):
        for modality, fold in product(("face", "speech", "text"), range(5)):
            head = {"run_id": f"{protocol}-{modality}-{fold}", "corpus": "toy", "protocol": protocol, "fold": fold}
            head |= {
                "seed": 0,
                "recipe": f"net of {modality}",
                "title": "Net",
                "modalities": modality,
                "condition": "none",
            }
            frames = []
            for part, held in (("dev", (fold + 1) % 5), ("test", fold)):
                rows = clips[fold_of == held]
                probabilities = rng.dirichlet(np.ones(6), len(rows))
                frames.append(preds.frame(head, rows, part, probabilities, EMOTIONS))
            about = {"pretrained": "none", "fitted": {"num_parameters": 10}}
            preds.write_run(folder, pd.concat(frames, ignore_index=True), head | about)
            run_ids.append(head["run_id"])
    return run_ids


def fusion(num: int, folder: Path) -> dict:
    """Time and memory of fusing predictions on `num` clips, from disk to disk, and how large all of it is together."""
    from emostudy import predictions as preds
    from emostudy.fusing import fuse_runs
    from emostudy.recipes.decision import RULES

    small = unimodal_runs(250, folder / "first")
    fuse_runs(small, RULES[:1], EMOTIONS, folder / "first")  # loads what is loaded once
    run_ids = unimodal_runs(num, folder)
    before, started = peak(), time.perf_counter()
    fused = fuse_runs(run_ids, RULES[:2], EMOTIONS, folder)
    seconds, grown = time.perf_counter() - started, peak() - before
    size = sum(preds.read_runs(folder, [run_id]).memory_usage(deep=True).sum() for run_id in fused)
    return {"num": num, "values": size / 2**20, "seconds": seconds, "before": before, "grown": grown}


def measured(what: str, num: int, folder: Path) -> dict:
    environ = os.environ | {"PYTHONPATH": str(ROOT), "EMOSTUDY_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, what, str(num), str(folder / "made")]
    done = subprocess.run(command, env=environ, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not STATUS.is_file(), reason="peak memory is read from /proc, which is Linux'")
@pytest.mark.parametrize(("what", "bound"), [("extraction", 12), ("fusion", 15)])
def test_memory_does_not_grow_with_the_corpus_and_time_no_faster(what, bound, tmp_path):
    """From 500 to 4 000 clips: less than `bound` MB more, while what is made grows by much more than that."""
    few, many = (measured(what, num, tmp_path / str(num)) for num in (500, 4000))
    shutil.rmtree(tmp_path)
    assert many["values"] - few["values"] > 1.2 * bound
    assert many["grown"] - few["grown"] < bound, (few, many)
    assert many["seconds"] / 4000 < 4 * few["seconds"] / 500, (few, many)
    if what == "extraction":
        assert many["values"] - few["values"] > 10 * bound and len(many["workers"]) >= 2
        assert sum(many["workers"]) - sum(few["workers"]) < 2 * bound, (few, many)
        assert many["grown_again"] - few["grown_again"] < bound and many["again"] / 4000 < 4 * few["again"] / 500


if __name__ == "__main__":
    what, num, folder = sys.argv[1:]
    print(json.dumps({"extraction": extraction, "fusion": fusion}[what](int(num), Path(folder))))
