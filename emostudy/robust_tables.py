"""Tables of notebook 08 in words: what befell the clips, what is kept of a score, what being told is worth."""

import pandas as pd

from emostudy.corruptions import MISSING
from emostudy.outlying import FAR
from emostudy.tables import FIGURES, Titles, named, worded_intervals, worded_p
from emostudy.wording import interval_note, modality_title, one_seed, percent, sample


def under_conditions(rows: pd.DataFrame, titles: Titles | None = None) -> pd.DataFrame:
    """A row per system, a column per kind of what may befall a modality: of `robustness.curves`, one protocol, in percent."""
    cells = rows.assign(cell=worded_intervals(rows, *FIGURES[:3]), told=[_befallen(row) for row in rows.itertuples()])
    order = list(dict.fromkeys(cells.told))
    wide = cells.pivot(index=["modalities", "recipe"], columns="told", values="cell")[order].reset_index()
    wide = wide.assign(recipe=named(wide.recipe, titles), modalities=wide.modalities.map(modality_title))
    return wide.rename(columns={"recipe": "system"}).fillna("-")


def note(rows: pd.DataFrame, cluster: str = "speaker") -> str:
    """What stands under a table of pooled scores: `rows` have `num_clips, num_clusters, num_folds, num_seeds`."""
    pooled = rows.assign(part="test", fold="all", seed="all")
    return f"Percent; in brackets the {interval_note(cluster)}. {sample(pooled, cluster)}.{one_seed(rows)}"


def _befallen(row) -> str:
    """What happened to the clips, in words: "speech noise 10 dB"."""
    level = f" {row.severity:g} {row.unit}" if row.unit else ""
    return f"{modality_title(row.modality)} {MISSING.get(row.kind, row.kind)}{level}" if row.modality else row.kind


def conditions_told(rows: pd.DataFrame) -> dict[str, str]:
    """What each condition is, in words: rows of `robustness.curves`."""
    return {row.condition: _befallen(row) for row in rows.itertuples()}


def befallen_table(comparisons: pd.DataFrame, rows: pd.DataFrame, titles: Titles | None = None) -> pd.DataFrame:
    """`robustness.compared` worded; `rows` of `robustness.curves` say what each condition is."""
    return pd.DataFrame(
        {
            "what befell the clips": comparisons.condition.map(conditions_told(rows)),
            "system": named(comparisons.recipe, titles),
            "compared with": named(comparisons.baseline, titles),
            "difference (points)": worded_intervals(comparisons, "difference", "ci_low", "ci_high"),
            "p (Holm)": comparisons.p_holm.map(worded_p),
            "verdict": comparisons.verdict,
        }
    )


def areas_table(areas: pd.DataFrame, titles: Titles | None = None) -> pd.DataFrame:
    """`areas.areas` worded, in percent, with intervals; `levels` are those under which the area lies."""
    worded = {
        "system": named(areas.recipe, titles),
        "what befell the clips": areas.modality.map(modality_title) + " " + areas.kind.replace(MISSING),
        "levels": areas["levels"],
    }
    for name in ("area", "relative", "effective"):
        worded[f"{name} (%)"] = worded_intervals(areas, name, f"{name}_low", f"{name}_high")
    return pd.DataFrame(worded)


def ends_table(ends: pd.DataFrame, titles: Titles | None = None) -> pd.DataFrame:
    """`severity.ends_compared` worded."""
    return pd.DataFrame(
        {
            "system": named(ends.recipe, titles),
            "what befell the clips": ends.modality.map(modality_title) + " " + ends.kind,
            "at": ends.worst,
            "against": ends.mildest,
            "difference (points)": worded_intervals(ends, "difference", "ci_low", "ci_high"),
            "p (Holm)": ends.p_holm.map(worded_p),
            "verdict": ends.verdict,
        }
    )


def outlying_table(far: pd.DataFrame) -> pd.DataFrame:
    """`outlying.outlying` worded, in training deviations."""
    return pd.DataFrame(
        {
            "modality": far.modality.map(modality_title),
            "what befell the clips": [_befallen(row).removeprefix(f"{row.modality} ") for row in far.itertuples()],
            "median clip": far["median"].map("{:.1f}".format),
            "largest": far.largest.map("{:.1f}".format),
            f"numbers beyond {FAR:g} (%)": far.share.map(percent),
            "furthest in most clips": far.which,
        }
    )


def told_table(comparisons: pd.DataFrame, titles: Titles | None = None) -> pd.DataFrame:
    """`robustness.told_or_not` worded."""
    return pd.DataFrame(
        {
            "system": named(comparisons.recipe, titles),
            "modality": comparisons.modality.map(modality_title),
            "is": comparisons.befallen.map(MISSING),
            "and not": comparisons.against.map(MISSING),
            "difference (points)": worded_intervals(comparisons, "difference", "ci_low", "ci_high"),
            "p (Holm)": comparisons.p_holm.map(worded_p),
            "verdict": comparisons.verdict,
        }
    )
