"""Where the way to the ceiling is lost, on a corpus whose ceiling is known: in recognition, or in fusion."""

from collections.abc import Mapping

import pandas as pd

from emostudy import bounds, records, tables
from emostudy.wording import interval, modality_title, percent, protocol_title

COLUMNS = (
    *("modalities", "recipe", "ceiling", "adjusted", "reached", "ci_low", "ci_high"),
    *("lost_in_recognition", "lost_in_fusion"),
)


def gaps(
    scored: pd.DataFrame,
    recipes: Mapping[str, str],
    ceilings: Mapping[str, float],
    adjusted: Mapping[str, float],
    protocol: str = "speaker_independent",
) -> pd.DataFrame:
    """A row per set of modalities; all in 0 to 1. Recognition loses `ceiling - adjusted`, fusion of several `adjusted - reached`.

    Args:
        scored: records, as of `scores.score`.
        recipes: modalities -> the recipe that stands for them (chosen on dev clips).
        ceilings, adjusted: modalities -> best possible UAR; the same through imperfect recognisers (`ceilings.py`).

    Raises:
        ValueError: a recipe that has no record.
    """
    rows = tables.systems(scored[scored.protocol == protocol])
    rows = rows.rename(columns={"honest": "reached", "honest_low": "ci_low", "honest_high": "ci_high"})
    rows = rows[rows.recipe == rows.modalities.map(recipes)].assign(
        ceiling=rows.modalities.map(ceilings), adjusted=rows.modalities.map(adjusted)
    )
    if missing := set(recipes) - set(rows.modalities):
        raise ValueError(f"no UAR of {recipes[min(missing)]!r} with {min(missing)!r}; train it first or leave it out")
    fused = rows.modalities.str.contains("+", regex=False)
    rows["lost_in_recognition"] = rows.ceiling - rows.adjusted
    rows["lost_in_fusion"] = (rows.adjusted - rows.reached).where(fused)
    return rows[list(COLUMNS)].reset_index(drop=True)


def worded(gaps: pd.DataFrame, titles: Mapping[str, str] | None = None) -> pd.DataFrame:
    """`gaps` in percent and points, one row per set of modalities."""
    numbers = ("ceiling", "adjusted", "lost_in_recognition", "lost_in_fusion")
    cells = {name.replace("_", " "): gaps[name].map(percent) for name in numbers}
    head = {"modalities": gaps.modalities.map(modality_title), "system": tables.named(gaps.recipe, titles)}
    reads = {"reads": _worded_reads(gaps)} if "reads" in gaps else {}
    reached = tables.worded_intervals(gaps, "reached", "ci_low", "ci_high")
    return pd.DataFrame({**head, "reached": reached, **cells, **reads})


def _worded_reads(gaps: pd.DataFrame) -> list[str]:
    """With intervals; "-" for several modalities, of which nobody shows anything together."""
    return ["-" if pd.isna(row[0]) else interval(*row) for row in gaps[list(bounds.READS)].to_numpy(float)]


def of_modalities(lesson, predictions: pd.DataFrame, adjusted: dict[str, float], protocol: str) -> pd.DataFrame:
    """Write, per set of modalities, ceiling, adjusted ceiling and what its recipe, the best on dev, reached; give it back in numbers."""
    chosen = records.best_of_each(predictions, lesson.corpus, protocol)
    scored = lesson.score(predictions)
    table = gaps(scored, chosen, bounds.ceilings(lesson.corpus), adjusted, protocol)
    table = table.join(bounds.reads(predictions, lesson.corpus, protocol), on="modalities")
    note = _note(scored, lesson, protocol) + " Reads: clips of which it says what they show."
    caption = f"Where the way to the ceiling is lost, {protocol_title(protocol)}, UAR"
    lesson.table(table, "ceilings", caption, worded(table, lesson.titles), note)
    return table


def of_fusions(lesson, predictions: pd.DataFrame, adjusted: dict[str, float], protocol: str) -> pd.DataFrame:
    """Write how close every fusion of all modalities comes to the adjusted ceiling and to the ceiling, and give it back worded."""
    scored = lesson.score(predictions)
    table = nearness(scored, bounds.ceilings(lesson.corpus), adjusted, protocol)
    caption = f"How close each way to fuse comes to the ceilings, {protocol_title(protocol)}, UAR"
    return lesson.table(table, "nearness", caption, worded(table, lesson.titles), _note(scored, lesson, protocol))


def nearness(
    scored: pd.DataFrame, ceilings: Mapping[str, float], adjusted: Mapping[str, float], protocol: str
) -> pd.DataFrame:
    """`gaps` of every fusion of all modalities, the highest first."""
    whole = max(adjusted, key=lambda name: name.count("+"))
    known = (scored.modalities == whole) & (scored.protocol == protocol)
    each = [gaps(scored, {whole: recipe}, ceilings, adjusted, protocol) for recipe in scored[known].recipe.unique()]
    return pd.concat(each).sort_values("reached", ascending=False, ignore_index=True)


def nearest(lesson, predictions: pd.DataFrame, adjusted: dict[str, float], protocol: str, derived: str) -> str:
    """Which fusion of all modalities is highest, and what the one that was derived reaches, in words."""
    table = nearness(lesson.score(predictions), bounds.ceilings(lesson.corpus), adjusted, protocol)
    top, known = table.iloc[0], table[table.recipe == derived]
    told = f"Highest is {_reached(top, lesson.titles)}, the adjusted ceiling {percent(top.adjusted)}"
    if len(known) and top.recipe != derived:
        told += f"; {_reached(known.iloc[0], lesson.titles)}"
    return f"{told}. None of these {len(table)} is tested against another here: which of them is higher may be chance."


def _reached(row: pd.Series, titles: Mapping[str, str]) -> str:
    return f"{titles.get(row.recipe, row.recipe)}, {interval(row.reached, row.ci_low, row.ci_high)} % UAR"


def of_media(lesson, predictions: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Write whether a modality tells more than what it shows (`bounds.beyond`), and give it back worded."""
    table = bounds.beyond(predictions, lesson.corpus, protocol)
    cells = {
        "modality": table.modality.map(modality_title),
        "as it answered": table.score.map(percent),
        "exchanged where it shows the same": table.own.map(percent),
    }
    for other in table.columns[3:-1]:
        name = f"and {modality_title(other).lower()} too"
        cells[name] = table[other].map(lambda score: "-" if pd.isna(score) else percent(score))
    cells["p"] = table.p.map("{:.3f}".format)
    clips = predictions[(predictions.part == "test") & (predictions.protocol == protocol)].clip_id.nunique()
    note = f"n = {clips} test clips, {protocol_title(protocol)}; means of 200 exchanges within folds; p: of none of it being lost."
    caption = "Answers of the preferred recipes, exchanged among clips that show the same, UAR"
    return lesson.table(table, "beyond", caption, pd.DataFrame(cells), note)


def _note(scored: pd.DataFrame, lesson, protocol: str) -> str:
    return tables.note(scored[scored.protocol == protocol], lesson.cluster)
