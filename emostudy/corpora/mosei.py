"""CMU-MOSEI: sentences of video monologues, each with the intensities of six emotions; voice, face and words as measured sequences.

Layout, in `mosei/` or folders below it, as the CMU-Multimodal SDK downloads it: `CMU_MOSEI_Labels.csd` (needed), and of
`CMU_MOSEI_COVAREP.csd`, `CMU_MOSEI_VisualFacet42.csd` (or `CMU_MOSEI_VisualOpenFace2.csd`), `CMU_MOSEI_TimestampedWordVectors.csd`
(or `..._TimestampedGloveVectors.csd`), `CMU_MOSEI_TimestampedWords.csd` and the SDK's `cmu_mosei_std_folds.py` what is at hand; raw
videos or sounds of whole videos (`<video>.wav`, `.mp4`) too. A clip is one row of a video's labels.

Or, without the labels, a pickle of padded arrays whose labels are emotions (`mosei_emotion_aligned_60.pkl`: 0 or 1 of six). The
pickles `mosei_senti_data.pkl`, `aligned_50.pkl` and `unaligned_50.pkl` hold sentiment only, and are no corpus of emotions.
"""

from pathlib import Path

import numpy as np

from emostudy.corpora.corpus import SEVERAL, Corpus
from emostudy.corpora.mosei_files import PARTS, entries, folds, pickled, videos
from emostudy.corpora.table import at_most, corpus_of, files

SIX = ("happy", "sad", "anger", "surprise", "disgust", "fear")  # order of the columns after sentiment
EMOTIONS = (*SIX, "none")
LABELS, WORDS, FOLDS = "CMU_MOSEI_Labels.csd", "CMU_MOSEI_TimestampedWords.csd", "cmu_mosei_std_folds.py"
SEQUENCES = {  # column -> files, the first that is there
    "speech_features": ("CMU_MOSEI_COVAREP.csd",),
    "face_features": ("CMU_MOSEI_VisualFacet42.csd", "CMU_MOSEI_VisualOpenFace2.csd"),
    "text_features": ("CMU_MOSEI_TimestampedWordVectors.csd", "CMU_MOSEI_TimestampedGloveVectors.csd"),
}
STREAMS = {"speech_features": "audio", "face_features": "vision", "text_features": "text"}  # the same in pickles
RAW = {".wav": "audio", ".flac": "audio", ".mp4": "video"}


def load(data_dir: Path, profile: str = "class") -> Corpus:
    """Read the labelled sentences. `smoke` holds at most eight of each of twelve videos per part.

    Columns of its own: `sentiment` (-3 to 3), `intensity` (0 to 3, in the order of `emotion`), and `main`, the emotion with
    the strictly largest intensity ("" where there is none).

    Raises:
        ValueError: neither the labels nor a pickle with emotions is there, or one is damaged.
    """
    folder = data_dir / "mosei"
    there = {path.name: path for path in files(folder, ".csd", ".py")}
    found, left_out = sdk_rows(folder, there) if LABELS in there else pickle_rows(folder)
    corpus = corpus_of("mosei", EMOTIONS, found, left_out)
    if profile == "smoke":
        chosen = at_most(corpus.clips.drop_duplicates("dialogue"), 12, "split").dialogue
        few = at_most(corpus.clips[corpus.clips.dialogue.isin(chosen)], 8, "dialogue")
        return corpus_of("mosei", EMOTIONS, few, left_out)
    return corpus


def sdk_rows(folder: Path, there: dict[str, Path]) -> tuple[list[dict], list[tuple[str, str]]]:
    """Rows of the clip table from computational sequences, and what was left out."""
    split = folds(there[FOLDS]) if FOLDS in there else {}
    words = entries(there[WORDS]) if WORDS in there else {}
    media = media_of(folder, there)
    found, left_out = [], []
    for video, entry in entries(there[LABELS]).items():
        if isinstance(entry, ValueError):
            left_out.append((f"{LABELS}, {video}", str(entry)))
            continue
        features, times = entry
        for number, turn in enumerate(np.argsort(np.argsort(times[:, 0], kind="stable"))):
            row, reason = parse(features[number], *times[number])
            if not row:
                left_out.append((f"{video}[{number}]", reason))
                continue
            row |= {
                "clip_id": f"{video}[{number}]",
                "dialogue": video,
                "turn": int(turn),
                "split": split.get(video, ""),
            }
            row |= {column: cells.get(video) for column, cells in media.items()}
            found.append(row | ({"text": said(words.get(video), *times[number])} if words else {}))
    return found, left_out


