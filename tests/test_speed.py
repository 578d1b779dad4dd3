"""How fast speech features are against the plain loop, and what a long film costs in memory.

The whole of RAVDESS with two processes, by hand: `python tests/test_speed.py extraction`. Peak memory is measured in a process
of its own for each reading: `python tests/test_speed.py sound FILM START`. All of MELD through a frozen encoder of text, with two
processes: `python tests/test_speed.py vectors FOLDER`. The whole study at `class`, nothing cached and then with nothing changed:
`python tests/test_speed.py study CACHE > results/machines/class_seconds.csv`, in a clone of its own with nothing else running.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from test_scale import ROOT, STATUS, peak

from emostudy import corpora
from emostudy.features import Feature
from emostudy.features.extract import extract
from emostudy.features.faces import face_crops, frame_times, half_frames
from emostudy.features.media import BadMedia, duration, read_audio, read_frames
from emostudy.features.speech import RATE, mfcc_mean

NAN = float("nan")
FPS, SIDE = 10, 48
SHORT, LONG = 20, 600  # seconds
BOUND = 8  # MB; the long film decoded is 40 MB of frames and 37 MB of sound


def plain(path: str) -> np.ndarray:
    """What everyone writes: 40 averaged MFCCs with librosa alone."""
    from emostudy.features.librosa_once import librosa

    wave, _ = librosa.load(path, sr=RATE)
    return librosa.feature.mfcc(y=wave, sr=RATE, n_mfcc=40).mean(1)


def ours(path: str) -> np.ndarray:
    return mfcc_mean(path, NAN, NAN)


@pytest.mark.skipif(not corpora.is_present("ravdess"), reason="ravdess is not there: set EMOSTUDY_DATA")
def test_speech_features_are_the_plain_loops_and_one_process_alone_is_faster():
    """Two processes then take half of that or less; least of five rounds, in seconds of the processor, not of the clock."""
    paths = corpora.load("ravdess").clips.audio[::24].tolist()
    seconds: dict = {plain: [], ours: []}
    for _ in range(5):
        for function, taken in seconds.items():
            started = time.process_time()
            values = [function(path) for path in paths]
            taken.append(time.process_time() - started)
            if function is plain:
                wanted = np.stack(values)
    assert np.abs(np.stack(values) - wanted).max() < 1e-4
    assert min(seconds[ours]) < 0.85 * min(seconds[plain]), seconds


def extraction() -> dict:
    """Seconds of the clock and of the processor, for all of RAVDESS: the plain loop, `extract`, and both once more.

    The first `extract` holds the start of its workers, the second does not.
    """
    clips = corpora.load("ravdess")
    loading, _ = timed(lambda: plain(clips.clips.audio[0]))  # librosa's import, which no other figure holds
    first, wanted = timed(lambda: np.stack([plain(path) for path in clips.clips.audio]))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EMOSTUDY_CACHE"] = folder
        features = [Feature(name, "audio", mfcc_mean) for name in ("cold", "warm")]  # another name: another cache
        cold, found = timed(lambda: np.array(extract(clips, features[0], jobs=2, progress=False).values))
        again, _ = timed(lambda: np.stack([plain(path) for path in clips.clips.audio]))
        warm, _ = timed(lambda: extract(clips, features[1], jobs=2, progress=False))
    seconds = {
        "librosa_loading": loading,
        "plain": first,
        "extract_cold": cold,
        "plain_again": again,
        "extract_warm": warm,
    }
    return {"clips": len(found), "largest_difference": float(np.abs(found - wanted).max()), "seconds": seconds}


def vectors(weights: str) -> dict:
    """Utterances of MELD a second by the clock, a sentence and a sentence with three turns before it; MB of memory at most."""
    from emostudy.recipes.sentences import vectors as feature_of

    clips = corpora.load("meld")
    found = {"utterances": len(clips)}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EMOSTUDY_CACHE"] = folder
        for history in (0, 3):
            feature = feature_of(weights, "mean", history)
            seconds, _ = timed(lambda feature=feature: extract(clips, feature, jobs=2, progress=False))
            found[f"a_second_with_history_{history}"] = len(clips) / seconds["clock"]
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return found | {"peak": sum(peak(Path(f"/proc/{process.pid}/status")) for process in processes)}


def timed(function) -> tuple[dict, np.ndarray]:
    before, started = processor(), time.perf_counter()
    value = function()
    return {"clock": time.perf_counter() - started, "processor": processor() - before}, value


def processor() -> float:
    """Seconds of the processor that this process and its children have used."""
    me = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (me, *me.children(recursive=True)))


def frames(film: str, start: float) -> int:
    return len(read_frames(film, frame_times(film, 5, 0.0, start + 2)))


def sound(film: str, start: float) -> int:
    return len(read_audio(film, start, start + 2))


def whole_sound(film: str, start: float) -> int:
    return len(read_audio(film))


def length(film: str, start: float) -> float:
    return duration(film)


def halves(film: str, start: float) -> int:
    return len(half_frames(f"{film}#left", start, start + 2, num_frames=3))


def faces(film: str, start: float) -> str:
    try:
        return str(face_crops(film, 5, 48, 0.0, start + 2).shape)
    except BadMedia as error:  # noise shows no face
        return str(error)


READINGS = {f.__name__: f for f in (frames, sound, whole_sound, length, halves, faces)}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Noise of 20 seconds and of 10 minutes: films, and the sound of each alone."""
    import soundfile

    from emostudy.corpora.emosynth.media import write_clip

    folder, rng = tmp_path_factory.mktemp("films"), np.random.default_rng(0)
    for seconds in (SHORT, LONG):
        pictures = (
            rng.integers(0, 256, (1, SIDE, SIDE, 3), dtype=np.uint8)
            // np.arange(1, 11, dtype=np.uint8)[:, None, None, None]
        )
        film = np.broadcast_to(pictures[None], (seconds, FPS, SIDE, SIDE, 3)).reshape(-1, SIDE, SIDE, 3)
        wave = rng.normal(0, 0.1, seconds * RATE).astype(np.float32)
        write_clip(folder / f"{seconds}.mp4", film, wave, fps=FPS)
        soundfile.write(folder / f"{seconds}.flac", wave, RATE)
    return folder


