"""Every printed number beside what its rebuild reached in any results folder, with a verdict and what may have flattered it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from emostudy import claim_tables, stamps
from emostudy.claims import CLAIMS, Claim
from emostudy.corpora.catalogue import base_of
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.kept import reopen
from emostudy.graph import ancestors
from emostudy.leaks import CHOSEN, LEAKS
from emostudy.once import ONCE
from emostudy.predictions import read_records
from emostudy.profiles import PROFILES
from emostudy.wording import by_rigour, interval

REPRODUCED, EXCEEDED, MISSED = "reproduced", "exceeded", "not reproduced"
OTHERWISE = "reproduced by another reading"  # the first that the claim names misses it, one behind it does not
SO_REACHED, SO_MISSED = "reached by a stand-in", "missed by a stand-in"
UNRUN, CANNOT = "not run in their way", "cannot be run here"
JUDGED = (REPRODUCED, EXCEEDED, OTHERWISE, MISSED, SO_REACHED, SO_MISSED)
CLOSE = 0.05  # of a score on training clips, which has no interval
MARKS = {"no difference shown": " n", CHOSEN: " b"}
USUAL_BERT = "bert-base-uncased"
EMBEDDED = "emosynth"  # says least about the world
ENDS = ("", "_low", "_high")
FACTS = ("system", "subject", "modalities", "metric", "measured_on", "of", "on", "needs", "wording", "careful")


def look_around(lesson) -> Path:
    """The results of all corpora, for a lesson that is stale once they, or the runs of its own corpus, are others."""
    lesson.read[:] = stamps.runs_of(lesson.folder, ancestors(lesson.slug))
    return lesson.everywhere()


def folders(results: Path, holding: str = "records.csv") -> list[Path]:
    """Every results folder that holds a file, real corpora at `paper` first; not those of runs cut short."""
    cut = {profile.name for profile in PROFILES.values() if profile.is_cut}
    found = sorted(path.parent for path in results.glob(f"*/*/{holding}") if path.parent.name not in cut)
    return sorted(found, key=lambda folder: (folder.name != "paper", folder.parent.name == EMBEDDED))


def gather(results: Path) -> pd.DataFrame:
    """`claim_tables.table` of every results folder one below the other; rows of rebuilds that ran.

    Returns:
        Its columns, with `corpus` (its title), and `here`: whether its clips are those that the claim was measured on. Of clips with
        several labels subset accuracy stands for WA and macro F1 for UAR.
    """
    found = []
    for folder in folders(results):
        corpus, scored = reopen(folder), pd.read_csv(folder / "records.csv", dtype={"fold": str, "seed": str})
        scored = scored[scored.group == "all"]
        usual = scored[scored.condition != ONCE].recipe.unique()
        scored = scored[
            (scored.condition != ONCE) | ~scored.recipe.isin(usual)
        ]  # what ran otherwise too is judged by that
        runs, protocols = runs_in(folder), by_rigour(scored.protocol)
        for modalities in dict.fromkeys(claim.modalities for claim in CLAIMS):
            table = claim_tables.table(scored, runs, corpus, protocols, modalities, ONCE)
            table.columns = [name.replace("subset_accuracy", "WA").replace("macro_F1", "UAR") for name in table]
            table = table[table.recipe != ""].assign(corpus=short_title(corpus))
            found.append(table.assign(here=[_measured_on(row, corpus.name) for row in table.itertuples()]))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def runs_in(folder: Path) -> list[dict]:
    """The records of all runs that a notebook of this folder made."""
    return read_records(folder, stamps.runs_of(folder, stamps.read_all(folder)))


def _measured_on(row, corpus: str) -> bool:
    """Whether a row's claim was measured on this very corpus: another reading of it has other clips or labels."""
    claims = (one for one in CLAIMS if _key(one) == _key(row))
    return any(claim.corpora == (corpus,) for claim in claims)


def _key(one) -> tuple:
    return one.system, one.subject, one.measured_on, one.of


def short_title(corpus: Corpus) -> str:
    """RAVDESS of "RAVDESS, emotional speech ..."."""
    return corpus.card["title"].partition(",")[0]


