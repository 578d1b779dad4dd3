"""MELD: 13 708 utterances of dialogues from the series Friends, with text, and films if at hand; seven emotions.

Layout as published: `train_sent_emo.csv`, `dev_sent_emo.csv` and `test_sent_emo.csv` anywhere under `meld`, `MELD` or `MELD.Raw`
(`data/MELD/` in the repository; `train/`, `.` and `.` in the raw archive). Films, already cut, lie in folders named `train_splits`,
`dev_splits_complete` and `output_repeated_splits_test` as `dia<D>_utt<U>.mp4`; 132 test films have a second, corrected cut
`final_videos_testdia<D>_utt<U>.mp4`, which is preferred. Dialogue and utterance numbers start again in each part.

A clip whose film is missing or broken keeps its text; `left_out` names the film. In older copies of the tables the quotation marks
are the control characters U+0080 to U+009F, which stand for those of Windows-1252: they are read so, and `left_out` counts them.
"""

import re
from pathlib import Path

import pandas as pd

from emostudy.corpora.catalogue import card
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.table import at_most, corpus_of, files, read_csv, told, unreadable

EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
SENTIMENTS = ("negative", "neutral", "positive")
FILMS = {"train_splits": "train", "dev_splits_complete": "dev", "output_repeated_splits_test": "test"}
COLUMNS = ("Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "Season", "Episode")
NUMBERS = ["Dialogue_ID", "Utterance_ID", "Season", "Episode"]
GENDERS = dict.fromkeys(("Monica", "Phoebe", "Rachel"), "female") | dict.fromkeys(("Chandler", "Joey", "Ross"), "male")
FILM = re.compile(r"(final_videos_test)?dia(\d+)_utt(\d+)")
CONTROLS = re.compile("[\x80-\x9f]")


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the tables and join the films. Every profile holds all clips but `smoke`: twelve of each part and emotion.

    Raises:
        ValueError: a table is missing, or cannot be read.
    """
    folders = [data_dir / name for name in card("meld")["any_folder"] if (data_dir / name).is_dir()]
    clips, left_out = [], []
    for part in FILMS.values():
        table, again = find_table(folders, part)
        rows, bad = read_part(table, part)
        clips += rows
        left_out += again + bad
    clips = pd.DataFrame(clips)
    films, bad = find_films(folders)
    if films:
        clips, lacking = join_films(clips, films)
        bad += lacking
    if profile == "smoke":
        clips = at_most(clips, 12, "split", "emotion")
    return corpus_of("meld", EMOTIONS, clips, left_out + bad)


def find_table(folders: list[Path], part: str) -> tuple[Path, list[tuple[str, str]]]:
    """The table of a part, the repository's before the raw archive's, and a (file, reason) for each further copy.

    Raises:
        ValueError: there is none.
    """
    name = f"{part}_sent_emo.csv"
    found = {path.resolve(): path for folder in folders for path in files(folder, ".csv") if path.name == name}
    found = sorted(found.values(), key=lambda path: ("MELD.Raw" in path.parts, path))
    if not found:
        raise ValueError(
            f"no {name} under {' or '.join(map(str, folders))}: get data/MELD from {card('meld')['address']} and put it there"
        )
    used = f"{found[0].parent.name}/{name}"
    return found[0], [(f"{path.parent.name}/{name}", f"a second copy; {used} is read") for path in found[1:]]


def read_part(path: Path, part: str) -> tuple[list[dict], list[tuple[str, str]]]:
    """Rows of the clip table from one published table, and (row, reason) for those that are none."""
    table = read_csv(path, COLUMNS)
    rows, left_out = [], []
    for line, cells in enumerate(table[list(COLUMNS)].to_dict("records"), start=2):
        if reason := fault(cells):
            left_out.append((f"{told(path)}, row {line}", reason))
        else:
            rows.append(row_of(cells, part))
    if controls := int(table["Utterance"].map(lambda text: len(CONTROLS.findall(text))).sum()):
        left_out.append((told(path), f"{controls} control characters read as Windows-1252; the clips stay"))
    return rows, left_out


def fault(cells: dict) -> str:
    """Why a row of a table is no clip, or ""."""
    wrong = [name for name in NUMBERS if not re.fullmatch("[0-9]+", cells[name])]
    if wrong:
        return f"{wrong[0]} {cells[wrong[0]]!r} is no whole number"
    if cells["Emotion"] not in EMOTIONS:
        return f"unknown emotion {cells['Emotion']!r}"
    if cells["Sentiment"] not in SENTIMENTS:
        return f"unknown sentiment {cells['Sentiment']!r}"
    return "" if cells["Utterance"].strip() else "no words"


def row_of(cells: dict, part: str) -> dict:
    """One row of the clip table. The films are cut to the utterance, so `start` and `end` stay unknown: the whole file."""
    dialogue, turn, season, episode = (int(cells[name]) for name in NUMBERS)
    return {
        "clip_id": f"{part}_dia{dialogue}_utt{turn}",
        "emotion": cells["Emotion"],
        "sentiment": cells["Sentiment"],
        "speaker": cells["Speaker"],
        "gender": GENDERS.get(cells["Speaker"], ""),
        "dialogue": f"{part}_{dialogue}",
        "turn": turn,
        "split": part,
        "episode": f"S{season}E{episode}",
        "text": CONTROLS.sub(windows_character, cells["Utterance"]),
    }


def windows_character(match: re.Match) -> str:
    """What a control character stands for in Windows-1252; five of them stand for nothing and stay."""
    return match[0].encode("latin-1").decode("cp1252", errors="ignore") or match[0]


def find_films(folders: list[Path]) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """Films by clip id, and (file, reason) for those that are not used."""
    films, left_out = {}, []
    paths = {path.resolve(): path for folder in folders for path in files(folder, ".mp4")}
    # The corrected cuts first, so that they are the ones kept.
    for path in sorted(paths.values(), key=lambda path: (not path.name.startswith("final"), path)):
        match = FILM.fullmatch(path.stem)
        part = FILMS.get(path.parent.name)
        clip = f"{part}_dia{int(match[2])}_utt{int(match[3])}" if match else ""
        if not match:
            left_out.append((told(path), "name breaks the convention dia<D>_utt<U>"))
        elif part is None:
            left_out.append((told(path), f"lies in {path.parent.name}, not in {', '.join(FILMS)}"))
        elif clip in films:
            left_out.append((told(path), f"a second film of {clip}; {told(films[clip])} is used"))
        else:
            films[clip] = path
    return films, left_out


def join_films(clips: pd.DataFrame, films: dict[str, Path]) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Add `audio` and `video`, the same file; None and a (file, reason) where the film cannot be used."""
    broken = card("meld")["broken_films"]
    parts = {clip.partition("_")[0] for clip in films}
    left_out = [(name, f"no film of {part}: text only") for name, part in FILMS.items() if part not in parts]
    left_out += [(told(films[clip]), f"no row {clip} in the table") for clip in sorted(set(films) - set(clips.clip_id))]
    cells = []
    for clip in clips.clip_id:
        reason = broken.get(clip, "") if clip in films else "missing"
        reason = reason or unreadable(films[clip])
        if reason and clip.partition("_")[0] in parts:
            left_out.append((f"{clip}.mp4", f"film: {reason}; its text is kept"))
        cells.append(None if reason else str(films[clip]))
    return clips.assign(audio=cells, video=cells), left_out
