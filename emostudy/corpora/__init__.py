"""The corpora of the study. A new one is a module with `load(data_dir, profile)` and a card of the same name."""

from importlib import import_module
from pathlib import Path

from emostudy.corpora.catalogue import CARDS as CARDS
from emostudy.corpora.catalogue import base_of, reading_of
from emostudy.corpora.catalogue import card as card
from emostudy.corpora.catalogue import cards as cards
from emostudy.corpora.catalogue import names as names
from emostudy.corpora.catalogue import read_card as read_card
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.readings import read_as
from emostudy.paths import data_dir as data_dir_of


def is_present(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether the folders that the card asks for are under the data folder. A corpus that needs none is always present."""
    known = card(name)
    all_of, one_of = known.get("folders", []), known.get("any_folder", [])
    if not all_of and not one_of:
        return True
    parent = data_dir_of(data_dir)
    there = {folder for folder in (*all_of, *one_of) if parent is not None and (parent / folder).is_dir()}
    return there >= set(all_of) and (not one_of or bool(there & set(one_of)))


def is_ready(name: str, data_dir: str | Path | None = None, profile: str = "class") -> bool:
    """Whether the corpus can be read at once: it is present, and where it is made here, made."""
    made = getattr(import_module(f"emostudy.corpora.{base_of(name)}"), "is_made", lambda profile: True)
    return is_present(name, data_dir) and made(profile)


def wanted(name: str) -> str:
    """The folders that a corpus needs, in words."""
    known = card(name)
    one_of = " or ".join(known.get("any_folder", []))
    return ", ".join([*known.get("folders", []), *([one_of] if one_of else [])])


def load(name: str, data_dir: str | Path | None = None, profile: str = "class") -> Corpus:
    """Read (or, for EmoSynth, make) a corpus, or one of its readings (`iemocap_4`, `ravdess_common6`).

    Raises:
        ValueError: unknown name, or its folders are not there: the message says which, and how to get them.
    """
    known = card(name)
    if not is_present(name, data_dir):
        parent = data_dir_of(data_dir)
        where = f"under {parent}" if parent else "since no data folder is named"
        raise ValueError(
            f"corpus {name!r} not found {where}: it needs {wanted(name)}. Get it from {known['address']} "
            "and name the parent folder with --data-dir or the variable EMOSTUDY_DATA"
        )
    module = import_module(f"emostudy.corpora.{base_of(name)}")
    corpus = module.load(data_dir_of(data_dir), profile)
    return read_as(corpus, name, known) if reading_of(name) else corpus
