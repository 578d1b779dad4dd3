"""Cards: what is known of each corpus before a file of it is read. `<name>.yaml`, one per corpus, is all that names it."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath

import yaml

from emostudy.corpora.vocabularies import readings_of

CARDS = Path(__file__).parent / "cards"
ACCESS = ("made here", "free download", "on request", "your own")
TEXTS = ("title", "about", "citation", "licence", "address", "cluster", "metric")
LISTS = ("modalities", "languages", "emotions", "known_faults", "protocols")
# How a corpus is judged where its card says nothing else: names of protocols.PROTOCOLS, and one of intervals.OVERALL
# (of several_metrics.OVERALL where clips may have several labels).
USUAL = {"protocols": ["random", "speaker_independent"], "metric": "UAR"}
# `in_their_way`: systems that rebuild a printed number and that, at a profile with further systems, run in its authors' own way to
# split too, which is none of the corpus' protocols: for tables of claims alone, whoever else runs.
# `once`: costly systems that run with one seed, at a profile with further systems: under the honest protocol, in the first
# `once_folds` folds where the card says so, and in one fold of a random split.
# `costly`: further systems that take minutes a fold, trained under the honest protocol alone, and as they are; in no fusion.
# `spoilt_folds`: in how many folds notebook 08 spoils test clips at a profile with further systems: features of spoilt media take an
# hour for thousands of films.
# `augmented`: of which modalities notebook 07 varies the training clips, and in how many folds; of all and in every one, where the card
# does not say: eight networks take minutes each in every fold.
# `vectors`: what notebook 05 lets speak for itself beside the other modalities, as system R does: name -> the systems of which dev chooses
# one in each fold; the last is the one whose worth is asked. Of systems under `once` alone: one seed.
# `media`: columns of the clip table that a whole copy fills and that recipes read; `dialogue` where turns come in order.
FOLDERS = ("folders", "any_folder")  # all of these must be there, and one of those
NUMBERS = ("num_clips", "num_speakers", "once_folds", "spoilt_folds")
MAPS = ("augmented", "counts", "further_systems", "optional_folders", "readings", "fold_lists", "files", "vectors")
DOWNLOAD = {"url", "file", "size", "md5", "sha256", "unpack", "to"}


@cache
def cards() -> dict[str, dict]:
    """Every corpus' card by name, in alphabetical order. ValueError for a card that `read_card` refuses."""
    return {path.stem: read_card(path) for path in sorted(CARDS.glob("*.yaml"))}


def read_card(path: Path) -> dict:
    """A card with the usual protocols and metric where it names none: plain values, no Python objects.

    Raises:
        ValueError: no plain yaml, a key missing or of another type, or a folder that leads out of the data folder.
    """
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"card {path.name} is not plain yaml ({' '.join(str(error).split())[:200]}): mend it"
        ) from None
    found = USUAL | found if isinstance(found, dict) else found
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
    if card.get("access") not in ACCESS:
        yield f"access must be one of {list(ACCESS)}"
    elif card["access"] == "on request" and not isinstance(card.get("how_to_get"), str):
        yield "how_to_get must tell how to ask for access"
    for key in NUMBERS:
        if key in card and not counts(card[key]):
            yield f"{key} is {card[key]!r}; must be a whole number from 1, or left out where there is none to state"
    if not isinstance(card.get("examples_shareable"), bool):
        yield "examples_shareable must be true or false: may its pictures, sounds and words be published?"
    for key in ("media", "in_their_way", "once", "costly"):
        if not texts(card.get(key, [])):
            yield f"{key} must be a list of texts"
    for key in MAPS:
        if not isinstance(card.get(key, {}), dict):
            yield f"{key} must hold `name: value`"
    yield from augmented_faults(card)
    yield from folder_faults(card)
    yield from download_faults(card.get("downloads", []))


