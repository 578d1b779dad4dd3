"""Who says no: what the guard says to splits that break their word, and what is found of near copies that it cannot see."""

from collections.abc import Callable
from dataclasses import replace
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd
import soundfile

from emostudy import near
from emostudy.corpora.corpus import Corpus
from emostudy.features.media import read_audio
from emostudy.protocols import Split, guard, splits
from emostudy.wording import protocol_title


def refused(corpus: Corpus, allowed: list[str]) -> pd.DataFrame:
    """What the guard says to splits that break their word: `protocol, shared, said`, a row per column that some protocol keeps apart.

    Into train comes a test clip, or of a protocol that keeps speakers apart (sentences, dialogues) one of several clips of a test speaker.
    """
    rows, known = [], {}
    for protocol in allowed:
        for split in splits(corpus, protocol, (0,)):
            known.setdefault("clip_id", (protocol, replace(split, train=(*split.train, split.test[0]))))
            for column in split.keeps_apart:
                moved = next((clip for clip in split.test if _has_company(clip, split, corpus, column)), None)
                if moved is not None and column in corpus.clips:
                    test = tuple(clip for clip in split.test if clip != moved)
                    known.setdefault(column, (protocol, replace(split, train=(*split.train, moved), test=test)))
    for column, (protocol, broken) in known.items():
        rows.append((protocol_title(protocol), column, told(guard, broken, corpus)))
    return pd.DataFrame(rows, columns=["protocol", "shared", "said"])


def _has_company(clip: str, split: Split, corpus: Corpus, column: str) -> bool:
    """Whether another test clip has the same value of a column."""
    if column not in corpus.clips:
        return False
    values = corpus.clips.set_index("clip_id")[column].loc[list(split.test)]
    return int((values == values[clip]).sum()) > 1


def told(refuse: Callable, *arguments) -> str:
    """The words of the ValueError that a call raises, "" where it raises none."""
    try:
        refuse(*arguments)
    except ValueError as error:
        return str(error)
    return ""


def too_small_for(cut: Callable, corpus: Corpus, protocols: list[str], folds: tuple[int, ...]) -> str:
    """Why a sample cannot be learned from, "" where it can."""
    for protocol in protocols:
        for split in splits(corpus, protocol, folds):
            if reason := told(guard, cut(split, corpus), corpus):
                return reason
    return ""


def found_near(corpus: Corpus) -> pd.DataFrame:
    """What `audit` finds of a near copy, and of another clip: `medium, copy, copy_found, other_found`, a row per medium at hand.

    The copy is of the first clip that has the medium, the other clip is the next.
    """
    rows = []
    for medium, (copy, pairs_of) in NEAR.items():
        clips = corpus.clips.dropna(subset=[medium]).drop_duplicates(medium) if medium in corpus.media else []
        if len(clips) > 1:
            pairs = pairs_of(clips.iloc[0], clips.iloc[1]).tolist()
            rows.append((medium, copy, [0, 1] in pairs, [0, 2] in pairs))
    return pd.DataFrame(rows, columns=["medium", "copy", "copy_found", "other_found"])


def _texts(clip: pd.Series, other: pd.Series) -> np.ndarray:
    """Pairs among a text, its copy and another one."""
    copy = clip.text.upper().rstrip(".!?")[:-1]
    return near.like_texts([near.normalised(text) for text in (clip.text, copy, other.text)])


def _sounds(clip: pd.Series, other: pd.Series) -> np.ndarray:
    """Pairs among a recording, its copy and another one."""
    with TemporaryDirectory() as folder:
        soundfile.write(f"{folder}/copy.wav", 0.25 * read_audio(clip.audio, clip.start, clip.end), 16_000)
        copy = near.sound_signature(f"{folder}/copy.wav", None, None)
    first, second = (near.sound_signature(one.audio, one.start, one.end) for one in (clip, other))
    return near.like_sounds(np.stack([first, copy, second]))


def _pictures(clip: pd.Series, other: pd.Series) -> np.ndarray:
    """Pairs among a picture, its copy and another one."""
    first, second = (near.picture(one.image) for one in (clip, other))
    copy = cv2.resize(first, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return near.like_pictures(np.stack([near.difference_hash(one) for one in (first, copy, second)]))


NEAR = {
    "text": ("in capitals, without its last letter", _texts),
    "audio": ("a quarter as loud, in 16 bits", _sounds),
    "image": ("half as wide and high", _pictures),
}
