"""JAFFE, CK+48 and faces in class folders as one: what system F trained its image CNN on. The card names them."""

from pathlib import Path

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.joining import join


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read them, as `joining.join`."""
    return join("face_mix", data_dir, profile)
