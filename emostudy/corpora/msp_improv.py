"""MSP-IMPROV: six pairs of actors improvise around 20 sentences in four emotions; voice, face, words, perceived emotions.

Layout as distributed, in `msp_improv/` or folders below it (`Audio/`, `Video/`):
`session1/S01A/{R,S,T,P}/MSP-IMPROV-S01A-F01-S-FM01.wav` and `.avi`; `Evaluation.txt` (in some releases `Evalution.txt`), of which
the lines `UTD-IMPROV-S01A-F01-S-FM01.avi; N; A:2.8; V:3.0; D:3.2 ; N:3.2;` are read; and, if at hand, transcriptions
`.../All_human_transcriptions/MSP-IMPROV-S01A-F01-S-FM01.txt`.

A name tells sentence (S01), emotion of the scenario (A), the actor whose scenario it is (F01: also the session), the kind of
recording (S), two letters of which one tells who speaks, and the turn. Both actors of a pair talk in a scenario: see `speaking`.
"""

import re
from pathlib import Path

import numpy as np

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, told, unreadable

CODES = {"A": "angry", "H": "happy", "S": "sad", "N": "neutral", "O": "other", "X": "no_agreement"}
EMOTIONS = tuple(CODES.values())
KINDS = {"T": "target", "R": "read", "S": "improvised", "P": "natural"}
NAME = re.compile(r"(?:MSP|UTD)-IMPROV-(S(0[1-9]|1\d|20)([AHSN])-([FM])(0[1-6])-([PRST])-([FM])([FM])(\d{2,3}))")
NUMBER = r"(\d+(?:\.\d+)?|NaN)"
LINE = re.compile(rf"([\w-]+)\.avi\s*;\s*(\w)\s*;\s*A:{NUMBER}\s*;\s*V:{NUMBER}\s*;(?:\s*D:{NUMBER}\s*;)?.*")
TABLES = ("evaluation.txt", "evalution.txt")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Join evaluations, recordings and transcriptions. `smoke` holds 20 turns of each actor.

    Columns of its own: `session`, `sentence` (the scenario's; said in read and target turns), `scenario` (the actor whose it is),
    `intended` (emotion of the scenario), `kind`, and raters' means of `activation`, `valence` and `dominance` (1 to 5, as stored).

    Raises:
        ValueError: no evaluations or no recording in the folder.
    """
    folder = data_dir / "msp_improv"
    labels, left_out = evaluations(folder)
    media, unfit = recordings(folder)
    texts = transcriptions(folder)
    second = speaking([NAME.fullmatch(f"MSP-IMPROV-{key}") for key in media])
    rows = []
    for key, cells in media.items():
        if key in labels:
            rows.append(row_of(key, second) | labels[key] | cells | {"text": texts.get(key)})
        else:
            left_out.append((f"MSP-IMPROV-{key}", "no line in the evaluations"))
    left_out += unfit + [(f"UTD-IMPROV-{key}.avi", "no recording") for key in sorted(set(labels) - set(media))]
    if not media:
        raise ValueError(
            f"no MSP-IMPROV recording (MSP-IMPROV-*.wav or .avi) under {folder}; unpack Audio or Video there"
        )
    corpus = corpus_of(
        "msp_improv", EMOTIONS, rows, left_out, once="audio" if any("audio" in row for row in rows) else "video"
    )
    if profile == "smoke":
        return corpus_of(
            "msp_improv", EMOTIONS, at_most(corpus.clips, 20, "speaker"), list(corpus.left_out.itertuples(index=False))
        )
    return corpus


def evaluations(folder: Path) -> tuple[dict[str, dict], list[tuple[str, str]]]:
    """What the raters agreed on for each turn, by the part of the name that audio and evaluations share; and lines left out.

    Raises:
        ValueError: no table, or no line of that form in it.
    """
    path = next((path for path in files(folder, ".txt") if path.name.lower() in TABLES), None)
    if path is None:
        raise ValueError(f"no Evaluation.txt under {folder}: get it with the corpus from the MSP lab")
    labels, left_out = {}, []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
        if not line.lstrip().startswith("UTD-IMPROV-"):
            continue  # a single rater's answer, or empty
        key, found = parse_line(line.strip())
        if not key or key in labels:
            left_out.append((f"{path.name}, line {number}", found if not key else f"a second line of {key}"))
        else:
            labels[key] = found
    if not labels:
        raise ValueError(
            f"{path.name} holds no line `UTD-IMPROV-....avi; N; A:2.8; V:3.0; D:3.2 ; N:3.2;`: get it again"
        )
    return labels, left_out


def parse_line(line: str) -> tuple[str, dict | str]:
    """A turn's key and its labels, or "" and the reason why the line is none."""
    match = LINE.fullmatch(line)
    name = NAME.fullmatch(match[1]) if match else None
    if not name:
        return "", "a line of another form"
    if match[2] not in CODES:
        return "", f"unknown emotion {match[2]!r}"
    means = {
        column: float(value or "nan")
        for column, value in zip(("activation", "valence", "dominance"), match.groups()[2:], strict=True)
    }
    return name[1], {"emotion": CODES[match[2]]} | means


def recordings(folder: Path) -> tuple[dict[str, dict], list[tuple[str, str]]]:
    """Key -> `{"audio": path, "video": path}` as far as there are any, and the files left out."""
    media, left_out = {}, []
    for path in files(folder, ".wav", ".flac", ".avi", ".mp4"):
        name = NAME.fullmatch(path.stem)
        fault = unreadable(path) if name else "name breaks the convention MSP-IMPROV-S01A-F01-S-FM01"
        column = "audio" if path.suffix.lower() in (".wav", ".flac") else "video"
        if name and not fault and column in media.get(name[1], {}):
            fault = f"a second file or row of clip {name[1]}"
        if fault:
            left_out.append((told(path), fault))
        else:
            media.setdefault(name[1], {})[column] = str(path)
    return media, left_out


def transcriptions(folder: Path) -> dict[str, str]:
    """Key -> words, of the .txt files below folders named Text or after transcriptions; empty ones are passed over."""
    found = {}
    for path in files(folder, ".txt"):
        name = NAME.fullmatch(path.stem)
        around = path.relative_to(folder).parent.as_posix().lower()
        if name and ("transcription" in around or "text" in around.split("/")):
            words = " ".join(path.read_text("utf-8", errors="replace").split())
            found |= {name[1]: words} if words else {}
    return found


def speaking(names: list[re.Match]) -> int:
    """Which group of `NAME` tells who speaks: the letter that in target turns is the scenario's actor, who says the sentence.

    The second where there are no target turns, as public loaders of the corpus take it.
    """
    target = [name for name in names if name[6] == "T"]
    agree = {group: sum(name[group] == name[4] for name in target) for group in (8, 7)}
    return max(agree, key=agree.get)


def row_of(key: str, letter: int) -> dict:
    """What a name tells; `letter` is the group of `NAME` that tells who speaks."""
    name = NAME.fullmatch(f"MSP-IMPROV-{key}")
    gender, session = name[letter], name[5]
    return {
        "clip_id": key,
        "speaker": gender + session,
        "gender": "female" if gender == "F" else "male",
        "dialogue": f"{name[2]}{name[3]}-{name[4]}{session}-{name[6]}",
        "turn": int(name[9]),
        "split": "",
        "start": np.nan,
        "end": np.nan,
        "session": session,
        "sentence": name[2],
        "scenario": name[4] + session,
        "intended": CODES[name[3]],
        "kind": KINDS[name[6]],
    }
