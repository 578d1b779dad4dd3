"""The commands about corpora: `corpora` tells what is known, there, and counted; `fetch` downloads what may be downloaded."""

import argparse
import errno
import sys
from pathlib import Path

from emostudy.paths import data_dir

REASONS = 12  # of files left out that are told
SHOWN = 5  # files left out, of each reason
ACCEPT = "type yes to accept the licence and download: "
TABLE = ("name", "title", "modalities", "emotions", "speakers", "clips", "languages", "licence", "access")
FULL = {errno.ENOSPC, errno.EDQUOT}


def add_getting(commands) -> None:
    """Add the commands `corpora` and `fetch`."""
    where = {"default": "", "help": "parent folder of the corpora (default: variable EMOSTUDY_DATA)"}
    about = "what is known, what is there, where to get it; with names, what was found against what was published"
    corpora = commands.add_parser("corpora", help=about, description=about, allow_abbrev=False)
    corpora.set_defaults(command=corpora_command)
    corpora.add_argument("names", nargs="*", metavar="NAME", help="read these, and count (default: list all)")
    corpora.add_argument("--data-dir", **where)
    corpora.add_argument("--markdown", action="store_true", help="the table of the README")
    about = "download a corpus that may be downloaded, or tell how to ask for it"
    fetch = commands.add_parser("fetch", help=about, description=about, allow_abbrev=False)
    fetch.set_defaults(command=fetch_command)
    fetch.add_argument("name", metavar="NAME", help="a corpus of `python -m emostudy corpora`")
    fetch.add_argument("--data-dir", **where)
    fetch.add_argument("--only", default="", metavar="TEXT", help="only files whose name contains this")
    fetch.add_argument("--accept-licence", "--yes", dest="accepted", action="store_true", help="do not ask")


def corpora_command(options: argparse.Namespace) -> int:
    """List every corpus; or count those that are named. 0 also where counts differ, for the lines say so; 2 where one is not there."""
    from emostudy.corpora import cards

    parent = data_dir(options.data_dir or None)
    if parent and not parent.is_dir():
        raise ValueError(
            f"data folder {options.data_dir or parent} is not there; name the parent folder of the corpora"
        )
    if options.markdown:
        print(markdown(cards()))
        return 0
    code = 0
    for name in options.names:
        try:
            print("\n".join(counted(name, options.data_dir or None)))
        except ValueError as error:  # the others are counted all the same
            print(f"emostudy: {' '.join(str(error).split())}", file=sys.stderr)
            code = 2
    for name, card in () if options.names else cards().items():
        print("\n".join(known(name, card, options.data_dir or None)))
    return code


def known(name: str, card: dict, where: str | None) -> list[str]:
    """Lines on one corpus: is it there, what is it, where to get it, and as what it can be read."""
    from emostudy.corpora import is_present

    there = "present" if is_present(name, where) else "not found"
    lines = [f"{card['title']}", f"modalities {', '.join(card['modalities'])}; licence {card['licence']}"]
    lines.append(" at ".join(dict.fromkeys(filter(None, map(card.get, ("access", "address"))))))
    if card.get("downloads") and there != "present":
        lines.append(f"`python -m emostudy fetch {name}` downloads it")
    folders = [", ".join(card.get("folders", [])), " or ".join(card.get("any_folder", []))]
    if any(folders):
        lines.append(f"looked for as {' and '.join(filter(None, folders))} in the data folder")
    for folder, about in card.get("optional_folders", {}).items():
        lines.append(f"optional: {folder}, {about}")
    if card.get("readings"):
        lines.append(f"other labels: {', '.join(f'{name}_{reading}' for reading in card['readings'])}")
    return [f"{name:<11} {there:<10} {lines[0]}", *(f"{'':<12}{line}" for line in lines[1:])]


def counted(name: str, where: str | None) -> list[str]:
    """Lines on one corpus that is read: counts, differences from the card, what was left out. ValueError if it is not there."""
    from emostudy.corpora import card, is_ready, load
    from emostudy.corpora.check import differences

    card_of = card(name)
    if card_of["access"] == "made here" and not is_ready(name, where):
        return [f"{name}: {card_of['title']}; not made yet: the first `python -m emostudy run` makes it"]
    corpus = load(name, where)
    clips, speakers = corpus.clips, corpus.clips.speaker[corpus.clips.speaker != ""].value_counts()
    lines = [f"{name}: {card_of['title']}", f"  {len(clips)} clips, {len(corpus.left_out)} files or clips left out"]
    labels = corpus.label_matrix().sum(0)
    lines.append("  emotions: " + ", ".join(f"{e} {n}" for e, n in zip(corpus.emotions, labels, strict=True)))
    if len(speakers):
        lines.append(
            f"  speakers: {len(speakers)}, with {speakers.min()} to {speakers.max()} clips each: {some(speakers)}"
        )
    media = [f"{medium} {int(clips[medium].notna().sum())}" for medium in corpus.media]
    lines.append(f"  media: {', '.join(media)}")
    lines += [f"  differs from the card: {line}" for line in differences(corpus)] or [agreed(card_of)]
    groups = list(corpus.left_out.groupby("reason", sort=False).file)
    for reason, files in groups[:REASONS]:
        more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
        lines.append(f"  left out, {reason}: {', '.join(files.iloc[:SHOWN])}{more}")
    if rest := groups[REASONS:]:
        lines.append(f"  and {len(rest)} more reasons, {sum(len(files) for _, files in rest)} files or clips")
    return lines


