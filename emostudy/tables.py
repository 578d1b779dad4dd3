"""Tables from records: long ones in numbers, and the same worded for people.

Every table has the flattering protocol beside the honest one (`wording.pair`) and the reference lines at its foot.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from emostudy.comparisons import corrected_over
from emostudy.table_files import save as save  # so that notebooks import one module
from emostudy.wording import (
    by_rigour,
    cluster_title,
    enough,
    interval,
    interval_note,
    metric_title,
    modality_rank,
    modality_title,
    one_seed,
    percent,
    protocol_title,
    roles,
    sample,
    sentence,
)

Titles = Mapping[str, str]
SYSTEM = ["recipe", "modalities", "condition"]
FIGURES = ["value", "ci_low", "ci_high", "num_clips", "num_clusters", "num_seeds"]
TOLD = (
    "UAR",
    "WA",
    "macro_F1",
    "weighted_F1",
    "micro_F1",
    "subset_accuracy",
)  # the last two of clips with several labels
CLASS_METRICS = ("precision", "recall", "F1", "AUROC")


def results_table(
    records: pd.DataFrame,
    metrics: Sequence[str] = (),
    titles: Titles | None = None,
) -> pd.DataFrame:
    """One row per metric, system and protocol: value and interval in 0 to 1, number of clips, clusters and seeds.

    Args:
        records: of `scores.score`, or `records.csv`.
        metrics: empty for those of `TOLD` that the records hold.
        titles: recipe -> title.

    Raises:
        ValueError: no record of a metric.
    """
    metrics = metrics or [metric for metric in TOLD if metric in set(records.metric)]
    rows = pd.concat([_pooled(records, metric).assign(at=at) for at, metric in enumerate(metrics)])
    rows = rows.assign(title=named(rows.recipe, titles), rank=rows.modalities.map(modality_rank))
    rows = rows.sort_values(["at", "rank", "recipe", "condition", "protocol"])
    return rows[["metric", "title", *SYSTEM, "protocol", *FIGURES]].reset_index(drop=True)


def systems(records: pd.DataFrame, metric: str = "UAR", condition: str = "none") -> pd.DataFrame:
    """One row per system: `recipe, modalities, flattering, flattering_low, flattering_high, honest, ..., fall`.

    All in 0 to 1; NaN where a system was not run under a protocol. Where the records know one protocol alone, it is `honest`
    and there is neither `flattering` nor `fall`. Sorted by modalities, best first, reference lines last.
    """
    rows, shown = _pooled(records, metric), roles(records.protocol)
    table = both_protocols(rows[rows.condition == condition], ["recipe", "modalities"], shown)
    down = -table.honest.fillna(table[next(iter(shown))])
    table = table.assign(rank=table.modalities.map(modality_rank), down=down).sort_values(["rank", "down", "recipe"])
    return table.drop(columns=["rank", "down"]).reset_index(drop=True)


def both_protocols(rows: pd.DataFrame, keys: list[str], shown: Mapping[str, str]) -> pd.DataFrame:
    """Records of the protocols `shown` (`wording.roles`) in one row per `keys`, in 0 to 1.

    Columns `flattering, honest, flattering_low, ..., honest_high, fall`, or `honest, honest_low, honest_high` alone.
    """
    wide = rows.pivot(index=keys, columns="protocol", values=FIGURES[:3])
    columns = [(figure, role) for figure in FIGURES[:3] for role in shown]
    wanted = pd.MultiIndex.from_tuples([(figure, shown[role]) for figure, role in columns])
    wide = wide.reindex(columns=wanted).astype(float)
    wide.columns = [role + figure.removeprefix("value").removeprefix("ci") for figure, role in columns]
    wide = wide.reset_index()
    return wide.assign(fall=wide.flattering - wide.honest) if "flattering" in shown else wide


def side_by_side(records: pd.DataFrame, metric: str = "UAR", titles: Titles | None = None) -> pd.DataFrame:
    """`systems` worded in percent: modalities, system, a column per protocol with its title, fall (points) if there are two.

    No fall is told from a protocol that tested `wording.too_few` clips.
    """
    rows, shown = systems(records, metric), roles(records.protocol)
    if shown.get("flattering") in enough(records)[1]:
        rows = rows.drop(columns="fall")
    names = {"modalities": rows.modalities.map(modality_title), "system": named(rows.recipe, titles)}
    cells = {
        protocol_title(p): worded_intervals(rows, role, f"{role}_low", f"{role}_high") for role, p in shown.items()
    }
    fall = {"fall (points)": rows.fall.map(percent)} if "fall" in rows else {}
    return pd.DataFrame({**names, **cells, **fall})


def by_condition(
    records: pd.DataFrame, protocol: str, titles: Titles | None = None, metric: str = "UAR"
) -> pd.DataFrame:
    """A row per recipe, a column per condition, `none` first as "as it is"; in percent, of recipes that ran under another one."""
    rows = _pooled(records, metric)
    rows = rows[rows.protocol == protocol]
    rows = rows[rows.recipe.isin(rows.recipe[rows.condition != "none"])]
    cells = rows.assign(cell=worded_intervals(rows, *FIGURES[:3])).pivot(
        index="recipe", columns="condition", values="cell"
    )
    order = sorted(cells, key=lambda condition: (condition != "none", condition))
    names = {condition: "as it is" if condition == "none" else condition.replace("_", " ") for condition in order}
    table = cells[order].rename(columns=names).reset_index()
    return table.assign(recipe=named(table.recipe, titles)).rename(columns={"recipe": "system"}).fillna("-")


def by_protocol(records: pd.DataFrame, titles: Titles | None = None, metric: str = "UAR") -> pd.DataFrame:
    """A row per system, a column per protocol, those that keep more apart later; in percent."""
    rows = _pooled(records, metric)
    rows = rows.assign(cell=worded_intervals(rows, *FIGURES[:3]), rank=rows.modalities.map(modality_rank))
    wide = rows.pivot(index=["rank", "modalities", "recipe"], columns="protocol", values="cell")[
        by_rigour(rows.protocol)
    ]
    wide = wide.rename(columns=protocol_title).reset_index().drop(columns="rank")
    wide = wide.assign(recipe=named(wide.recipe, titles), modalities=wide.modalities.map(modality_title))
    return wide.rename(columns={"recipe": "system"}).fillna("-")


def per_class(
    records: pd.DataFrame, recipe: str, modalities: str, metrics: Sequence[str] = CLASS_METRICS
) -> pd.DataFrame:
    """One system: a row per emotion, a column `<metric>, <protocol title>` each, in percent; F1 with its interval.

    Protocols that tested `wording.too_few` clips have no column.
    """
    rows = class_rows(records, recipe, modalities)
    told = worded_intervals(rows, "value", "ci_low", "ci_high")
    rows = rows.assign(
        value=[
            text if metric == "F1" else percent(value)
            for metric, value, text in zip(rows.metric, rows.value, told, strict=True)
        ]
    )
    wide = rows.pivot(index="emotion", columns=["metric", "protocol"], values="value").loc[rows.emotion.unique()]
    shown = roles(enough(records)[0].protocol).values()
    pairs = [(metric, protocol) for metric in metrics for protocol in shown if (metric, protocol) in wide]
    cells = {f"{metric}, {protocol_title(protocol)}": wide[metric, protocol] for metric, protocol in pairs}
    return pd.DataFrame(cells).reset_index()


def class_rows(records: pd.DataFrame, recipe: str, modalities: str) -> pd.DataFrame:
    """The records of one system's single emotions, all folds and seeds; ValueError if there are none."""
    rows = _whole(records)
    rows = rows[(rows.recipe == recipe) & (rows.modalities == modalities) & (rows.condition == "none")]
    if rows.empty:
        known = sorted(set(zip(records.recipe, records.modalities, strict=True)))
        raise ValueError(f"no record of {recipe!r} with {modalities!r}; must be one of {known}: take one of them")
    return rows[rows.emotion != "all"]


