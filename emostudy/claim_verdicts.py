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
from emostudy.leaks import CHOSEN, LEAKS
from emostudy.paths import write_atomically
from emostudy.predictions import read_records
from emostudy.profiles import PROFILES
from emostudy.wording import by_rigour, interval, percent, protocol_title

REPRODUCED, MISSED, CANNOT = "reproduced", "not reproduced", "cannot be run here"
CLOSE = 0.05  # of a score on training clips, which has no interval and is UAR where accuracy was printed
NO_CORPUS = "the corpus is not here"
USUAL_BERT = "bert-base-uncased"
EMBEDDED = "emosynth"  # says least about the world
FACTS = ("system", "subject", "modalities", "metric", "measured_on", "of", "on", "wording", "careful")
ROWS = [
    "system",
    "subject",
    "measured_on",
]  # numbers of one model on one part of the clips, which share a row for people


def folders(results: Path) -> list[Path]:
    """Every results folder with records, real corpora at `paper` first; not those of runs cut short."""
    cut = {profile.name for profile in PROFILES.values() if profile.is_cut}
    found = sorted(path.parent for path in results.glob("*/*/records.csv") if path.parent.name not in cut)
    return sorted(found, key=lambda folder: (folder.name != "paper", folder.parent.name == EMBEDDED))


def gather(results: Path) -> pd.DataFrame:
    """`claim_tables.table` of every results folder one below the other, with `corpus`; rows of rebuilds that ran."""
    found = []
    for folder in folders(results):
        corpus, scored = reopen(folder), pd.read_csv(folder / "records.csv", dtype={"fold": str, "seed": str})
        scored = scored[(scored.fold == "all") & (scored.seed == "all") & (scored.group == "all")]
        runs = read_records(folder, stamps.runs_of(folder, stamps.read_all(folder)))
        for modalities in dict.fromkeys(claim.modalities for claim in CLAIMS):
            protocols = by_rigour(scored.protocol)
            table = claim_tables.table(scored, runs, corpus, protocols, modalities)
            found.append(table[table.recipe != ""].assign(corpus=short_title(corpus)))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


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


def beside(leaks: pd.DataFrame) -> pd.DataFrame:
    """What mistakes add, in points, a row each and a column per corpus; the one that adds most anywhere on top."""
    marks = {"no difference shown": " n", CHOSEN: " b"}
    worth = [f"{100 * row.difference:+.1f}{marks.get(row.verdict, '')}" for row in leaks.itertuples()]
    wide = leaks.assign(worth=worth).pivot_table(index="leak", columns="corpus", values="worth", aggfunc="first")
    order = leaks.groupby("leak").difference.max().sort_values(ascending=False).index
    wide = wide.reindex(index=order, columns=list(dict.fromkeys(leaks.corpus))).fillna("-")
    wide.insert(0, "mistake", [LEAKS[name].title for name in wide.index])
    return wide.reset_index(drop=True)