def augmented_faults(card: dict) -> Iterator[str]:
    """What is wrong with the modalities whose training clips are varied, and with their folds."""
    varied, known = card.get("augmented", {}), card.get("modalities")
    for modality, num_folds in varied.items() if isinstance(varied, dict) and texts(known) else ():
        if modality not in known or not counts(num_folds):
            yield f"augmented holds {modality!r}: {num_folds!r}; must be one of modalities: in how many folds, from 1"


def folder_faults(card: dict) -> Iterator[str]:
    """What is wrong with the folders that a card looks for, and with its folds of speakers."""
    for key in FOLDERS:
        if not texts(card.get(key, [])):
            yield f"{key} must be a list of texts"
        elif outside := [folder for folder in card.get(key, []) if not inside(folder)]:
            yield f"folder {outside[0]!r} must lie inside the data folder"
    folds = card.get("speaker_folds", [])
    if not isinstance(folds, list) or not all(map(texts, folds)):
        yield 'speaker_folds must be lists of speakers, each in quotes: ["01", "02"]'


def download_faults(downloads: object) -> Iterator[str]:
    """What is wrong with the files that `fetch` may download."""
    if not isinstance(downloads, list):
        yield "downloads must be a list"
        return
    for one in downloads:
        if not isinstance(one, dict) or not {"url", "file"} <= set(one) <= DOWNLOAD:
            yield f"each of downloads has url and file, and of {sorted(DOWNLOAD - {'url', 'file'})} what is known"
        elif not str(one["url"]).startswith(("https://", "http://")):
            yield f"url {one['url']!r} must begin with https://"
        elif not all(isinstance(one.get(key, "x"), str) and inside(one.get(key, "x")) for key in ("file", "to")):
            yield f"download {one['file']!r} must lie inside the corpus' folder"


def counts(value: object) -> bool:
    """Whether it is a whole number from 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def texts(value: object) -> bool:
    """Whether it is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def inside(folder: str) -> bool:
    """Whether a path is a relative one that goes down only, on every system."""
    posix, windows = PurePosixPath(folder), PureWindowsPath(folder)
    return bool(posix.parts) and not windows.anchor and not posix.is_absolute() and ".." not in windows.parts


def card(name: str) -> dict:
    """The card of one corpus or of one of its readings; a ValueError with the nearest known names where there is none."""
    if name not in names():
        plain = name.lower().replace("-", "").replace(" ", "_")
        near = [plain] if plain in names() else get_close_matches(plain, names(), n=3, cutoff=0.5) or list(cards())
        raise ValueError(f"unknown corpus {name!r}; did you mean {' or '.join(near)}?")
    known = cards()[base_of(name)]
    return known | readings(base_of(name))[reading_of(name)] if reading_of(name) else known


def names() -> list[str]:
    """Every corpus, each followed by its readings: `goemotions`, `goemotions_ekman`, `goemotions_single`."""
    return [name for corpus in cards() for name in (corpus, *(f"{corpus}_{reading}" for reading in readings(corpus)))]


def readings(corpus: str) -> dict[str, dict]:
    """A corpus' readings by name, other sets of labels of the same clips: its card's own and the common vocabularies."""
    known = cards()[corpus]
    return known.get("readings", {}) | readings_of(corpus, known)


def subcorpora() -> dict[str, str]:
    """Titles of the corpora that are joined in others, by their names there: `ravdess` -> `RAVDESS`."""
    joined = [known.get("subcorpora", {}) for known in cards().values()]
    return {name: card(reading)["title"].split(",")[0] for one in joined for name, reading in one.items()}


def base_of(name: str) -> str:
    """The corpus of a name: `iemocap` of `iemocap_4`."""
    fitting = [one for one in cards() if name == one or name.removeprefix(f"{one}_") in readings(one)]
    return max(fitting, key=len, default=name)


def reading_of(name: str) -> str:
    """The reading of a name, "" for the corpus itself: `4` of `iemocap_4`."""
    return name.removeprefix(base_of(name)).removeprefix("_")
