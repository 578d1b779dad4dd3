"""Claims without a number: one way is said to be better than another. Tested in pairs wherever both ran."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.claim_verdicts import folders, runs_in, short_title
from emostudy.comparisons import holm
from emostudy.corpora.kept import reopen
from emostudy.predictions import read_runs, with_cluster
from emostudy.records import compare_pairs, verdict_on
from emostudy.tables import worded_p
from emostudy.wording import by_rigour, interval, modality_rank, modality_title, protocol_title

NOWHERE = "cannot be run here"
SAID = {"better": "holds", "worse": "the other way round", "no difference shown": "no difference shown"}


@dataclass(frozen=True)
class Order:
    """What is said to be better than what.

    Args:
        system: who says so; `words`: what.
        better, worse: recipe and condition of either side.
        careful: in what our two differ from what was described.
        needs: a column of the clips without which the two are not what was meant.
    """

    system: str
    words: str
    better: tuple[str, str]
    worse: tuple[str, str]
    careful: str = ""
    needs: str = ""


OWN = "our models, not R's; no spectrogram picture"
ORDERS = (
    Order(
        "R",
        "weights of each clip beat fixed ones",
        ("entropy_trust", "none"),
        ("trust", "none"),
        OWN,
    ),
    Order(
        "R",
        "weights of each clip beat a plain average",
        ("entropy_trust", "none"),
        ("mean", "none"),
        OWN,
    ),
    Order(
        "M",
        "standardised MFCCs beat MFCCs as they come, in a fusion",
        ("concatenation", "as_they_come"),
        ("concatenation_raw", "as_they_come"),
        "M compared training clips",
    ),
    Order(
        "I",
        "the speaker's half of the frame beats the face, cut out",
        ("joined_half_frame", "inputs"),
        ("joined_face", "inputs"),
        "gradients of pixels into a perceptron, not ResNet-18; only where a corpus says on which side the speaker sits",
        "side",
    ),
    Order("F", "faces of three corpora mixed beat those of each alone", ("", ""), ("", ""), "the corpora are not here"),
)


def tested(results: Path) -> pd.DataFrame:
    """Every order on every corpus where both sides ran: with all modalities that both had, under the most honest protocol.

    Returns:
        A row per order and corpus: `system, words, careful, on`, and what `records.compare_pairs` gives, p and verdict after Holm over
        all rows. An order of which no corpus has both sides has one row with the verdict `NOWHERE`.
    """
    rows = []
    for folder in folders(results, "corpus.json"):
        corpus, runs = reopen(folder), runs_in(folder)
        for order in ORDERS:
            if (order.needs or "clip_id") in corpus.clips and (sides := _sides(order, runs)):
                pair = [with_cluster(_test(folder, run_ids), corpus) for run_ids in sides]
                rows.append(
                    _told(order) | {"on": short_title(corpus)} | compare_pairs([pair], corpus).iloc[0].to_dict()
                )
    ran = {row["words"] for row in rows}
    p_holm = holm(np.array([row["p_value"] for row in rows], float))
    rows = [
        row | {"p_holm": p, "verdict": verdict_on(p, row["difference"])} for row, p in zip(rows, p_holm, strict=True)
    ]
    return pd.DataFrame([*rows, *(_told(one) for one in ORDERS if one.words not in ran)])


def _told(order: Order) -> dict:
    return {"system": order.system, "words": order.words, "careful": order.careful, "verdict": NOWHERE}


def _sides(order: Order, records: list[dict]) -> tuple[list[str], list[str]] | None:
    """Run ids of both sides, of the largest set of modalities and the most honest protocol that both have; None where there is none."""
    found = []
    for recipe, condition in (order.better, order.worse):
        runs = [one for one in records if (one["recipe"], one["condition"]) == (recipe, condition)]
        found.append(pd.DataFrame(runs, columns=["run_id", "modalities", "protocol"]))
    shared = found[0].merge(found[1], on=["modalities", "protocol"])
    if shared.empty:
        return None
    modalities = max(shared.modalities, key=lambda name: (name.count("+"), modality_rank(name)))
    protocol = by_rigour(shared.protocol[shared.modalities == modalities])[-1]
    return tuple(one.run_id[(one.modalities == modalities) & (one.protocol == protocol)].tolist() for one in found)


def _test(folder: Path, run_ids: list[str]) -> pd.DataFrame:
    rows = read_runs(folder, run_ids)
    return rows[rows.part == "test"]


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """`tested` for people."""
    return pd.DataFrame([_worded(row) for row in table.sort_values(["system", "words"], kind="stable").itertuples()])


def _worded(row) -> dict[str, str]:
    cells = {"claim": f"{row.system}: {row.words}", "on": "-", "difference (points)": "-", "p (Holm)": "-"}
    if row.verdict != NOWHERE:
        cells["on"] = f"{row.on}, {modality_title(row.modalities)}, {protocol_title(row.protocol)}"
        cells["difference (points)"] = interval(row.difference, row.ci_low, row.ci_high)
        cells["p (Holm)"] = worded_p(row.p_holm)
    return cells | {"verdict": SAID.get(row.verdict, row.verdict), "careful": row.careful or "-"}


def summary(table: pd.DataFrame) -> str:
    """What became of each order, a line per verdict."""
    lines = []
    for verdict, rows in table.groupby("verdict", sort=False):
        each = [
            f"{row.system}, {row.words}" + (f" ({row.on})" if verdict != NOWHERE else "") for row in rows.itertuples()
        ]
        lines.append(f"* {SAID.get(verdict, verdict).capitalize()}: {'; '.join(each)}.")
    return "\n".join(lines)
