"""IEMOCAP, full release: ten actors in five sessions of two, 151 dialogues, 10 039 rated turns; voice, picture, words.

Layout as released, under `IEMOCAP_full_release` (in the data folder itself or in a folder `iemocap` or `IEMOCAP`):
`Session<1-5>/dialog/EmoEvaluation/Ses01F_impro01.txt` (needed: labels and times), `dialog/transcriptions/Ses01F_impro01.txt`,
`dialog/avi/DivX/Ses01F_impro01.avi` and `sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav` (or .flac).

In `Ses01F_impro01_M003` the letter after the session tells which actor wears the motion-capture markers (the release's README), and
the first letter of the last part who speaks. The films show both actors side by side; we read, as system I does, that the one
with the markers sits on the left. So M speaks here on the right: `side`. The wav is the turn alone while the film is the whole
dialogue: `start` and `end` stay unknown (the whole wav), the turn's times are `from` and `to` (s), and the film's cell holds side
and times: `<film>.avi#right@12.34-15.60`.
"""

from pathlib import Path

import pandas as pd

from emostudy.corpora.catalogue import card
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.iemocap_evaluation import LABELS, Told, read_turns, read_words
from emostudy.corpora.table import at_most, corpus_of, told, unreadable

EMOTIONS = tuple(LABELS.values())
SESSIONS = [f"Session{number}" for number in range(1, 6)]
RELEASE = "IEMOCAP_full_release"


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the ratings, join words, wavs and films. Every profile holds all turns but `smoke`: four of each speaker and emotion.

    Raises:
        ValueError: no rated dialogue.
    """
    release = find_release(data_dir)
    clips, left_out = read_dialogues(release)
    if not clips:
        because = f"; {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
        raise ValueError(
            f"no rated turn in Session*/dialog/EmoEvaluation/Ses*.txt under {release}{because}: unpack the full release there"
        )
    clips = pd.DataFrame(clips)
    joined = [join_words(clips, release), join_wavs(clips, release), join_films(clips, release)]
    clips = clips.assign(**{medium: cells for medium, cells, _ in joined if cells})
    left_out += [one for _, _, bad in joined for one in bad]
    if profile == "smoke":
        clips = at_most(clips, 4, "speaker", "emotion")
    return corpus_of("iemocap", EMOTIONS, clips, left_out, once="audio" if "audio" in clips else "")


def find_release(data_dir: Path) -> Path:
    """The folder that holds Session1 to Session5."""
    parents = [data_dir / name for name in card("iemocap")["any_folder"]]
    places = [place for parent in parents for place in (parent, parent / RELEASE)]
    return next((place for place in places if any((place / one).is_dir() for one in SESSIONS)), data_dir / RELEASE)


def visible(release: Path, pattern: str) -> list[Path]:
    """Files of all sessions, without the hidden ones (`._*`) that a Mac left in the archive."""
    return [path for one in SESSIONS for path in sorted((release / one).glob(pattern)) if path.name[0] != "."]


def read_dialogues(release: Path) -> tuple[list[dict], Told]:
    """The turns of all dialogues."""
    rows, left_out = [], []
    for path in visible(release, "dialog/EmoEvaluation/*.txt"):
        found, bad = read_turns(path)
        rows += found
        left_out += bad
    return rows, left_out


def join_words(clips: pd.DataFrame, release: Path) -> tuple[str, list, Told]:
    """Words of each turn; turns that nobody rated, such as `Ses03F_impro06_FXX0`, are named as left out."""
    words, left_out = {}, []
    for path in visible(release, "dialog/transcriptions/*.txt"):
        found, bad = read_words(path)
        words |= found
        left_out += bad
    if not words:
        return "text", [], [*left_out, ("transcriptions", "no words found: turns without text")]
    rated = set(clips.clip_id)
    left_out += [(turn, "in the transcriptions, but not rated") for turn in sorted(set(words) - rated)]
    left_out += [(turn, "no words in the transcriptions; the turn stays") for turn in sorted(rated - set(words))]
    return "text", [words.get(clip) for clip in clips.clip_id], left_out


def join_wavs(clips: pd.DataFrame, release: Path) -> tuple[str, list, Told]:
    """The wav or flac of each turn."""
    paths = [path for path in visible(release, "sentences/wav/*/*") if path.suffix.lower() in (".wav", ".flac")]
    return "audio", *file_of(clips.clip_id, paths, "sound of a turn")


def join_films(clips: pd.DataFrame, release: Path) -> tuple[str, list, Told]:
    """The film of each turn's dialogue, with the speaker's side and the turn's times: `<film>.avi#left@6.2901-8.2357`."""
    films, left_out = file_of(clips.dialogue, visible(release, "dialog/avi/DivX/*.avi"), "film of a dialogue")
    turns = zip(films, clips.side, clips["from"], clips["to"], strict=True) if films else []
    return "video", [film and f"{film}#{side}@{start:.4f}-{end:.4f}" for film, side, start, end in turns], left_out


def file_of(names: pd.Series, paths: list[Path], kind: str) -> tuple[list[str | None], Told]:
    """A file for each name, None where it cannot be used; no cells at all where there is no file of this kind."""
    if not paths:
        return [], [(RELEASE, f"no {kind} at all; the turns stay")]
    known, usable, left_out = set(names), {}, []
    for path in paths:
        reason = unreadable(path) or ("" if path.stem in known else f"{kind} that nobody rated")
        if not reason and path.stem in usable:
            reason = f"a second {kind}; {Path(usable[path.stem]).name} is used"
        if reason:
            left_out.append((told(path), reason))
        else:
            usable[path.stem] = str(path)
    left_out += [(name, f"no {kind} to use; what else there is stays") for name in sorted(known - set(usable))]
    return [usable.get(name) for name in names], left_out
