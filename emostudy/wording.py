"""How numbers, protocols and sets of modalities are worded: alike in every table, figure and alternative text."""

from collections.abc import Iterable, Mapping

import pandas as pd

from emostudy.protocols import PROTOCOLS

MODALITIES = ("face", "speech", "text", "physio")
SHOWN = ("random", "speaker_independent")  # flattering and honest, side by side wherever both were run
LAST = 10**9
FEWEST = 100  # test clips of a protocol below which figures leave it out
CLUSTERS = {"clip_id": "clip"}
ARTICLES = {"random": "a ", "official": "the "}


def percent(value: float, digits: int = 1) -> str:
    """0.4567 -> "45.7"; "-" where there is no number."""
    return "-" if pd.isna(value) else f"{round(100 * value, digits) + 0.0:.{digits}f}"  # never "-0.0"


def interval(value: float, low: float, high: float) -> str:
    """ "45.7 [41.9, 49.5]" in percent; "45.7 [-]" where there is no interval, "-" where there is no value."""
    if pd.isna(value):
        return "-"
    return f"{percent(value)} [-]" if pd.isna(low) else f"{percent(value)} [{percent(low)}, {percent(high)}]"


def number(count: int) -> str:
    """1439 -> "1439", 12345 -> "12 345"."""
    return str(count) if count < 10_000 else f"{count:,}".replace(",", " ")


def counted(count: int, noun: str) -> str:
    """(1, "seed") -> "1 seed", (24, "speaker") -> "24 speakers"."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def protocol_title(protocol: str) -> str:
    """ "speaker_independent" -> "new speakers", "speaker_independent:six" -> "new speakers (six)"."""
    name, _, listed = protocol.partition(":")
    if name in PROTOCOLS and listed in PROTOCOLS[name].variants:
        return PROTOCOLS[name].variants[listed]
    title = PROTOCOLS[name].title if name in PROTOCOLS else name.replace("_", " ")
    return f"{title} ({listed.replace('_', ' ')})" if listed else title


def on(protocol: str) -> str:
    """ "random" -> "on a random split", "speaker_independent" -> "on new speakers", "official" -> "on the official split"."""
    return f"on {ARTICLES.get(protocol, '')}{protocol_title(protocol)}"


def pair(protocols: Iterable[str]) -> tuple[str, str]:
    """The flattering protocol, "" where one alone was run, and the honest one.

    `SHOWN` if both are there, else the ends of a row by how much protocols promise to keep apart: `official` promises nothing, and is
    less honest than new speakers. ValueError if there is none.
    """
    names = sorted(set(protocols), key=_place)
    if not names:
        raise ValueError("no protocol to show: name one, or run the notebooks that train first")
    if set(SHOWN) <= set(names):
        return SHOWN
    return names[0] if names[1:] else "", names[-1]


def roles(protocols: Iterable[str]) -> dict[str, str]:
    """`pair` as `{"flattering": ..., "honest": ...}`, or `{"honest": ...}` where one protocol alone was run."""
    return {role: name for role, name in zip(("flattering", "honest"), pair(protocols), strict=True) if name}


def in_roles(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows under the protocols of `roles` alone: what a figure of these draws, and all that its caption may count."""
    return frame[frame.protocol.isin(list(roles(frame.protocol).values()))]


def ordered(protocols: Iterable[str]) -> list[str]:
    """Each protocol once, the flattering one of `pair` first, the honest one last."""
    names, ends = set(protocols), roles(protocols)
    between = sorted(names - set(ends.values()), key=_place)
    return [name for name in (ends.get("flattering"), *between, ends["honest"]) if name]


def by_rigour(protocols: Iterable[str]) -> list[str]:
    """Each protocol once, those that promise to keep more apart later."""
    return sorted(set(protocols), key=_place)


def _place(protocol: str) -> tuple:
    """Sort key: how many columns a protocol keeps apart, the authors' own ways first, then the order of `PROTOCOLS`."""
    known, name = list(PROTOCOLS), protocol.partition(":")[0]
    if name not in known:
        return LAST, False, len(known), protocol
    return len(PROTOCOLS[name].keeps_apart), not PROTOCOLS[name].variants, known.index(name), protocol


def alone(protocols: Iterable[str]) -> str:
    """What a note begins with where one protocol alone is shown: "Official split. "; "" where two stand side by side."""
    flattering, honest = pair(protocols)
    return "" if flattering else f"{protocol_title(honest).capitalize()}. "


def metric_title(metric: str) -> str:
    """ "UAR" -> "UAR", "weighted_F1" -> "weighted F1", "WA" -> "weighted accuracy"."""
    return {"WA": "weighted accuracy"}.get(metric, metric.replace("_", " "))


def cluster_title(cluster: str) -> str:
    """What is resampled, in one word: "clip_id" -> "clip"."""
    return CLUSTERS.get(cluster, cluster)


def modality_title(modalities: str) -> str:
    """ "face+speech" -> "face + speech"; a system that uses none is a reference line."""
    return "reference lines" if modalities in ("none", "") else modalities.replace("+", " + ")