def peak_of(reading: str, film: Path, start: float) -> float:
    environ = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, reading, str(film), str(start)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["grown"]


@pytest.mark.skipif(not STATUS.is_file(), reason="peak memory is read from /proc, which is Linux'")
@pytest.mark.parametrize("suffix", ["mp4", "flac"])
@pytest.mark.parametrize("reading", ["frames", "sound", "length", "halves", "faces", "whole_sound"])
def test_memory_does_not_grow_with_the_length_of_a_film(films, reading, suffix):
    if suffix == "flac" and reading not in ("sound", "length", "whole_sound"):
        pytest.skip("sound alone has no frames")
    short, long = (peak_of(reading, films / f"{s}.{suffix}", s - 5.0) for s in (SHORT, LONG))
    if reading == "whole_sound":  # what is asked for grows: so the measure sees what grows
        assert long - short > 3 * BOUND
    else:
        assert long - short < BOUND, (short, long)


def study(cache: str) -> str:
    """What `run` takes, as csv: `what, seconds, peak_mb`, for each notebook, in all with nothing cached, and with nothing changed.

    Peak memory is the largest sum over all processes, looked at twice a second; what they share counts several times.
    """
    environ, rows = os.environ | {"EMOSTUDY_CACHE": cache, "TQDM_DISABLE": "1"}, []
    for what, option in (("nothing cached", ["--fresh"]), ("nothing changed", [])):
        command = [sys.executable, "-m", "emostudy", "run", "--jobs", "2", *option]
        seconds, memory, told = watched(command, environ)
        done = re.findall(r"(\d\d_\w+): done in (\d+) s", told)
        rows += [*((slug, taken, "") for slug, taken in done), (what, round(seconds), round(memory))]
    return "\n".join(["what,seconds,peak_mb", *(",".join(map(str, row)) for row in rows)])


def watched(command: list[str], environ: dict) -> tuple[float, float, str]:
    """Seconds, MB at the peak, and what was printed."""
    started, most = time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(command, env=environ, stdout=told, stderr=subprocess.STDOUT, cwd=ROOT)
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                everyone = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                most = max(most, sum(one.memory_info().rss for one in everyone))
            time.sleep(0.5)
        told.seek(0)
        printed = told.read()
    if process.returncode:
        raise RuntimeError(printed[-2000:])
    return time.monotonic() - started, most / 1e6, printed


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "extraction":
        print(json.dumps(extraction(), indent=1))
    elif what == "vectors":
        print(json.dumps(vectors(given[0]), indent=1))
    elif what == "study":
        print(study(given[0]))
    else:
        before = peak()
        answer = READINGS[what](given[0], float(given[1]))
        print(json.dumps({"grown": peak() - before, "answer": answer}))
