"""Does joining modalities help? Fused systems against the best single modality, drawn from records and comparisons."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emostudy.figures.marks import ROW, beside, grouped, limits, mark_ceilings, row_chart, whiskers
from emostudy.figures.overview import chance_of
from emostudy.figures.style import GREY, HALF, canvas, label_rows, look, styled
from emostudy.tables import systems
from emostudy.wording import (
    cluster_title,
    counted,
    full_title,
    interval_note,
    metric_title,
    modality_rank,
    percent,
    protocol_title,
    roles,
    sample,
    sentence,
)

CEILINGS_TOLD = {  # whether the ceiling is drawn, and the adjusted one
    (False, False): "",
    (True, False): "Black ticks: ceiling. ",
    (True, True): "Black ticks: ceiling; grey ones: adjusted to what single modalities misread. ",
}


@styled
def fusion(
    records: pd.DataFrame,
    titles: Mapping[str, str],
    best: Mapping[str, str],
    ceilings: Mapping[str, float] | None = None,
    cluster: str = "speaker",
    width: float = HALF,
    title: str = "Does joining beat the best modality alone?",
    metric: str = "UAR",
    adjusted: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """Every fused system's score, a panel per protocol, over a grey band: the best single modality and its interval.

    Args:
        best: protocol -> recipe of the best single modality (`records.best_single`, chosen on dev clips).
        adjusted: protocol -> `bounds.adjusted_ceilings`.
    """
    everything, shown = systems(records, metric), roles(records.protocol)
    is_fused = everything.modalities.str.contains("+", regex=False)
    table, rows = everything[is_fused], grouped(everything[is_fused], titles)
    note = (
        f"Grey: best single modality by dev clips. {CEILINGS_TOLD[bool(ceilings), bool(adjusted)]}{_chance_told(records, metric)}"
        f"{sample(records, cluster)}. Whiskers and band: {interval_note(cluster)}."
    )
    fig, axes = canvas(width, 1.35 + ROW * len(rows.labels), title, note, columns=len(shown), sharey=True, sharex=True)
    for ax, (role, protocol) in zip(axes[0], shown.items(), strict=True):
        single = everything[(everything.recipe == best[protocol]) & ~is_fused].iloc[0]
        for y, row in zip(rows.places, table.to_dict("records"), strict=True):
            bounds, seen = [row[f"{role}{end}"] for end in ("", "_low", "_high")], look(row["modalities"])
            face = "white" if role == "flattering" else seen.colour
            whiskers(ax, y, *bounds, seen, face, label=f"{row['recipe']} {protocol}")
            mark_ceilings(ax, y, row["modalities"], ceilings, (adjusted or {}).get(protocol))
        ax.tick_params(axis="y", left=False)
        ax.spines["left"].set_visible(False)
        _band(ax, role, single)
        ax.set_title(protocol_title(protocol), pad=12)
        ax.set_xlabel(f"{metric_title(metric)} (%)")
        ax.grid(axis="x")
    label_rows(axes[0, 0], rows.ticks, rows.labels, rows.bold)
    return fig


def _chance_told(records: pd.DataFrame, metric: str) -> str:
    """What chance is, for an axis that may not reach it; "" but for UAR, where it is the same whatever the clips."""
    return f"Chance: {percent(chance_of(records))} %. " if metric == "UAR" else ""


def fusion_alt(records: pd.DataFrame, titles: Mapping[str, str], best: Mapping[str, str], metric: str = "UAR") -> str:
    """The finding of `fusion`: per protocol the best single modality, the best fusion, and how many are above."""
    table = systems(records, metric)
    is_fused, told = table.modalities.str.contains("+", regex=False), []
    for role, protocol in roles(records.protocol).items():
        single, fused = table[(table.recipe == best[protocol]) & ~is_fused].iloc[0], table[is_fused]
        top = fused.loc[fused[role].idxmax()]
        above = (fused[role] > single[role]).sum()
        told.append(
            f"{protocol_title(protocol).capitalize()}: the best single modality, {full_title(single, titles)}, "
            f"reaches {percent(single[role])}; {above} of {len(fused)} fusions lie above, "
            f"the highest {full_title(top, titles)} with {percent(top[role])}."
        )
    return f"{sentence(metric_title(metric))} in percent. " + " ".join(told)


@styled
def differences(
    comparisons: pd.DataFrame,
    titles: Mapping[str, str],
    cluster: str = "speaker",
    width: float = HALF,
    title: str = "",
    learned: str = "",
) -> Figure:
    """Difference in the corpus' metric to one baseline with its interval; filled where the paired test shows one, hollow where not.

    Args:
        comparisons: of `records.compare_with`, one baseline and one protocol.
        learned: what is told beside the protocol of the clips that all learned from.

    Raises:
        ValueError: several baselines or protocols.
    """
    if comparisons.baseline.nunique() != 1 or comparisons.protocol.nunique() != 1:
        found = f"{comparisons.baseline.nunique()} baselines, {comparisons.protocol.nunique()} protocols"
        raise ValueError(f"{found}; must be one of each: filter the comparisons first")
    table = comparisons.assign(
        rank=comparisons.modalities.map(modality_rank), down=-comparisons.difference
    ).sort_values(["rank", "down"])
    rows, base = grouped(table, titles), titles.get(table.baseline.iloc[0], table.baseline.iloc[0])
    units = {"clip": table.num_clips.max(), cluster_title(cluster): table.num_clusters.max()}
    note = (
        f"{protocol_title(table.protocol.iloc[0]).capitalize()}{learned}; {', '.join(counted(n, unit) for unit, n in units.items())}. "
        f"Whiskers: {interval_note(cluster)}. "
        "Filled: p < 0.05, paired permutation test, Holm; hollow: no difference shown."
    )
    fig, ax = row_chart(width, rows, title or f"Better than {base}?", note)
    ax.axvline(0, color=GREY, lw=0.9)
    for y, row in zip(rows.places, table.itertuples(), strict=True):
        seen = look(row.modalities)
        face = "white" if row.verdict == "no difference shown" else seen.colour
        whiskers(ax, y, row.difference, row.ci_low, row.ci_high, seen, face, label=row.recipe)
        beside(ax, y, f"{100 * row.difference:+.1f}".replace("-", "−"), 30)
    limits(ax, table[["difference", "ci_low", "ci_high"]], [0])
    ax.set_xlabel(f"difference in {metric_title(table.metric.iloc[0])} (points)")
    return fig


def differences_alt(comparisons: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `differences`: how many systems are shown to be better or worse, and which are first and last."""
    base, ordered = comparisons.baseline.iloc[0], comparisons.sort_values("difference")
    counts = comparisons.verdict.value_counts()
    told = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in ("better", "worse", "no difference shown"))
    ends = []
    for word, row in zip(("Most", "Least"), (ordered.iloc[-1], ordered.iloc[0]), strict=True):
        bounds = "" if pd.isna(row.ci_low) else f" [{percent(row.ci_low)}, {percent(row.ci_high)}]"
        ends.append(f"{word}: {full_title(row, titles)}, {percent(row.difference)}{bounds}.")
    protocol = protocol_title(comparisons.protocol.iloc[0]).capitalize()
    metric = metric_title(comparisons.metric.iloc[0])
    head = f"{protocol}, {metric} minus that of {titles.get(base, base)}, in points: of {len(comparisons)} systems {told}. "
    return head + " ".join(ends)


def _band(ax, role: str, single: pd.Series) -> None:
    """The best single modality as a grey line and band, named at its head."""
    ax.axvspan(100 * single[f"{role}_low"], 100 * single[f"{role}_high"], color="#e3e3e3", lw=0, zorder=0)
    ax.axvline(100 * single[role], color=GREY, lw=1, label=f"_{single.recipe}", zorder=1)
    at, words = 100 * single[role], f"{single.modalities} {percent(single[role])}"
    inward = "right" if at > np.mean(ax.get_xlim()) else "left"  # a name never reaches into the other panel
    ax.annotate(words, (at, 1), (0, 2), ("data", "axes fraction"), "offset points", ha=inward, color=GREY)