def modality_rank(modalities: str) -> int:
    """Sort key: single modalities in the study's order, then pairs, then more, reference lines last."""
    if modalities in ("none", ""):
        return LAST
    places = [MODALITIES.index(m) if m in MODALITIES else len(MODALITIES) for m in modalities.split("+")]
    return int(f"{len(places)}{''.join(map(str, places)):0<6}")


def too_few(frame: pd.DataFrame) -> dict[str, int]:
    """Protocols that tested fewer than `FEWEST` clips, and how many: their falls and curves say more of luck than of a system.

    Args:
        frame: records, or predictions of test clips. None is named where the honest one tested so few.
    """
    by = frame.groupby("protocol")
    num = by.num_clips.max() if "num_clips" in frame else by.clip_id.nunique()
    small = num[num < FEWEST]
    return (
        {}
        if not len(num) or roles(num.index)["honest"] in small
        else {name: int(count) for name, count in small.items()}
    )


def enough(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Records or predictions, less those of protocols that tested `too_few` clips, and which these are."""
    small = too_few(frame[frame.part == "test"])
    return frame[~frame.protocol.isin(small)], small


def not_drawn(small: Mapping[str, int], what: str = "Not drawn") -> str:
    """Which protocols are left out of a figure, or of what else, because they tested too few clips; "" where none is."""
    named = [f"{protocol_title(name)}, of {counted(count, 'test clip')}" for name, count in small.items()]
    return f" {what}: {'; '.join(named)} (fewer than {FEWEST})." if named else ""


def sample(frame: pd.DataFrame, cluster: str = "speaker") -> str:
    """What a frame of records or of predictions rests on: "1439 clips of 24 speakers, 5 folds, 1 seed".

    "5 and 2 folds" where protocols differ, "7198 to 7200 clips" where systems do. Records tell folds and seeds in rows of single
    runs, or else in columns `num_folds` and `num_seeds`.

    Args:
        cluster: the corpus card's unit of resampling; a column of predictions.
    """
    noun, is_records = cluster_title(cluster), "num_clips" in frame
    tested = {}  # "432 clips of 24 speakers" -> the protocols that tested just so many
    for protocol, rows in frame.groupby("protocol") if "protocol" in frame else [("", frame)]:
        if is_records:
            clips, clusters = _num_clips(rows), int(rows.num_clusters.max())
        else:
            clips, clusters = counted(rows.clip_id.nunique(), "clip"), rows[cluster].nunique()
        told = clips + ("" if noun == "clip" else f" of {counted(clusters, noun)}")
        tested.setdefault(told, []).append(protocol_title(protocol))
    named = [told if len(tested) == 1 else f"{' and '.join(names)}: {told}" for told, names in tested.items()]
    parts = ["; ".join(named)]
    each = [rows for _, rows in frame.groupby("protocol")] if "protocol" in frame else [frame]
    for unit in ("fold", "seed"):
        counts = [count for count in dict.fromkeys(_num(rows, unit) for rows in each) if count]
        if counts[1:]:
            parts.append(f"{' and '.join(map(number, counts))} {unit}s")
        elif counts:
            parts.append(counted(counts[0], unit))
    return ", ".join(parts)


def _num_clips(records: pd.DataFrame) -> str:
    """On how many test clips systems were scored: the fewest and the most, of records that pool all there is to pool."""
    for column, pooled in {"part": "test", **dict.fromkeys(("fold", "seed", "group", "emotion"), "all")}.items():
        whole = records[column].astype(str) == pooled if column in records else pd.Series(False, records.index)
        records = records[whole] if whole.any() else records
    fewest, most = int(records.num_clips.min()), int(records.num_clips.max())
    return counted(most, "clip") if fewest == most else f"{number(fewest)} to {counted(most, 'clip')}"


def one_seed(frame: pd.DataFrame) -> str:
    """What stands under a table of records or of comparisons that rests on one seed alone; "" where several ran, or none is told."""
    seeds = frame.num_seeds.max() if "num_seeds" in frame else _num(frame, "seed") if "seed" in frame else 0
    return " One seed: how far another would move what depends on it is not known." if seeds == 1 else ""


def _num(frame: pd.DataFrame, unit: str) -> int:
    """How many folds or seeds: told apart by the rows of single runs, or as a column of records tells."""
    runs = frame[(frame.fold.astype(str) != "all") & (frame.part == "test")] if "num_clips" in frame else frame
    given = int(frame[f"num_{unit}s"].max()) if f"num_{unit}s" in frame else 0
    return runs[unit].nunique() or given


def interval_note(cluster: str = "speaker") -> str:
    """ "95 % interval over speakers"."""
    return f"95 % interval over {cluster_title(cluster)}s"


def full_title(row, titles: Mapping[str, str]) -> str:
    """ "stacking (face + text)" for a row that has `recipe` and `modalities`."""
    return f"{titles.get(row.recipe, row.recipe)} ({modality_title(row.modalities)})"


def titled(system: str, question: str) -> str:
    """ "BERT: who is hard to read?"; without a system "Who is hard to read?"."""
    return f"{system}: {question}" if system else sentence(question)


def sentence(text: str) -> str:
    """With a large first letter; the rest, such as UAR, as it is."""
    return text[:1].upper() + text[1:]
