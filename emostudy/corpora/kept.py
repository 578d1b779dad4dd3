"""The clip table kept beside the results, so that all that follows from predictions can be made again without the media."""

import json
from pathlib import Path

import pandas as pd

from emostudy.corpora import card
from emostudy.corpora.corpus import MEDIA, Corpus, file_and_key
from emostudy.paths import write_atomically

NUMBERS = ("turn", "start", "end")
WITHHELD = ("sentence", "text")  # of corpora whose examples may not be shared


def keep(corpus: Corpus, folder: Path) -> None:
    """Write `clips.csv` and `corpus.json` into a results folder, unless they are there already.

    Media are named, not copied; sentences are left out where the card says that examples may not be shared.
    """
    facts = {"name": corpus.name, "emotions": list(corpus.emotions), "fingerprint": corpus.fingerprint()}
    facts |= {
        "cluster": corpus.card["cluster"],
        "modalities": list(corpus.modalities),
        "found": corpus.found,
        "left_out": corpus.left_out.to_dict("records"),
    }
    table = folder / "clips.csv"
    clips = corpus.clips.copy()
    for medium in set(MEDIA) & set(clips):
        clips[medium] = [_name(cell, medium) for cell in clips[medium]]
    if not corpus.card.get("examples_shareable"):
        clips = clips.assign(**{column: masked(clips[column]) for column in WITHHELD if column in clips})
    text = clips.to_csv(index=False, lineterminator="\n")
    if _facts(folder) == facts and table.is_file() and table.read_bytes() == text.encode():
        return
    with write_atomically(table) as path:
        path.write_bytes(text.encode())
    with write_atomically(folder / "corpus.json") as path:
        path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def masked(column: pd.Series) -> list[str | None]:
    """What is said as a number: equal words have the same one, so that clips can still be grouped by it."""
    codes = pd.factorize(column.where(column.notna() & (column != ""), None))[0]
    return [f"{column.name} {code:05}" if code >= 0 else None for code in codes]


def _name(cell: object, medium: str) -> object:
    if pd.isna(cell) or medium == "text":
        return cell
    file, key = file_and_key(str(cell))
    return f"{Path(file).name}#{key}" if key else Path(file).name


def _facts(folder: Path) -> dict | None:
    try:
        facts = json.loads((folder / "corpus.json").read_text("utf-8"))
        return facts if isinstance(facts, dict) else None
    except (OSError, ValueError, RecursionError):
        return None


def fingerprint_of(folder: Path) -> str:
    """The fingerprint of the corpus whose clip table is kept there; "" if there is none."""
    return (_facts(folder) or {}).get("fingerprint", "")


def modalities_of(folder: Path) -> list[str]:
    """The modalities of which media were there; those of the card if no clip table is kept."""
    return (_facts(folder) or {}).get("modalities") or card(folder.parent.name)["modalities"]


def reopen(folder: Path) -> Corpus:
    """The corpus as it was kept: all of the clip table but the media themselves.

    Raises:
        ValueError: the table is not there, or not whole.
    """
    facts = _facts(folder)
    where = f"{folder.parent.name}/{folder.name}"
    if facts is None or not (folder / "clips.csv").is_file():
        raise ValueError(f"no clip table in {where}: `python -m emostudy run` writes clips.csv and corpus.json there")
    try:
        clips = pd.read_csv(folder / "clips.csv", dtype=str, keep_default_na=False)
        clips = clips.assign(**{name: pd.to_numeric(clips[name]) for name in NUMBERS})
        for medium in set(MEDIA) & set(clips):
            clips[medium] = clips[medium].where(clips[medium] != "", None)
        left_out = pd.DataFrame(facts["left_out"], columns=["file", "reason"])
        known = card(facts["name"]) | {"cluster": facts["cluster"]}  # which the loader may have chosen by what it found
        return Corpus(facts["name"], tuple(facts["emotions"]), known, clips, left_out, facts["found"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"clips.csv or corpus.json in {where} is not whole ({error}): run notebook 01 again, or get it back with git"
        ) from error
