"""The corpora of the study. A new one is a module with `load(data_dir, profile)` and a card of the same name."""

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path

import yaml

from emostudy.corpora.corpus import Corpus
from emostudy.paths import data_dir as data_dir_of

CARDS = Path(__file__).parent / "cards"


@cache
def cards() -> dict[str, dict]:
    """Every corpus' card by name, in alphabetical order."""
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(CARDS.glob("*.yaml"))}


def card(name: str) -> dict:
    """The card of one corpus; a ValueError with the nearest known names where there is none."""
    if name not in cards():
        near = get_close_matches(name, cards(), n=3, cutoff=0) or list(cards())
        raise ValueError(f"unknown corpus {name!r}; did you mean {' or '.join(near)}?")
    return cards()[name]


def is_present(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether the folders that the card asks for are under the data folder. A corpus that needs none is always present."""
    folders = card(name).get("folders", [])
    parent = data_dir_of(data_dir)
    return not folders or (parent is not None and all((parent / folder).is_dir() for folder in folders))


def load(name: str, data_dir: str | Path | None = None, profile: str = "class") -> Corpus:
    """Read (or, for EmoSynth, make) a corpus.

    Raises:
        ValueError: unknown name, or its folders are not there: the message says which, and how to get them.
    """
    known = card(name)
    if not is_present(name, data_dir):
        parent = data_dir_of(data_dir)
        where = f"under {parent}" if parent else "since no data folder is named"
        raise ValueError(
            f"corpus {name!r} not found {where}: it needs {', '.join(known['folders'])}. Get it from {known['address']} "
            "and name the parent folder with --data-dir or the variable EMOSTUDY_DATA"
        )
    return import_module(f"emostudy.corpora.{name}").load(data_dir_of(data_dir), profile)
