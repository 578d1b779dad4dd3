"""RAVDESS, TESS and EmoSynth as one, the voices: what is learned of one, is it true of another? The card names them."""

from pathlib import Path

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.joining import are_made, join


def is_made(profile: str) -> bool:
    """Whether EmoSynth is there."""
    return are_made("across", profile)


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read them, as `joining.join`."""
    return join("across", data_dir, profile)