def leaks_of(results: Path) -> pd.DataFrame:
    """What each mistake adds, in every results folder whose notebook 09 ran: `leak, corpus, base, difference, verdict`."""
    columns = ["leak", "corpus", "base", "difference", "verdict"]
    tables = [
        pd.read_csv(path).assign(corpus=short_title(reopen(folder)), base=base_of(folder.parent.name))[columns]
        for folder in folders(results)
        if (path := folder / "tables" / "09_leaks.csv").is_file()
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def ladders_of(results: Path) -> pd.DataFrame:
    """One system per modality under every protocol, in every results folder whose notebook 09 ran: its table `09_ladder` and `corpus`."""
    tables = [
        pd.read_csv(path).assign(corpus=short_title(reopen(folder)))
        for folder in folders(results)
        if (path := folder / "tables" / "09_ladder.csv").is_file()
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def table(found: pd.DataFrame, leaks: pd.DataFrame, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """A row per printed number, in their order.

    Judged is the first recipe of those that the claim names, on the very clips that were measured, split as its authors did (at random
    where they say nothing). Where that misses the number and one named behind it does not, another reading reproduces it. Of models
    among which the source does not say whose a number is, judged is that which comes nearest. What differs in a thing that they did
    print, such as the weights it starts from, stands in for their model, and reproduces nothing.

    Args:
        found: of `gather`; leaks: of `leaks_of`.

    Returns:
        What the claim says; `verdict`; recipe, title and corpus of what is judged, "" where nothing is; `unlike`: in what that only stands
        in for theirs; `reached` in the authors' way, with reached_low and reached_high (NaN on training clips), and reached_least
        and reached_most of several seeds, of test clips; `tested`: accuracy of
        their test clips, with tested_low and tested_high; `honest`, accuracy under the honest protocol, with honest_low and
        honest_high; `protocol`, the authors' way; `also`: what others that the claim names reached in it, and of the one
        nearest to the number near, near_honest, each with _low and _high; `explained`;
        `elsewhere`: what else rebuilds the model, and the model on other corpora,
        the first of them in numbers too (other, other_low, other_high); `command` that runs the rebuild.
    """
    return pd.DataFrame([{**_told(claim), **judged(claim, found, leaks)} for claim in claims])


def _told(claim: Claim) -> dict:
    facts = asdict(claim)
    return {name: facts[name] for name in FACTS} | {"claimed": claim.value}


def judged(claim: Claim, found: pd.DataFrame, leaks: pd.DataFrame) -> dict:
    """What became of one claim."""
    rows = rows_of(claim, found)
    able = [
        row
        for row in rows
        if row["here"] and row["rank"] < len(claim.recipes) and row["protocol_theirs"] == _way(claim)
    ]
    if claim.nearest:
        able.sort(key=lambda row: abs(reached_by(claim, row)[0] - claim.value))
    row = able[0] if able else {}
    reached, unlike = reached_by(claim, row) if row else (float("nan"),) * 3, unlike_of(claim, row)
    said = verdict(claim, reached, unlike) if row else UNRUN if any(one["here"] for one in rows) else CANNOT
    others = [verdict(claim, reached_by(claim, one), "") for one in able[1:] if one["recipe"] in claim.recipes]
    said = OTHERWISE if said == MISSED and REPRODUCED in others else said
    return {
        "verdict": said,
        **{name: row.get(name, "") for name in ("recipe", "title", "corpus")},
        "unlike": unlike,
        **{f"reached{end}": value for end, value in zip(ENDS, reached, strict=True)},
        **{f"reached{end}": row.get(f"theirs_WA{end}", float("nan")) for end in claim_tables.SEEDS},
        **{f"tested{end}": row.get(f"theirs_WA{end}", float("nan")) for end in ENDS},
        **{f"honest{end}": row.get(f"honest_WA{end}", float("nan")) for end in ENDS},
        "protocol": row.get("protocol_theirs", ""),
        **_nearest_other(claim, able[1:]),
        "also": "; ".join(f"{one['title']} {_told_by(claim, one)}" for one in able[1:]),
        "explained": "" if said in (MISSED, SO_MISSED) else explained(claim, leaks),
        **_elsewhere([one for one in rows if one not in able]),
        "command": claim_tables.command(claim),
    }


def _nearest_other(claim: Claim, rows: list[dict]) -> dict[str, float]:
    """What the nearest of further rebuilds reached in the authors' way, and honestly; NaN where there is none."""
    row = min(rows, key=lambda row: abs(reached_by(claim, row)[0] - claim.value), default=None)
    near = reached_by(claim, row) if row else (float("nan"),) * 3
    honest = [row[f"honest_WA{end}"] if row else float("nan") for end in ENDS]
    return {f"near{end}": value for end, value in zip(ENDS, near, strict=True)} | {
        f"near_honest{end}": value for end, value in zip(ENDS, honest, strict=True)
    }


def unlike_of(claim: Claim, row: dict) -> str:
    """In what the rebuild of a row only stands in for the model that a claim is about; "" if in nothing."""
    if not row:
        return ""
    chosen = f"the nearest of {len(claim.recipes)} models, for whose the number is is not said" if claim.nearest else ""
    weights = "" if row["recipe"] in claim.recipes else "other weights"
    other = (
        row.get("reading", "") if row["rank"] and not claim.nearest else ""
    )  # a further one differs in what it was decided to be
    metric = "UAR, for of training clips no accuracy is recorded" if claim.measured_on == "training" else ""
    return "; ".join(filter(None, (claim.unlike, weights, other, metric, chosen)))


def _way(claim: Claim) -> str:
    return claim.way or claim_tables.NEAREST


def rows_of(claim: Claim, found: pd.DataFrame) -> list[dict]:
    """Rows of all that rebuilds a claim's model, with `rank`: the place of what the claim names, behind them what else there is."""
    if found.empty:
        return []
    rows = [
        row
        for row in found.to_dict("records")
        if _key(claim) == tuple(row[name] for name in ("system", "subject", "measured_on", "of"))
    ]
    ranked = (row | {"rank": _rank(row["recipe"], row.get("weights", ""), claim.recipes)} for row in rows)
    return sorted(ranked, key=lambda row: row["rank"])


def _rank(name: str, weights: str, recipes: Sequence[str]) -> int:
    """A recipe's place among those named; the same on other weights has the place of the one it is like."""
    base = weights.partition("@")[0].rpartition("/")[2]
    usual = name.replace(base, USUAL_BERT) if base else name
    return recipes.index(usual) if usual in recipes else len(recipes)


def reached_by(claim: Claim, row: dict) -> tuple[float, float, float]:
    """What a rebuild reached in the authors' way on what the claim was measured on, with its interval; NaN where there is none."""
    if claim.measured_on == "training":
        return float(row["train_UAR"]), float("nan"), float("nan")
    return tuple(float(row[f"theirs_WA{end}"]) for end in ENDS)


def _told_by(claim: Claim, row: dict) -> str:
    """`reached_by` with its range over seeds; of training clips there is neither interval nor range."""
    seeds = "" if claim.measured_on == "training" else claim_tables.seeds(row, "theirs_WA")
    return interval(*reached_by(claim, row)) + seeds


def verdict(claim: Claim, reached: tuple[float, float, float], unlike: str = "") -> str:
    """Reproduced: the claim lies in the interval, or a score on training clips within `CLOSE` of it; else which way it is missed.

    What is `unlike` theirs reaches the claim or misses it; it reproduces nothing.
    """
    value, low, high = reached
    if pd.isna(value):
        return UNRUN
    low, high = (value - CLOSE, value + CLOSE) if pd.isna(low) else (low, high)
    if unlike:
        return SO_MISSED if high < claim.value else SO_REACHED
    return MISSED if high < claim.value else EXCEEDED if low > claim.value else REPRODUCED


def explained(claim: Claim, leaks: pd.DataFrame) -> str:
    """What may have flattered it, and what that adds where it was measured: on the claim's own corpus, else on real ones.

    A score of training clips is explained by being one; the others by what they let of test into train.
    """
    told = []
    for name in claim.mistakes:
        if (name == "training") == (claim.measured_on == "training"):
            rows = _nearest(leaks[leaks.leak == name], {base_of(one) for one in claim.corpora})
            worth = [
                f"{100 * row.difference:+.1f}{MARKS.get(row.verdict, '')} on {row.corpus}" for row in rows.itertuples()
            ]
            told.append(LEAKS[name].title + (f" ({', '.join(worth)})" if worth else ""))
    return "; ".join(told)


def _nearest(rows: pd.DataFrame, own: set[str]) -> pd.DataFrame:
    known = [rows[rows.base.isin(own)], rows[rows.base != EMBEDDED], rows]
    return next((some for some in known if len(some)), rows)


def _elsewhere(rows: list[dict]) -> dict:
    """What else ran: honest accuracies, the nearest of each corpus; of the first one in numbers, of all in words."""
    first = {row["corpus"]: row for row in reversed(rows)}
    rows = [row for row in rows if first[row["corpus"]] is row]
    told = [f"{row['title']} on {row['corpus']}: {interval(*(row[f'honest_WA{end}'] for end in ENDS))}" for row in rows]
    return {"elsewhere": "; ".join(told)} | {
        f"other{end}": rows[0][f"honest_WA{end}"] if rows else float("nan") for end in ENDS
    }
