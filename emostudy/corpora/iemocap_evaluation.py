"""The two text formats of IEMOCAP: what the raters said of each turn, and the words."""

import re
from pathlib import Path

from emostudy.corpora.table import told, unreadable

LABELS = {
    "ang": "angry",
    "dis": "disgust",
    "exc": "excited",
    "fea": "fear",
    "fru": "frustrated",
    "hap": "happy",
    "neu": "neutral",
    "oth": "other",
    "sad": "sad",
    "sur": "surprised",
    "xxx": "xxx",
}
NUMBER = r"(\d+(?:\.\d+)?)"
TURN = re.compile(rf"\[{NUMBER} - {NUMBER}\]\t(\S+)\t(\S+)\t\[{NUMBER}, {NUMBER}, {NUMBER}\]")
NAME = re.compile(r"(Ses0([1-5])([FM])_((?:impro|script)\w+))_([FM])\d+")  # dialogue, session, markers, scene, speaker
WORDS = re.compile(rf"(Ses\w+) \[{NUMBER}-{NUMBER}\]: ?(.*)")
Told = list[tuple[str, str]]


def lines_of(path: Path) -> tuple[list[str], Told]:
    """The lines of a text, and a (file, reason) where it cannot be read. A byte that is no UTF-8 becomes U+FFFD."""
    if reason := unreadable(path):
        return [], [(told(path), reason)]
    return path.read_text("utf-8", errors="replace").splitlines(), []


def read_turns(path: Path) -> tuple[list[dict], Told]:
    """The turns of a dialogue from `EmoEvaluation/<dialogue>.txt`, in order of time, and (line, reason) for those that are none.

    Only the summary lines are read, `[start - end]<tab>turn<tab>label<tab>[valence, activation, dominance]`: the majority of the raters,
    `xxx` where there is none, and their means on scales of 1 to 5. Lines of single raters (`C-E1:`, `A-E1:`) are passed over.
    """
    lines, left_out = lines_of(path)
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.startswith("["):
            continue
        match = TURN.fullmatch(line.rstrip())
        row, reason = turn_of(match, path.stem) if match else (None, "not a turn with times, label and three ratings")
        if row:
            rows.append(row)
        else:
            left_out.append((f"{told(path)}, line {number}", reason))
    rows.sort(key=lambda row: (row["from"], row["clip_id"]))
    return [row | {"turn": turn} for turn, row in enumerate(rows)], left_out


def turn_of(match: re.Match, dialogue: str) -> tuple[dict | None, str]:
    """One row of the clip table, without media and turn, or None and the reason."""
    start, end, clip, label, *ratings = match.groups()
    name = NAME.fullmatch(clip)
    if not name or name[1] != dialogue:
        return None, f"turn {clip!r} is none of dialogue {dialogue}"
    if label not in LABELS:
        return None, f"unknown label {label!r}"
    _, session, markers, scene, who = name.groups()
    return {
        "clip_id": clip,
        "emotion": LABELS[label],
        "speaker": session + who,
        "gender": "female" if who == "F" else "male",
        "dialogue": dialogue,
        "session": session,
        "scene": scene,
        "script": "improvised" if scene.startswith("impro") else "scripted",
        "side": "left" if who == markers else "right",
        "from": float(start),
        "to": float(end),
        **dict(zip(("valence", "activation", "dominance"), map(float, ratings), strict=True)),
    }, ""


def read_words(path: Path) -> tuple[dict[str, str], Told]:
    """Words by turn from `transcriptions/<dialogue>.txt` (`turn [start-end]: words`); lines of another form are counted."""
    lines, left_out = lines_of(path)
    matches = [WORDS.fullmatch(line.strip()) for line in lines if line.strip()]
    if strange := matches.count(None):
        left_out.append((f"transcriptions/{told(path)}", f"{strange} lines without turn and times"))
    return {match[1]: match[4].strip() for match in matches if match and match[4].strip()}, left_out
