"""Makes the corpus on this machine: draws it, renders each clip, and keeps it only when it is whole."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from emostudy.corpora.emosynth.dialogue import draw_clips
from emostudy.corpora.emosynth.face import FPS, draw_clip
from emostudy.corpora.emosynth.media import write_clip
from emostudy.corpora.emosynth.speakers import Speaker, draw_speakers
from emostudy.corpora.emosynth.tables import load_tables
from emostudy.corpora.emosynth.voice import RATE, say
from emostudy.corpora.emosynth.words import sentence, syllables
from emostudy.paths import is_kept
from emostudy.seeds import seed_of
from emostudy.sources import bare

NO_SOURCES = ("__init__.py", "ceilings.py", "make_tables.py")  # all else in this folder determines the corpus


def make(folder: Path, profile: str, seed: int = 0, jobs: int = 2) -> None:
    """Make `folder` with clips/<clip_id>.mp4, clips.csv, transcripts.csv and version.txt if it is not there.

    The same seed and profile give the same clips, whatever `jobs` is. Work goes on in a folder beside it that
    takes the name when whole, so what was interrupted is never taken for complete.
    """
    if is_current(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent, ignore_cleanup_errors=True) as name:
        made = Path(name) / "made"
        (made / "clips").mkdir(parents=True)
        _write_tables(render_all(made, profile, seed, jobs), made)
        (made / "version.txt").write_text(version())
        _replace(made, folder)


def is_current(folder: Path) -> bool:
    """Whether the folder holds a whole corpus made by this version of the generator."""
    note = folder / "version.txt"
    return is_kept(note) and note.read_bytes() == version().encode()


def version() -> str:
    """A hash of the modules and tables that determine the corpus, without comments and docstrings."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted([*folder.glob("*.py"), folder / "confusions.csv", folder / "lexicon.yaml"]):
        if path.name not in NO_SOURCES:
            text = path.read_text(encoding="utf-8")
            digest.update((bare(text) if path.suffix == ".py" else text).encode())
    return digest.hexdigest()[:16]


def render_all(folder: Path, profile: str, seed: int, jobs: int) -> pd.DataFrame:
    """Draw the clip table, render every clip into folder/clips; the table with what only rendering tells."""
    rng = np.random.default_rng(seed_of("emosynth", seed, "dialogues"))
    clips = draw_clips(profile, load_tables(), rng)
    speakers = draw_speakers(dict(zip(clips["speaker"], clips["gender"], strict=True)), seed)
    clips["skin"] = [round(speakers[s].face.skin, 3) for s in clips["speaker"]]
    work = (delayed(render)(clip, speakers[clip.speaker], folder, seed) for clip in clips.itertuples())
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    bar = tqdm(done, total=len(clips), desc=f"EmoSynth {profile}", unit="clip", leave=False, mininterval=1.0)
    rendered = pd.DataFrame(bar)
    return clips.join(rendered)


def render(clip, speaker: Speaker, folder: Path, seed: int) -> dict:
    """Render a row of the clip table to folder/clips/<clip_id>.mp4; its text, seconds and hash of content."""
    rng = np.random.default_rng(seed_of("emosynth", seed, clip.clip_id))
    text = sentence(clip.shows_text, rng)
    wave = say(clip.shows_speech, clip.intensity, speaker, syllables(text), rng)
    frames = draw_clip(clip.shows_face, clip.intensity, speaker.face, mouth_open(wave), rng)
    write_clip(folder / "clips" / f"{clip.clip_id}.mp4", frames, wave, RATE, FPS)
    return {"text": text, "start": 0.0, "end": len(wave) / RATE, "content": _content(frames, wave)}


def mouth_open(wave: np.ndarray) -> np.ndarray:
    """How far the lips are open in each frame, from the voice's loudness: (N,) samples -> (T,) in [0, 1].

    Loudness is taken relative to the clip's own, or the face would tell what only the voice shows.
    """
    centres = (np.arange(int(np.ceil(len(wave) / RATE * FPS))) + 0.5) * RATE / FPS
    energy = np.concatenate([[0.0], np.cumsum(wave.astype(float) ** 2)])
    low, high = (np.clip(centres + side * 0.03 * RATE, 0, len(wave)).astype(int) for side in (-1, 1))
    loudness = np.sqrt((energy[high] - energy[low]) / np.maximum(high - low, 1))
    return np.clip(1.1 * loudness / np.percentile(loudness, 95) - 0.15, 0, 1)


def _content(frames: np.ndarray, wave: np.ndarray) -> str:
    """A hash of what was rendered and not of the file, whose bytes depend on the codec's version."""
    rounded = np.round(wave * 1000).astype(np.int16)
    return hashlib.sha256(frames.tobytes() + rounded.tobytes()).hexdigest()[:16]


def _write_tables(clips: pd.DataFrame, folder: Path) -> None:
    clips[["clip_id", "text"]].to_csv(folder / "transcripts.csv", index=False)
    clips.drop(columns="text").to_csv(folder / "clips.csv", index=False)


def _replace(made: Path, folder: Path) -> None:
    """Put the new corpus in the old one's place; if another process was faster, its corpus is as good."""
    if folder.exists() and not is_current(folder):
        folder.rename(made.with_name("outdated"))  # goes with the temporary folder
    try:
        made.rename(folder)
    except OSError:  # a folder that is not empty cannot be replaced
        if not is_current(folder):
            raise