def agreed(card: dict) -> str:
    """What is said where nothing differs."""
    stated = any(card.get(key) for key in ("num_clips", "num_speakers", "counts")) and card["access"] != "made here"
    return "  counts are as the card states" if stated else "  the card states no counts to compare with"


def some(numbers) -> str:
    """The first two dozen of named numbers, in the order of their names."""
    shown = [f"{name} {number}" for name, number in numbers.sort_index().items()]
    return ", ".join(shown[:24]) + (", ..." if len(shown) > 24 else "")


def markdown(cards: dict[str, dict]) -> str:
    """The README's table of corpora."""
    rows = [TABLE, ("---",) * len(TABLE)]
    for name, card in cards.items():
        emotions = ", ".join(card["emotions"]) if len(card["emotions"]) <= 8 else str(len(card["emotions"]))
        numbers = [str(card.get(key) or "") for key in ("num_speakers", "num_clips")]
        title = f"[{card['title']}]({card['address']})" if card["address"].startswith("http") else card["title"]
        languages = "" if card["languages"] == ["none"] else ", ".join(card["languages"])  # pictures speak none
        licence = card["licence"].split(";")[0]  # the card tells the rest
        cells = (", ".join(card["modalities"]), emotions, *numbers, languages, licence, card["access"])
        rows.append((f"`{name}`", title, *cells))
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def fetch_command(options: argparse.Namespace) -> int:
    """Download a corpus: 0 when all is there, 2 where it cannot be downloaded, 130 when interrupted."""
    from emostudy.corpora import card
    from emostudy.corpora.catalogue import base_of
    from emostudy.corpora.fetching import folder_of, is_there, parts

    known_of = card(options.name)
    if not known_of.get("downloads"):
        print("\n".join(not_downloaded(base_of(options.name), known_of)))
        return 2
    chosen = parts(known_of, options.only)
    parent = data_dir(options.data_dir)
    if parent is None:
        raise ValueError(
            "where to? name the parent folder of the corpora with --data-dir or the variable EMOSTUDY_DATA"
        )
    folder = folder_of(known_of, parent)
    missing = [one for one in chosen if not is_there(one, folder)]
    if not missing:
        print(f"{options.name}: all {len(chosen)} downloads are in {folder} already")
        return 0
    print("\n".join(offer(known_of, missing, folder)), flush=True)
    ask(options.accepted)
    return download_all(base_of(options.name), known_of, missing, folder)


def not_downloaded(name: str, card: dict) -> list[str]:
    """How to come by a corpus that `fetch` cannot download."""
    folders = [*card.get("folders", []), *card.get("any_folder", [])]
    lines = [f"{name}: {card['title']}", f"licence: {card['licence']}"]
    if card["access"] == "made here":
        return [*lines, f"it is made here, not downloaded: `python -m emostudy run --corpus {name}`"]
    said = {"on request": "access on request", "your own": "your own recordings"}.get(
        card["access"], "no direct download"
    )
    lines.append(f"{said}: {' '.join(card.get('how_to_get', 'see ' + card['address']).split())}")
    lines.append(f"address: {card['address']}")
    return [*lines, f"put it into the data folder as: {' or '.join(folders)}"] if folders else lines


def offer(card: dict, missing: list[dict], folder: Path) -> list[str]:
    """What would be downloaded, under which licence, and where to."""
    sizes = [one.get("size") for one in missing]
    least = "at least " if None in sizes else ""
    total = f"{least}{megabytes(sum(filter(None, sizes)))}" if any(sizes) else "of unknown size"
    lines = [card["title"], f"licence: {card['licence']}", f"cite: {' '.join(card['citation'].split())}"]
    lines += [f"from: {card['address']}", f"to: {folder}", f"files: {len(missing)}, {total}:"]
    for one in missing:
        size = megabytes(one["size"]) if one.get("size") else "size unknown"
        checked = "checksum known" if {"md5", "sha256"} & set(one) else "no checksum known"
        lines.append(f"  {one['file']:<34} {size:>12}, {checked}")
    return lines


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"


def ask(accepted: bool) -> None:
    """Go on only where the licence is accepted. ValueError otherwise."""
    if accepted:
        return
    if not sys.stdin.isatty():
        raise ValueError("the licence is not accepted: read it, then add --accept-licence")
    try:
        answer = input(ACCEPT)
    except EOFError:
        answer = ""
    if answer.strip().lower() != "yes":
        raise ValueError("the licence is not accepted: nothing is downloaded")


def download_all(name: str, card: dict, missing: list[dict], folder: Path) -> int:
    """Fetch the parts one after another and say what was written."""
    from emostudy.corpora.fetching import alone, fetch_part

    written: dict[str, int] = {}
    try:
        with alone(folder):
            for one in missing:
                came = fetch_part(one, folder, card["address"])
                print(f"{one['file']}: {len(came)} files, {megabytes(sum(came.values()))}", flush=True)
                written |= came
    except KeyboardInterrupt:
        print("\nemostudy: interrupted; what came is kept: the same command goes on from there", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno in FULL:
            raise ValueError(f"no space left for {folder}: free some, or name another folder with --data-dir") from None
        raise
    print(f"written to {folder}: {len(written)} files, {megabytes(sum(written.values()))}")
    print(f"check it: `python -m emostudy corpora {name}`")
    return 0
