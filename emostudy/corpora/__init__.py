"""The corpora of the study. A new one is a module with `load(data_dir, profile)` and a card of the same name."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath, PureWindowsPath

import yaml

from emostudy.corpora.corpus import Corpus
from emostudy.paths import data_dir as data_dir_of

CARDS = Path(__file__).parent / "cards"
TEXTS = ("title", "citation", "licence", "address", "cluster")
LISTS = ("modalities", "known_faults")


@cache
def cards() -> dict[str, dict]:
    """Every corpus' card by name, in alphabetical order. ValueError for a card that `read_card` refuses."""
    return {path.stem: read_card(path) for path in sorted(CARDS.glob("*.yaml"))}


def read_card(path: Path) -> dict:
    """A card: plain values, no Python objects.

    Raises:
        ValueError: no plain yaml, a key missing or of another type, or a folder that leads out of the data folder.
    """
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"card {path.name} is not plain yaml ({' '.join(str(error).split())[:200]}): mend it"
        ) from None
    for fault in faults(path.stem, found):
        raise ValueError(f"card {path.name}: {fault}; mend it, as in the other cards")
    return found


def faults(name: str, card: object) -> Iterator[str]:
    """What is wrong with a card."""
    if not name.isidentifier():
        yield "its name must be the module's: letters, digits and _"
    if not isinstance(card, dict):
        yield "it holds no `key: value`"
        return
    for key in TEXTS:
        if not isinstance(card.get(key), str) or not card[key].strip():
            yield f"{key} must be a text"
    for key in LISTS:
        if not texts(card.get(key)) or not card[key]:
            yield f"{key} must be a list of texts"
    if not texts(card.get("folders", [])):
        yield "folders must be a list of texts"
    elif outside := [folder for folder in card.get("folders", []) if not inside(folder)]:
        yield f"folder {outside[0]!r} must lie inside the data folder"
    folds = card.get("speaker_folds", [])
    if not isinstance(folds, list) or not all(map(texts, folds)):
        yield 'speaker_folds must be lists of speakers, each in quotes: ["01", "02"]'


def texts(value: object) -> bool:
    """Whether it is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def inside(folder: str) -> bool:
    """Whether a path is a relative one that goes down only, on every system."""
    posix, windows = PurePosixPath(folder), PureWindowsPath(folder)
    return bool(posix.parts) and not windows.anchor and not posix.is_absolute() and ".." not in windows.parts


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


def is_ready(name: str, data_dir: str | Path | None = None, profile: str = "class") -> bool:
    """Whether the corpus can be read at once: it is present, and where it is made here, made."""
    made = getattr(import_module(f"emostudy.corpora.{name}"), "is_made", lambda profile: True)
    return is_present(name, data_dir) and made(profile)


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