def comparisons_table(comparisons: pd.DataFrame, titles: Titles | None = None) -> pd.DataFrame:
    """`records.compare_with` worded: difference in points with its interval, p after Holm, the verdict."""
    rows = comparisons.assign(rank=comparisons.modalities.map(modality_rank))
    rows = rows.sort_values(["rank", "recipe", "baseline", "protocol"]).reset_index(drop=True)
    worded = {
        "modalities": rows.modalities.map(modality_title),
        "system": named(rows.recipe, titles),
        "protocol": rows.protocol.map(protocol_title),
        "compared with": named(rows.baseline, titles),
        "difference (points)": worded_intervals(rows, "difference", "ci_low", "ci_high"),
        "p (Holm)": rows.p_holm.map(worded_p),
        "verdict": rows.verdict,
    }
    return pd.DataFrame(worded)


def comparisons_note(
    comparisons: pd.DataFrame, cluster: str = "speaker", families: dict[str, str] | None = None
) -> str:
    """What stands under a table of comparisons: what the brackets are, how it was tested, and of how many seeds.

    Args:
        families: of further columns whose rows may have been corrected apart, what these are called (`comparisons.corrected_over`).
    """
    clips = " or ".join(str(number) for number in sorted(comparisons.num_clips.unique()))
    metric, over = metric_title(comparisons.metric.iloc[0]), cluster_title(cluster)
    return (
        f"{sentence(metric)} on the same {clips} clips; in brackets the {interval_note(cluster)}. Paired permutation test over "
        f"{over}s; p is corrected after Holm over {corrected_over(comparisons, families)}, the brackets are not."
        + one_seed(comparisons)
    )


def note(records: pd.DataFrame, cluster: str = "speaker") -> str:
    """What stands under a table: units, sample, and what `[-]` means if it occurs."""
    text = f"Percent; in brackets the {interval_note(cluster)}. {sample(records, cluster)}.{one_seed(records)}"
    rows = _whole(records)
    return text + (f" [-]: too few {cluster_title(cluster)}s for an interval." if rows.ci_low.isna().any() else "")


def _whole(records: pd.DataFrame) -> pd.DataFrame:
    """Test records that pool all folds and seeds."""
    keep = (records.part == "test") & (records.group == "all")
    return records[keep & (records.fold.astype(str) == "all") & (records.seed.astype(str) == "all")]


def _pooled(records: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows of a metric over all clips, folds and seeds, with the number of seeds."""
    rows = _whole(records)
    rows = rows[(rows.metric == metric) & (rows.emotion == "all")]
    if rows.empty:
        raise ValueError(f"no record of {metric!r} over all folds; there are {sorted(records.metric.unique())}")
    if "num_seeds" in rows:
        return rows
    keys = [*SYSTEM, "protocol"]
    seeds = records[records.seed.astype(str) != "all"].groupby(keys).seed.nunique().rename("num_seeds")
    return rows.join(seeds, on=keys).astype({"num_seeds": "Int64"})


def named(recipes: pd.Series, titles: Titles | None) -> pd.Series:
    return recipes.map(lambda recipe: (titles or {}).get(recipe, recipe))


def worded_intervals(rows: pd.DataFrame, value: str, low: str, high: str) -> list[str]:
    return [interval(*cells) for cells in rows[[value, low, high]].to_numpy(float)]


def worded_p(value: float) -> str:
    return "-" if pd.isna(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"