def table(found: pd.DataFrame, leaks: pd.DataFrame, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """A row per printed number, in their order.

    Args:
        found: of `gather`; leaks: of `leaks_of`.

    Returns:
        What the claim says; `verdict`; recipe, title and corpus of the rebuild, "" where none ran on what was measured; `reached` in the
        way and on the clips of the claim, with reached_low and reached_high (NaN on training clips); `honest`, accuracy under the honest
        protocol, with honest_low and honest_high; `protocol`, theirs or the nearest; `explained`; `elsewhere`: the same model on other
        corpora, the first of them in numbers too (other, other_low, other_high); `command` that runs the rebuild.
    """
    return pd.DataFrame([{**_told(claim), **judged(claim, found, leaks)} for claim in claims])


def _told(claim: Claim) -> dict:
    facts = asdict(claim)
    return {name: facts[name] for name in FACTS} | {"claimed": claim.value}


def judged(claim: Claim, found: pd.DataFrame, leaks: pd.DataFrame) -> dict:
    """What became of one claim."""
    ran = rows_of(claim, found)
    here, others = (ran[ran.same_corpus], ran[~ran.same_corpus]) if len(ran) else (ran, ran)
    row = here.iloc[0] if len(here) else None
    reached = reached_by(claim, row)
    return {
        "verdict": verdict(claim, reached),
        **{name: "" if row is None else row[name] for name in ("recipe", "title", "corpus")},
        **dict(zip(("reached", "reached_low", "reached_high"), reached, strict=True)),
        **{f"honest{end}": float("nan") if row is None else row[f"honest_WA{end}"] for end in ("", "_low", "_high")},
        "protocol": "" if row is None else row.protocol_theirs or row.protocol_honest,
        "explained": explained(claim, leaks),
        **_elsewhere(others.drop_duplicates("corpus").to_dict("records")),
        "command": claim_tables.command(claim),
    }


def rows_of(claim: Claim, found: pd.DataFrame) -> pd.DataFrame:
    """Rows of the rebuilds of one number, the nearest to what was described first."""
    if found.empty:
        return found
    same = [found[name] == getattr(claim, name) for name in ("system", "subject", "measured_on", "of")]
    rows = found[pd.concat(same, axis=1).all(axis=1)]
    return rows.assign(rank=[_rank(name, claim.recipes) for name in rows.recipe]).sort_values("rank", kind="stable")


def _rank(name: str, recipes: Sequence[str]) -> int:
    """A recipe's place among those named; the same on other weights has the place of the one it is like."""
    kinds = [one.partition(USUAL_BERT)[2] for one in recipes]
    fits = [one == name or (bool(kind) and name.endswith(kind)) for one, kind in zip(recipes, kinds, strict=True)]
    return fits.index(True) if True in fits else len(recipes)


def reached_by(claim: Claim, row: pd.Series | None) -> tuple[float, float, float]:
    """What a rebuild reached in the way and on the clips of a claim, with its interval; NaN where there is none."""
    nothing = float("nan")
    if row is None:
        return nothing, nothing, nothing
    if claim.measured_on == "training":
        return float(row.train_UAR), nothing, nothing
    side = "theirs" if row.protocol_theirs else "honest"
    return tuple(float(row[f"{side}_WA{end}"]) for end in ("", "_low", "_high"))


def verdict(claim: Claim, reached: tuple[float, float, float]) -> str:
    """Reproduced: the interval reaches the claim, or a score on training clips comes within `CLOSE` of it."""
    value, _, high = reached
    if pd.isna(value):
        return CANNOT
    return REPRODUCED if (value + CLOSE if pd.isna(high) else high) >= claim.value else MISSED


def explained(claim: Claim, leaks: pd.DataFrame) -> str:
    """What may have flattered it, and what that adds where it was measured, best on the claim's own corpus."""
    own, told = {base_of(name) for name in claim.corpora}, []
    for name in claim.mistakes:
        rows = leaks[leaks.leak == name]
        known = [rows[rows.base.isin(own)], rows[rows.base != EMBEDDED], rows]
        rows = next((some for some in known if len(some)), rows)
        worth = [f"{100 * row.difference:+.1f} on {row.corpus}" for row in rows.itertuples()]
        told.append(LEAKS[name].title + (f" ({', '.join(worth)})" if worth else ""))
    return "; ".join(told)


def _elsewhere(rows: list[dict]) -> dict:
    """The same model's honest accuracy on other corpora: of the first one in numbers, of all in words."""
    ends = ("", "_low", "_high")
    told = [f"{row['title']} on {row['corpus']}: {interval(*(row[f'honest_WA{end}'] for end in ends))}" for row in rows]
    first = {f"other{end}": rows[0][f"honest_WA{end}"] if rows else float("nan") for end in ends}
    return {"elsewhere": "; ".join(told)} | first


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """`table` for people: the numbers of one model on one part of the clips in a row, in percent."""
    rows = []
    for _, some in table.groupby(ROWS, sort=False):
        one = some.iloc[0]
        printed = [f"{row.of} {row.wording or f'{100 * row.claimed:.4g}'}".strip() for row in some.itertuples()]
        rebuilt = f"{one.title} on {one.corpus}" if one.recipe else NO_CORPUS
        cells = {
            "claim": f"{one.system}: {one.subject}",
            "accuracy claimed": f"{', '.join(printed)} ({one.measured_on})",
            "on": one.on,
        }
        cells |= {
            "rebuilt": rebuilt,
            "their way": _way(one),
            "honest": interval(one.honest, one.honest_low, one.honest_high),
        }
        verdicts = some.verdict.value_counts()
        said = verdicts.index[0] if len(verdicts) == 1 else f"{verdicts.get(REPRODUCED, 0)} of {len(some)} {REPRODUCED}"
        rows.append(
            cells | {"verdict": said, "may be explained by": one.explained, "elsewhere, honest": one.elsewhere or "-"}
        )
    return pd.DataFrame(rows)


def _way(row: pd.Series) -> str:
    if pd.isna(row.reached):
        return "-"
    if pd.isna(row.reached_high):
        return f"{percent(row.reached)} (UAR of training clips, {protocol_title(row.protocol)})"
    return f"{interval(row.reached, row.reached_low, row.reached_high)} ({protocol_title(row.protocol)})"


def commands(table: pd.DataFrame) -> str:
    """A line per number that cannot be run here, with the command that runs its rebuild once the corpus is there."""
    rows = table[table.verdict == CANNOT].drop_duplicates(["system", "subject", "command"])
    lines = [
        f"* {row.system}, {row.subject}{f', {row.of}' if row.of else ''}: `{row.command}`" for row in rows.itertuples()
    ]
    return (
        "\n".join(["Not run here, and how to run it once its corpus is there:", "", *lines])
        if lines
        else "All ran here."
    )


def publish(folder: Path, results: Path) -> list[Path]:
    """Copy the table and the figure of notebook 10 from a results folder into `results/claims`; the files written."""
    made = sorted([*folder.glob("tables/10_claims.*"), *folder.glob("figures/10_claims.[!c]*")])
    copies = [results / "claims" / path.name.partition("_")[2] for path in made]
    for path, copy in zip(made, copies, strict=True):
        with write_atomically(copy) as temporary:
            temporary.write_bytes(path.read_bytes())
    return copies


def summary(table: pd.DataFrame) -> str:
    """How many printed numbers became what, and what is left of those that ran."""
    counts = table.verdict.value_counts()
    told = [f"Of {len(table)} printed numbers " + ", ".join(f"{counts[name]} {name}" for name in counts.index) + "."]
    ran = table[table.verdict != CANNOT].drop_duplicates(ROWS)
    for row in ran.itertuples():
        told.append(
            f"{row.system}, {row.subject}, {percent(row.claimed)} ({row.measured_on}): {_way(pd.Series(row._asdict()))} in their way, "
            f"{interval(row.honest, row.honest_low, row.honest_high)} honestly."
        )
    return "\n".join(f"* {one}" for one in told)