def parse(labels: np.ndarray, start: float, end: float) -> tuple[dict | None, str]:
    """Emotions and times of one row of labels, or None and the reason why it is none."""
    if labels.shape != (7,):
        return None, f"{len(labels)} labels, not sentiment and six emotions"
    if labels.dtype.kind not in "fiu" or not np.isfinite(labels).all() or (labels[1:] < 0).any():
        return None, "labels that are no intensities"
    if not 0 <= start < end < np.inf:
        return None, f"a stretch from {start} to {end} s"
    return emotions_of(labels[1:]) | {"sentiment": float(labels[0]), "start": float(start), "end": float(end)}, ""


def emotions_of(values: np.ndarray) -> dict:
    """The emotions that are present (more than 0, as the publisher has it), their intensities, and the main one."""
    present = [(name, float(value)) for name, value in zip(SIX, values, strict=True) if value > 0]
    largest = [name for name, value in present if value == max(values)]
    return {
        "emotion": SEVERAL.join(name for name, _ in present) or "none",
        "intensity": SEVERAL.join(f"{value:.4g}" for _, value in present),
        "main": largest[0] if len(largest) == 1 else "",
    }


def media_of(folder: Path, there: dict[str, Path]) -> dict[str, dict[str, str]]:
    """Column -> video -> cell of the clip table, for the sequences and recordings that are there."""
    media = {}
    for column, names in SEQUENCES.items():
        if path := next((there[name] for name in names if name in there), None):
            media[column] = {video: f"{path}#{video}" for video in videos(path)}
    for path in files(folder, *RAW):
        media.setdefault(RAW[path.suffix.lower()], {})[path.stem] = str(path)
    return media


def said(words: object, start: float, end: float) -> str | None:
    """The words whose middle lies in a stretch, without the pauses ("sp"); None where there are none."""
    if not isinstance(words, tuple):
        return None
    middle = words[1].mean(1)
    found = words[0][(middle >= start) & (middle < end), 0]
    spoken = [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in found]
    return " ".join(word for word in spoken if word != "sp") or None


def pickle_rows(folder: Path) -> tuple[list[dict], list[tuple[str, str]]]:
    """Rows of the clip table from the first pickle whose labels are emotions, and what was left out."""
    passed = []
    for path in files(folder, ".pkl"):
        parts = pickled(path)
        if fault := labels_fault(parts):
            passed.append((path.name, fault))
            continue
        found = []
        for part in PARTS:
            rows, out = part_rows(path, part, parts[part])
            found, passed = found + rows, passed + out
        return found, passed
    told = "; ".join(f"{name}: {fault}" for name, fault in passed) or "no .csd and no .pkl is there"
    raise ValueError(f"no {LABELS} under {folder} ({told}): get it with the CMU-Multimodal SDK")


def labels_fault(parts: dict[str, dict]) -> str:
    """Why a pickle's labels are no emotions, or ""."""
    for part in PARTS:
        shape = np.shape(parts[part].get("labels", ()))
        if len(shape) != 2 or shape[1] != len(SIX):
            known = [name for name in ("labels", "regression_labels") if name in parts[part]]
            return f"its labels are sentiment, not six emotions ({known}, shape {shape})"
    return ""


def part_rows(path: Path, part: str, arrays: dict) -> tuple[list[dict], list[tuple[str, str]]]:
    """Rows of one part of a pickle, and what was left out."""
    labels = np.asarray(arrays["labels"])
    streams = [column for column, stream in STREAMS.items() if len(arrays.get(stream, ())) == len(labels)]
    names = (
        [name_of(one) for one in arrays.get("id", ())]
        if len(arrays.get("id", ())) == len(labels)
        else [""] * len(labels)
    )
    found, left_out = [], []
    for number, values in enumerate(labels):
        if labels.dtype.kind not in "fiub" or not np.isfinite(values).all() or (values < 0).any():
            left_out.append((f"{path.name}#{part}/{number}", "labels that are no intensities"))
            continue
        row = emotions_of(values) | {"clip_id": f"{part}/{number:05}", "dialogue": names[number], "turn": number}
        row |= {column: f"{path}#{part}/{STREAMS[column]}/{number}" for column in streams}
        found.append(row | {"split": PARTS[part]})
    return found, left_out


def name_of(one: object) -> str:
    """The video of an id: a text, or video, start and end; a segment's number behind it is cut off."""
    first = np.asarray(one).ravel()[0]
    text = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
    return text.split("$_$")[0].split("[")[0]
