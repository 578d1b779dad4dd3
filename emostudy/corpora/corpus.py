"""A corpus: one row per clip, the emotions in a fixed order, a card, and what was left out and why."""

import hashlib
import os
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd

COLUMNS = ("clip_id", "emotion", "speaker", "gender", "dialogue", "turn", "split", "start", "end")
MEDIA = (
    "audio",
    "video",
    "image",
    "text",
    "action_units",
    "votes",
    "face_features",
    "speech_features",
    "text_features",
)
# Of media that recipes read:
MODALITY_OF = {
    "video": "face",
    "image": "face",
    "action_units": "face",
    "audio": "speech",
    "text": "text",
    "votes": "votes",
}
SEVERAL = "|"  # between the emotions of a clip that has several
# A part of a file: a row of a table, an entry of an archive, half of a picture. A folder's name may hold a # too.
FILE_AND_KEY = re.compile(r"(.*\.(?:csv|csd|pkl|avi|mp4))#(.+)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Corpus:
    """Clips of one corpus.

    Args:
        name: the corpus' name, as on the command line.
        emotions: ordered; position in this tuple is the class number everywhere.
        card: licence, citation, cluster unit, folds and known faults (`cards/<name>.yaml`).
        clips: one row per clip, with all of `COLUMNS`, a column per medium in `MEDIA` that the corpus has
            (a missing cell is a missing modality), and whatever else the corpus knows. Where the card says `multi_label`,
            a clip's emotions are joined by `SEVERAL`.
        left_out: `file, reason`, one row per file that did not become a clip.
        found: `counts` of the clips before duplicates were set aside; None where it was not told.

    Raises:
        ValueError: where a column is missing, a clip id stands twice, or an emotion is unknown.
    """

    name: str
    emotions: tuple[str, ...]
    card: dict
    clips: pd.DataFrame
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["file", "reason"]))
    found: dict | None = None

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.clips]
        if missing:
            raise ValueError(f"{self.name}: the clip table lacks {missing}; every corpus has {list(COLUMNS)}")
        twice = self.clips.clip_id[self.clips.clip_id.duplicated()]
        if len(twice):
            raise ValueError(f"{self.name}: clip_id {twice.iloc[0]} stands twice; clip ids must be unique")
        unknown = sorted(
            {label for cell in self.clips.emotion.unique() for label in self.labels(cell)} - set(self.emotions)
        )
        if unknown:
            raise ValueError(f"{self.name}: unknown emotion {unknown[0]!r}; known are {list(self.emotions)}")
        object.__setattr__(self, "clips", self.clips.sort_values("clip_id").reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.clips)

    def labels(self, cell: str) -> list[str]:
        """The emotions in a cell of the column `emotion`: one, or where the card says `multi_label`, one or more."""
        return cell.split(SEVERAL) if self.card.get("multi_label") else [cell]

    def label_matrix(self) -> np.ndarray:
        """Which emotions each clip has, (N, C) bool."""
        return np.array([[emotion in self.labels(cell) for emotion in self.emotions] for cell in self.clips.emotion])

    @property
    def media(self) -> tuple[str, ...]:
        """The media that at least one clip has."""
        return tuple(medium for medium in MEDIA if medium in self.clips and self.clips[medium].notna().any())

    @property
    def modalities(self) -> tuple[str, ...]:
        """Those of face, speech, text and raters' votes of which a medium is here that recipes read; the card tells what was published."""
        return tuple(dict.fromkeys(modality for medium, modality in MODALITY_OF.items() if medium in self.media))

    def with_target(self, column: str) -> "Corpus":
        """The same clips with another column as the emotion to be recognised, e.g. `shows_face` in EmoSynth."""
        if column not in self.clips:
            raise ValueError(f"{self.name} has no column {column!r}; it has {sorted(self.clips)}")
        return replace(self, clips=self.clips.assign(emotion=self.clips[column]))

    def without(self, *left_out: pd.DataFrame) -> "Corpus":
        """The corpus less the clips named in `left_out` (`clip_id, file, reason`), which joins the list of files left out."""
        if not left_out:
            return self
        named = pd.concat(left_out)
        clips = self.clips[~self.clips.clip_id.isin(named.clip_id)]
        return replace(self, clips=clips, left_out=pd.concat([self.left_out, named[["file", "reason"]]]))

    def fingerprint(self) -> str:
        """A hash of what the clips are and hold, whatever folder they lie in.

        Clips of a corpus that is made here may tell their content in a column `content`; of all others every file is read.
        """
        described = [column for column in self.clips if column not in MEDIA or column == "text"]
        digest = hashlib.sha256(self.clips[sorted(described)].to_csv(index=False).encode())
        told = self.card.get("access") == "made here" and "content" in self.clips
        unknown = self.clips[self.clips.content.isna()] if told else self.clips
        for medium in sorted(set(self.media) - {"text"}):
            for cell in unknown[medium].dropna():
                digest.update(file_hash(cell).encode())
        return digest.hexdigest()[:16]


def counts(clips: pd.DataFrame) -> dict:
    """How many clips and speakers there are, and clips of each emotion: `{"clips": 1440, "speakers": 24, "emotions": {...}}`."""
    emotions = clips.emotion.str.split(SEVERAL, regex=False).explode().value_counts()
    num_speakers = int(clips.speaker[clips.speaker != ""].nunique())
    return {"clips": len(clips), "speakers": num_speakers, "emotions": {str(k): int(v) for k, v in emotions.items()}}


def file_and_key(cell: str) -> tuple[str, str]:
    """The file in a clip table's cell, and the part of it: `path` and "", or of `path.csv#row` and `path.avi#left` both."""
    found = FILE_AND_KEY.fullmatch(cell)
    return found.groups() if found else (cell, "")


def file_hash(cell: str) -> str:
    """SHA-256 of the bytes of the file in a clip table's cell."""
    path = file_and_key(cell)[0]
    status = os.stat(path)
    return _bytes_hash(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=200_000)
def _bytes_hash(path: str, modified: int, size: int) -> str:
    with open(path, "rb") as file:  # in blocks: a film is larger than memory
        return hashlib.file_digest(file, "sha256").hexdigest()
