"""The table of claims in words: for people, on the command line of who has the corpora, and as files of its own."""

from pathlib import Path

import pandas as pd

from emostudy import claim_tables
from emostudy.claim_verdicts import CANNOT, JUDGED, MARKS, UNRUN
from emostudy.leaks import LEAKS
from emostudy.paths import write_atomically
from emostudy.wording import interval, percent, protocol_title

ROWS = ["system", "subject", "measured_on"]  # numbers of one model on one part of the clips share a row


def shown(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows that share one, those that are judged first."""
    rank = {name: place for place, name in enumerate((*JUDGED, UNRUN, CANNOT))}
    groups = [rows for _, rows in table.groupby(ROWS, sort=False)]
    return [rows.loc[rows.verdict.map(rank).sort_values(kind="stable").index] for rows in groups]


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """`claim_verdicts.table` for people, in percent."""
    return pd.DataFrame([_worded(rows) for rows in shown(table)])


def _worded(rows: pd.DataFrame) -> dict[str, str]:
    one, ordered = rows.iloc[0], rows.sort_index()
    verdicts = ordered.verdict.value_counts(sort=False)
    return {
        "claim": f"{one.system}: {one.subject}",
        "accuracy claimed": f"{', '.join(map(_printed, ordered.itertuples()))} ({one.measured_on})",
        "on": one.on,
        "rebuilt": rebuilt(one),
        "their way": way(one) + (f"; {one.also}" if one.also else ""),
        "honest": honest(one),
        "verdict": verdicts.index[0]
        if len(verdicts) == 1
        else ", ".join(f"{num} {name}" for name, num in verdicts.items()),
        "may be explained by": one.explained or "-",
        "elsewhere, honest": one.elsewhere or "-",
    }


def _printed(row) -> str:
    return f"{row.of} {row.wording or f'{100 * row.claimed:.4g}'}".strip()


def rebuilt(row) -> str:
    """By what, and in what that differs from theirs; or what it would need."""
    if row.verdict == CANNOT:
        return f"not here: {row.needs}"
    unlike = f" (stands in: {row.unlike})" if row.unlike else ""
    return f"{row.title} on {row.corpus}{unlike}" if row.recipe else "not in their way"


def way(row) -> str:
    """What was reached in the authors' way, and which that is."""
    if pd.isna(row.reached):
        return "-"
    if pd.isna(row.reached_high):
        tested = interval(row.tested, row.tested_low, row.tested_high)
        return f"{percent(row.reached)} (UAR of training clips, {protocol_title(row.protocol)}; of test clips {tested})"
    known = row.to_dict() if isinstance(row, pd.Series) else row._asdict()  # or of itertuples
    seeds = claim_tables.seeds(known, "reached")
    return f"{interval(row.reached, row.reached_low, row.reached_high)}{seeds} ({protocol_title(row.protocol)})"


def honest(row) -> str:
    """What was reached honestly, by the nearest of further rebuilds too where there is one."""
    told = interval(row.honest, row.honest_low, row.honest_high)
    near = interval(row.near_honest, row.near_honest_low, row.near_honest_high)
    return told if pd.isna(row.near_honest) else f"{told}; by the nearest other {near}"


def beside(leaks: pd.DataFrame) -> pd.DataFrame:
    """What mistakes add, in points, a row each and a column per corpus; the one that adds most anywhere on top.

    Args:
        leaks: of `claim_verdicts.leaks_of`.
    """
    worth = [f"{100 * row.difference:+.1f}{MARKS.get(row.verdict, '')}" for row in leaks.itertuples()]
    wide = leaks.assign(worth=worth).pivot_table(index="leak", columns="corpus", values="worth", aggfunc="first")
    order = leaks.groupby("leak").difference.max().sort_values(ascending=False).index
    wide = wide.reindex(index=order, columns=list(dict.fromkeys(leaks.corpus))).fillna("-")
    wide.insert(0, "mistake", [LEAKS[name].title for name in wide.index])
    return wide.reset_index(drop=True)


def commands(table: pd.DataFrame) -> str:
    """A line per number that is not judged, with the command that runs its rebuild once the corpus is there."""
    rows = table[~table.verdict.isin(JUDGED)].drop_duplicates(["system", "subject", "command"])
    lines = []
    for row in rows.itertuples():
        part = f", {row.of}" if row.of else ""
        lines.append(f"* {row.system}, {row.subject}{part}: `{row.command}`")
    return "\n".join(["Not judged here, and how to run it:", "", *lines]) if lines else "All were judged here."


def publish(folder: Path, results: Path) -> list[Path]:
    """Copy the tables and the figure of claims from a results folder into `results/claims`; the files written."""
    tables = [path for name in ("claims", "orders", "aims") for path in folder.glob(f"tables/10_{name}.*")]
    made = sorted([*tables, *folder.glob("figures/10_claims.[!c]*")])
    copies = [results / "claims" / path.name.partition("_")[2] for path in made]
    for path, copy in zip(made, copies, strict=True):
        with write_atomically(copy) as temporary:
            temporary.write_bytes(path.read_bytes())
    return copies


def summary(table: pd.DataFrame) -> str:
    """How many printed numbers became what, and what is left of those that are judged."""
    counts = table.verdict.value_counts()
    lines = [f"* Of {len(table)} printed numbers {', '.join(f'{num} {name}' for name, num in counts.items())}."]
    for row in table[table.verdict.isin(JUDGED)].itertuples():
        reached = f"{way(row)} in their way, {interval(row.honest, row.honest_low, row.honest_high)} honestly"
        lines.append(
            f"* {row.system}, {row.subject}: {_printed(row)} claimed ({row.measured_on}), by {row.title} {reached}."
        )
    return "\n".join(lines)
