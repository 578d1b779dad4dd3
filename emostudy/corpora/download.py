"""One file from an address: resumed, tried again, bounded and checked. Under its own name it is whole or not there."""

import hashlib
import json
import re
import sys
import time
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from emostudy.corpora.answers import AgainError, asked_wait, cut_off, mark_of, shortened, total_of

TIMEOUT = (15, 60)  # s: to connect, between two bytes
WAIT, LONGEST_WAIT = 1.0, 300.0  # s: before the second try, doubled each time; the longest that a server may ask for
SLOWEST, WINDOW = 500, 60  # bytes per s, over so many s: slower than that counts as cut off
BLOCK = 1 << 20
AGAIN = {408, 425, 429, 500, 502, 503, 504}
HEADERS = {
    "Accept-Encoding": "identity",
    "User-Agent": "emostudy",
}  # the file's own bytes, so that lengths and ranges fit
HASHES = ("md5", "sha256")


def download(one: dict, target: Path, page: str) -> None:
    """Get a file that a card names. What came before a break stays in `<file>.part`, and the next call goes on from there.

    Args:
        one: `url`, and where the card knows them `size` (bytes), `md5`, `sha256`.
        target: the file to write; its folder is made.
        page: the corpus' own address, named where the file cannot be had.

    Raises:
        ValueError: not there, not allowed, not the file that the card describes, or no network; OSError: a full disk.
    """
    part = part_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    resumed = length(part) > 0
    try_again_and_again(one, part, page)
    fault = fault_of(part, one)
    if fault and resumed:  # perhaps the earlier part was bad: once more from the beginning
        discard(part)
        try_again_and_again(one, part, page)
        fault = fault_of(part, one)
    if fault:
        discard(part)
        raise ValueError(f"{target.name} from {one['url']} is not the right file ({fault}): deleted; look at {page}")
    part.replace(target)
    discard(part)


def try_again_and_again(one: dict, part: Path, page: str) -> None:
    """Ask until the part is whole. ValueError after `TRIES` tries in a row that brought nothing."""
    tries, most = 0, length(part)
    while True:
        try:
            return go_on(one, part, page)
        except AgainError as fault:
            tries = 1 if length(part) > most else tries + 1
            most = max(most, length(part))
            if tries >= fault.tries:
                kept = f"; {most} bytes are kept: the same command goes on from there" if length(part) else ""
                raise ValueError(f"{one['url']}: {fault}, {tries} times{kept}; or look at {page}") from None
            wait = min(WAIT * 2 ** (tries - 1), 60) if fault.wait is None else fault.wait
            tqdm.write(f"{part.stem}: {fault}; trying again in {wait:.0f} s", file=sys.stderr)
            time.sleep(wait)


def go_on(one: dict, part: Path, page: str) -> None:
    """One request for what is still missing."""
    known = state_of(part, one["url"])
    start = length(part) if known else 0
    if start and start == known["length"]:
        return
    asked = HEADERS | ({"Range": f"bytes={start}-", "If-Range": known["mark"]} if start else {})
    try:
        with requests.get(one["url"], headers=asked, stream=True, timeout=TIMEOUT) as answer:
            check(answer, one, page)
            start = start_of(answer, known, start, part)
            receive(answer, one, part, start)
    except (requests.exceptions.SSLError, requests.TooManyRedirects, requests.exceptions.InvalidURL) as error:
        raise ValueError(f"{one['url']} cannot be read ({shortened(error)}): look at {page}") from None
    except (requests.RequestException, HTTPError, HTTPException, ConnectionError, TimeoutError) as error:
        raise cut_off(error, one["url"]) from None


