"""What a user may ask of a run: every name and value is checked before any notebook starts."""

import json
import math
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches

# Parameters that every notebook has, with its defaults. Only what differs from them is injected.
SHARED = {
    "corpus": "emosynth",
    "data_dir": "",
    "profile": "class",
    "protocols": [],  # empty: those of the corpus' card
    "seeds": [],
    "device": "cpu",
    "jobs": 2,
    "results_dir": "",
}
DEVICES = ("cpu", "cuda", "mps")
MOST_JOBS = 256  # processes; a slip of the finger must not start a thousand


def check_name(kind: str, name: str, valid: Iterable[str]) -> None:
    """Raise a ValueError with the nearest valid names where `name` is none of them."""
    valid = list(valid)
    if name not in valid:
        near = get_close_matches(str(name), valid, n=3) or valid
        raise ValueError(f"unknown {kind} {str(name)[:60]!r}; did you mean {' or '.join(near)}?")


def usable_cores() -> int:
    """Cores that this process may use, which in a container or a batch job are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parse_parameter(text: str) -> tuple[str, object]:
    """`name=value`, the value read as JSON and, where it is none, as a string."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"-p {text[:60]!r}: write -p name=value")
    with suppress(ValueError, RecursionError):  # what is no JSON is a string without quotes
        value = json.loads(value)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError(f"-p {name}: a notebook cannot hold this value; give UTF-8 text, or fewer brackets") from None
    return name, value


def check_shared(shared: dict) -> None:
    """Check what all notebooks share, and that the corpus is there. ValueError if not."""
    from emostudy.corpora import is_present, names
    from emostudy.profiles import PROFILES

    check_name("corpus", shared["corpus"], names())
    check_name("profile", shared["profile"], PROFILES)
    check_device(shared["device"])
    check_protocols(shared["protocols"])
    if any(type(seed) is not int or not 0 <= seed < 2**32 for seed in shared["seeds"]):
        raise ValueError(f"seeds {shared['seeds']}: seeds are whole numbers from 0 to {2**32 - 1}")
    if len(set(shared["seeds"])) < len(shared["seeds"]):
        raise ValueError(f"seeds {shared['seeds']}: each seed once, or its clips would count twice")
    if type(shared["jobs"]) is not int or not 1 <= shared["jobs"] <= MOST_JOBS:
        raise ValueError(f"jobs {shared['jobs']!r}: give a whole number of processes from 1 to {MOST_JOBS}")
    if shared["data_dir"] and not os.path.isdir(shared["data_dir"]):
        raise ValueError(f"data folder {shared['data_dir']} is not there; name the parent folder of the corpora")
    if not is_present(shared["corpus"], shared["data_dir"] or None):
        raise ValueError(
            f"corpus {shared['corpus']!r} is not there; `python -m emostudy corpora` says where to get it, and "
            "--data-dir or the variable EMOSTUDY_DATA names the folder it lies in"
        )


def check_protocols(asked: list[str]) -> None:
    """ValueError for a protocol that no corpus has, or that is named twice; a published list is checked by the corpus."""
    from emostudy.protocols import check_protocol

    for protocol in asked:
        check_protocol(protocol)
    if len(set(asked)) < len(asked):
        raise ValueError(f"protocols {asked}: each protocol once; name it once")


def protocols_of(corpus: str, asked: Iterable[str]) -> list[str]:
    """The protocols of a run, the honest one last (`wording.ordered`): those asked for, or else those of the corpus' card."""
    from emostudy.corpora import card
    from emostudy.wording import ordered

    return ordered(asked or card(corpus)["protocols"])


def injected_protocols(corpus: str, asked: Iterable[str]) -> list[str]:
    """`protocols_of`, or [] where they are the card's: however the usual ones are asked for, no parameter differs."""
    found = protocols_of(corpus, asked)
    return [] if found == protocols_of(corpus, []) else found


def check_device(device: str) -> None:
    """ValueError for a device that is none, or that torch does not find on this machine."""
    kind, _, number = device.partition(":")
    check_name("device", kind, DEVICES)
    if not re.fullmatch(r"cpu|(cuda|mps)(:[0-9]{1,2})?", device):
        raise ValueError(f"device {device[:60]!r}: write cpu, cuda or mps; cuda:0 for the first of several")
    if kind != "cpu":
        import torch  # here: it takes a second, and most runs are on cpu

        found = torch.cuda.device_count() if kind == "cuda" else int(torch.backends.mps.is_available())
        if int(number or 0) >= found:
            raise ValueError(f"device {device!r}: torch finds {found} of this kind here; use --device cpu")


def check_parameters(parameters: dict, defaults: dict[str, dict]) -> None:
    """Refuse parameters that no notebook has, that have their own option, or that are of another type.

    Args:
        defaults: for each notebook's slug its parameters and their default values.
    """
    known = sorted({name for found in defaults.values() for name in found} - set(SHARED))
    for name, value in parameters.items():
        if name in SHARED:
            raise ValueError(f"-p {name}: all notebooks share it; use --{name.replace('_', '-')}")
        if not known:
            raise ValueError(f"unknown parameter {name!r}; the notebooks chosen have none of their own")
        check_name("parameter", name, known)
        for slug, found in defaults.items():
            if name in found and not fits(value, found[name]):
                raise ValueError(
                    f"parameter {name}={json.dumps(value)} does not fit {slug}: "
                    f"its default is {json.dumps(found[name])}; give {described(found[name])}"
                )


def fits(value: object, default: object) -> bool:
    """Whether a value has the type of a default: any for None, also int for float, items as in the list."""
    if default is None:
        return True
    if isinstance(default, float):
        return type(value) in (int, float) and math.isfinite(value)
    if isinstance(default, list) and default and isinstance(value, list):
        return all(fits(item, default[0]) for item in value)
    return type(value) is type(default)


def described(default: object) -> str:
    """The type of a default in words."""
    words = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a string, numbers in double quotes",
    }
    return words.get(type(default), "a JSON list of such items" if isinstance(default, list) else "a JSON object")
