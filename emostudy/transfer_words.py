"""How `transfer` is told: names, tables, and what was seen."""

import pandas as pd

from emostudy.corpora.catalogue import subcorpora
from emostudy.tables import worded_p
from emostudy.transfer import ALL_OTHERS, BY_SPEAKER, of_one
from emostudy.wording import counted, interval, percent


def title(subcorpus: str) -> str:
    """ "ravdess" -> "RAVDESS"."""
    return subcorpora().get(subcorpus, subcorpus)


def named(row, titles: dict[str, str]) -> str:
    """How tables and figures call a system under its condition."""
    return titles.get(row.recipe, row.recipe) + (", by speaker" if row.condition == BY_SPEAKER else "")


def sizes(table: pd.DataFrame) -> pd.DataFrame:
    """`transfer.sizes` worded: "615 to 659"."""
    words = {"trained on": table.learned.map(title)}
    for unit in ("clips", "speakers"):
        ends = zip(table[f"{unit}_min"], table[f"{unit}_max"], strict=True)
        words[f"{unit} in train"] = [str(low) if low == high else f"{low} to {high}" for low, high in ends]
    return pd.DataFrame(words).set_index("trained on")


def matrix(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`transfer.matrix` with a row for each system and what it learned, a column for each corpus tested."""
    rows = table.assign(system=[named(row, titles) for row in table.itertuples()], learned=table.learned.map(title))
    across = [name for name in table.learned.unique() if name != ALL_OTHERS]
    rows["cell"] = [interval(row.value, row.ci_low, row.ci_high) for row in rows.itertuples()]
    wide = rows.pivot(index=["system", "learned"], columns="tested", values="cell")
    order = rows[["system", "learned"]].drop_duplicates().apply(tuple, axis=1).tolist()
    wide = wide.loc[order, across].rename(columns=lambda name: f"tested on {title(name)}").fillna("-")
    return wide.reset_index().rename(columns={"learned": "trained on"}).rename_axis(columns=None)


def falls(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`transfer.falls` with differences in points."""
    systems = [named(row, titles) for row in table.itertuples()]
    return _compared(table, systems, "home less abroad", {"better": "better at home", "worse": "better abroad"})


def known(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """`transfer.known` with differences in points."""
    return _compared(table, list(table.recipe.map(titles)), "by speaker less as it comes", {})


def _compared(table: pd.DataFrame, systems: list[str], what: str, verdicts: dict[str, str]) -> pd.DataFrame:
    differences = [interval(row.difference, row.ci_low, row.ci_high) for row in table.itertuples()]
    return pd.DataFrame(
        {
            "system": systems,
            "tested on": table.tested.map(title),
            "trained on": table.learned.map(title),
            f"{what} (points)": differences,
            "p (Holm)": table.p_holm.map(worded_p),
            "verdict": table.verdict.replace(verdicts),
        }
    )


def findings(
    table: pd.DataFrame,
    fallen: pd.DataFrame,
    worth: pd.DataFrame,
    recipe: str,
    chance: float,
    titles: dict[str, str],
) -> str:
    """What was seen of one recipe: at home, abroad, what it says there most, and what standardising each speaker changed.

    Args:
        table, fallen, worth: of `transfer.matrix`, `transfer.falls` and `transfer.known`.
    """
    home, abroad = of_one(table, recipe)
    best, worst = abroad.loc[abroad.value.idxmax()], abroad.loc[abroad.value.idxmin()]
    most, least = abroad.loc[abroad.share_said.idxmax()], abroad.share_said.min()
    homes = ", ".join(f"{percent(row.value)} on {title(row.tested)}" for row in home.itertuples())
    mine = fallen[(fallen.recipe == recipe) & (fallen.condition != BY_SPEAKER)]
    told = [
        f"{titles[recipe]}, new speakers of the corpus that was learned: {homes} (UAR, chance {percent(chance)}).",
        f"In a single other corpus it reads between {percent(worst.value)} ({_way(worst)}) and {percent(best.value)} ({_way(best)}).",
        f"Of {counted(len(mine), 'comparison')} on the same clips, with single corpora and with all others, home was shown to be "
        f"better in {(mine.verdict == 'better').sum()}, abroad in {(mine.verdict == 'worse').sum()}.",
        f"Abroad, what it says most it says of {percent(least, 0)} to {percent(most.share_said, 0)} % of the clips: most of all "
        f"*{most.said}*, {_way(most)}.",
    ]
    if recipe in set(worth.recipe):
        told.append(_of_known(table, worth[worth.recipe == recipe], recipe))
    return "\n".join(f"- {line}" for line in told)


def _of_known(table: pd.DataFrame, worth: pd.DataFrame, recipe: str) -> str:
    (home, abroad), (home_known, abroad_known) = (
        [rows.value.mean() for rows in of_one(table, recipe, condition)] for condition in ("none", BY_SPEAKER)
    )
    better, worse = ((worth.verdict == verdict).sum() for verdict in ("better", "worse"))
    return (
        f"Standardising each speaker, which needs their unlabelled clips, was shown to help in {better} of {len(worth)} cells and to "
        f"harm in {worse}. Mean at home {percent(home)} before and {percent(home_known)} after, in single other corpora "
        f"{percent(abroad)} and {percent(abroad_known)}: the fall is {percent(home - abroad)} points before and "
        f"{percent(home_known - abroad_known)} after."
    )


def _way(row) -> str:
    return f"trained on {title(row.learned)}, tested on {title(row.tested)}"