def check(answer: requests.Response, one: dict, page: str) -> None:
    """AgainError for a server that is busy, ValueError for one that will not give the file."""
    code, url = answer.status_code, one["url"]
    if code in AGAIN:
        wait = asked_wait(answer.headers.get("Retry-After", ""))
        if wait is not None and wait > LONGEST_WAIT:
            raise ValueError(f"{url} asks to wait {wait:.0f} s (HTTP {code}): try again later")
        raise AgainError(f"the server is busy (HTTP {code})", wait)
    if code not in (200, 206, 416):
        raise ValueError(f"{url} answers HTTP {code} {answer.reason}: look at {page}")
    if url.startswith("https:") and not answer.url.startswith("https:"):
        raise ValueError(f"{url} leads to an address without encryption, {answer.url[:80]}: look at {page}")
    page_of_text = answer.headers.get("Content-Type", "").startswith("text/html")
    if page_of_text and code != 416 and not one["file"].endswith((".html", ".htm")):
        raise ValueError(f"{url} answers with a web page, not with {one['file']}: look at {page}")


def start_of(answer: requests.Response, known: dict, start: int, part: Path) -> int:
    """The byte at which the answer begins: 0 where the server sends all, be it that it cannot do otherwise or the file changed."""
    if answer.status_code == 200:
        return 0
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
    if answer.status_code == 206 and found and start:
        same = not mark_of(answer) or mark_of(answer) == known["mark"]
        if same and int(found[1]) == start and known["length"] in (None, int(found[2])):
            return start
    discard(part)
    raise AgainError("the file changed on the server, or it cannot go on where it broke off", wait=0)


def receive(answer: requests.Response, one: dict, part: Path, start: int) -> None:
    """Write the answer to the part. AgainError where it ends early, ValueError where it is longer than it should be."""
    total = total_of(answer, start)
    expected = one.get("size") or total
    if total is not None and total != expected:
        discard(part)
        raise ValueError(f"{one['url']} has {total} bytes, the card says {expected}: it has changed; nothing is kept")
    if not start:
        discard(part)
        state = {"url": one["url"], "mark": mark_of(answer), "length": total}
        part.with_name(part.name + ".json").write_text(json.dumps(state))
    done = start
    with (
        part.open("ab" if start else "wb") as file,
        tqdm(total=expected, initial=start, unit="B", unit_scale=True, desc=one["file"], disable=None) as bar,
    ):
        for block in blocks(answer):
            done += len(block)
            if expected is not None and done > expected:
                break
            file.write(block)
            bar.update(len(block))
    if expected is not None and done > expected:
        discard(part)
        raise ValueError(f"{one['url']} sends more than the {expected} bytes that it should have: nothing is kept")
    if expected is not None and done < expected:
        raise AgainError(f"cut off after {done} of {expected} bytes")


def blocks(answer: requests.Response):
    """The body as it comes. AgainError where it comes too slowly."""
    since, received = time.monotonic(), 0
    while block := answer.raw.read1(BLOCK, decode_content=True):
        yield block
        received += len(block)
        seconds = time.monotonic() - since
        if seconds > WINDOW:
            if received < SLOWEST * seconds:
                raise AgainError(f"too slow ({received / seconds:.0f} bytes a second)")
            since, received = time.monotonic(), 0


def state_of(part: Path, url: str) -> dict:
    """What is known of a part: `mark` and `length`; {} where it is not known to be of this address and of one version."""
    with suppress(OSError, ValueError):
        state = json.loads(part.with_name(part.name + ".json").read_text())
        if isinstance(state, dict) and state.get("url") == url and state.get("mark") and "length" in state:
            return state
    return {}


def fault_of(path: Path, one: dict) -> str:
    """In what a file differs from its card, or ""."""
    if one.get("size") not in (None, length(path)):
        return f"{length(path)} bytes, the card says {one['size']}"
    for name in HASHES:
        if name in one:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, name).hexdigest()
            if found != one[name].lower():
                return f"{name} {found}, the card says {one[name]}"
    return ""


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def discard(part: Path) -> None:
    """Remove a part and what is known of it."""
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".json").unlink(missing_ok=True)
