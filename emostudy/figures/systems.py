"""Figures of one system: learning curves, confusions, recall by emotion. Each returns what it drew."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emostudy.corpora.corpus import SEVERAL
from emostudy.figures.marks import Rows, beside, dumbbell, limits, matrix, protocol_keys, row_chart
from emostudy.figures.style import FULL, GREY, HALF, canvas, keys_above, look, panels, settled, styled
from emostudy.predictions import matrices
from emostudy.several_metrics import taken
from emostudy.tables import both_protocols, class_rows
from emostudy.wording import alone, counted, interval_note, percent, protocol_title, roles, sample, titled

SCORES = {"uar": "UAR", "macro_f1": "macro F1"}  # of a history, and how it is called


@styled
def learning_curves(
    curves: pd.DataFrame, recipe: str, system: str, chance: float | None = None, width: float = HALF
) -> Figure:
    """UAR, or macro F1 of several labels, and loss on train and dev clips by epoch, a column per protocol.

    Args:
        curves: of `records.curves`; of `recipe` with one set of modalities.
        system: what the title calls it.
        chance: UAR of a guess, 0 to 1.

    Raises:
        ValueError: no curve of the recipe, or of several sets of modalities.
    """
    curves = _of_one(curves, recipe)
    shown = list(roles(curves.protocol).values())
    runs = f"{counted(curves.fold.nunique(), 'fold')}, {counted(curves.seed.nunique(), 'seed')}"
    note = f"{runs}. Lines: mean of runs; bands: lowest to highest; dots: epochs kept, by dev clips."
    fig, axes = canvas(
        width,
        0.6 * width + 1,
        titled(system, "when does learning end?"),
        note,
        2,
        len(shown),
        sharex=True,
        sharey="row",
    )
    for column, protocol in zip(axes.T, shown, strict=True):
        rows = curves[curves.protocol == protocol]
        for ax, score, scale in zip(column, (_chosen_by(curves), "loss"), (100, 1), strict=True):
            _train_and_dev(ax, rows, score, scale, look(curves.modalities.iloc[0]).colour)
        if chance is not None and _chosen_by(curves) == "uar":
            column[0].axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance")
        column[0].set_title(protocol_title(protocol))
        column[1].set_xlabel("epoch")
        column[1].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[0, 0].set_ylabel(f"{SCORES[_chosen_by(curves)]} (%)")
    axes[1, 0].set_ylabel("loss (nats)")
    if chance is not None and _chosen_by(curves) == "uar":
        axes[0, 0].annotate("chance", (0, 100 * chance), (2, 2), ("axes fraction", "data"), "offset points", color=GREY)
    return fig


def learning_curves_alt(curves: pd.DataFrame, recipe: str, system: str) -> str:
    """The finding of `learning_curves`: the score on train and dev clips where the epoch was kept."""
    curves = _of_one(curves, recipe)
    score = _chosen_by(curves)
    kept = curves[curves.chosen].groupby("protocol")[["epoch", f"train_{score}", f"dev_{score}"]].mean()
    told = [
        f"{protocol_title(protocol).capitalize()}: kept after {row.epoch:.0f} epochs in the mean, when {SCORES[score]} is "
        f"{percent(row[f'train_{score}'])} % on training clips and {percent(row[f'dev_{score}'])} % on dev clips."
        for protocol, row in kept.loc[list(roles(kept.index).values())].iterrows()
    ]
    return f"Learning curves of {system}. " + " ".join(told)


@styled
def confusions(
    predictions: pd.DataFrame, emotions: Sequence[str], system: str = "", cluster: str = "speaker", width: float = FULL
) -> Figure:
    """Confusions in percent of the row with counts below, a matrix per protocol (`wording.pair`); seeds are averaged.

    Args:
        predictions: one system; `system` is what the title calls it.
        width: of two matrices; one alone takes half.
    """
    test = predictions[predictions.part == "test"]
    shown = list(roles(test.protocol).values())
    width = width / 2 if width > 5 and len(shown) == 1 else width
    seeds = ", mean of seeds" if test.seed.nunique() > 1 else ""
    several = test.emotion.str.contains(SEVERAL, regex=False).any()
    of = "clips that have the label, off the diagonal said wrongly; rows need not sum to 100" if several else "the row"
    note = f"Bold: percent of {of}; below: clips{seeds}. {sample(test, cluster)}."
    side = (width / len(shown) if width > 5 else width) - 0.75  # what names leave to a matrix, inches
    fig, axes = panels(len(shown), width, side + 0.85, titled(system, "what is taken for what?"), note)
    for ax, protocol in zip(axes, shown, strict=True):
        counts, share = mean_confusion(test[test.protocol == protocol], emotions)
        matrix(ax, share, emotions, counts)
        ax.set(xlabel="recognised as", ylabel="true emotion")
        ax.set_title(protocol_title(protocol))
    return settled(fig)


def mean_confusion(predictions: pd.DataFrame, emotions: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """What is taken for what, rows true: counts (C, C), mean over seeds, and shares of the clips that have the row's label."""
    seeds = [matrices(rows, tuple(emotions))[:2] for _, rows in predictions.groupby("seed")]
    counts = np.mean([taken(y, said) for y, said in seeds], axis=0)
    having = np.mean([y.sum(0) for y, _ in seeds], axis=0)  # (C,)
    return counts, counts / having[:, None].clip(1)


def confusions_alt(
    predictions: pd.DataFrame, emotions: Sequence[str], system: str = "one system", num_pairs: int = 3
) -> str:
    """The finding of `confusions`: best and worst emotion and the most frequent confusions."""
    told, test = [], predictions[predictions.part == "test"]
    for protocol in roles(test.protocol).values():
        _, share = mean_confusion(test[test.protocol == protocol], emotions)
        right, wrong = share.diagonal(), share - np.diag(share.diagonal())
        pairs = [divmod(int(cell), len(emotions)) for cell in wrong.ravel().argsort()[::-1][:num_pairs]]
        taken = ", ".join(f"{emotions[i]} for {emotions[j]} ({percent(share[i, j], 0)} %)" for i, j in pairs)
        ends = [f"{emotions[at]} ({percent(right[at], 0)} %)" for at in (right.argmax(), right.argmin())]
        told.append(
            f"{protocol_title(protocol).capitalize()}: recognised best {ends[0]}, worst {ends[1]}; taken: {taken}."
        )
    return f"Confusions of {system}. " + " ".join(told)


@styled
def class_recall(
    records: pd.DataFrame, recipe: str, modalities: str, system: str, cluster: str = "speaker", width: float = HALF
) -> Figure:
    """Recall of every emotion under the flattering protocol (hollow) and the honest one (filled), in the corpus' order."""
    rows = class_rows(records, recipe, modalities)
    emotions, shown = list(rows.emotion.unique()), roles(rows.protocol)
    wide = both_protocols(rows[rows.metric == "recall"], ["emotion"], shown).set_index("emotion").loc[emotions]
    own = records[(records.recipe == recipe) & (records.modalities == modalities)]
    fall = " Fall in points." if "fall" in wide else ""
    note = f"{alone(rows.protocol)}{sample(own, cluster)}. Whiskers: {interval_note(cluster)}.{fall}"
    places = list(range(len(emotions)))
    fig, ax = row_chart(width, Rows(emotions, places, [], places), titled(system, "which emotions suffer?"), note, 0.2)
    for y, row in zip(places, wide.itertuples(), strict=True):
        dumbbell(ax, y, row, look(modalities), row.Index, shown)
    if "fall" in wide:
        beside(ax, -0.9, "fall", fontweight="bold")
        ax.set_ylim(top=-1.3)
    ax.set_xlabel("recall (%)")
    limits(ax, wide.drop(columns="fall", errors="ignore"), [0, 1])
    if keys := protocol_keys(shown):
        keys_above(fig, ax, keys)
    return fig


def class_recall_alt(records: pd.DataFrame, recipe: str, modalities: str, system: str) -> str:
    """The finding of `class_recall`, emotion by emotion."""
    rows = class_rows(records, recipe, modalities)
    shown = roles(rows.protocol)
    wide = both_protocols(rows[rows.metric == "recall"], ["emotion"], shown)
    wide = wide.sort_values("fall" if "fall" in wide else "honest", ascending=False)
    each = wide[list(shown)].map(percent).agg(" and ".join, axis=1)
    told = "; ".join(f"{emotion} {numbers}" for emotion, numbers in zip(wide.emotion, each, strict=True))
    first = "largest fall" if "fall" in wide else "best"
    return f"Recall of {system} in percent, {' and '.join(map(protocol_title, shown.values()))}, {first} first: {told}."


def _chosen_by(curves: pd.DataFrame) -> str:
    """The score of a history: what its epochs were chosen by."""
    return next(name for name in SCORES if f"dev_{name}" in curves and curves[f"dev_{name}"].notna().any())


def _of_one(curves: pd.DataFrame, recipe: str) -> pd.DataFrame:
    rows = curves[(curves.recipe == recipe) & (curves.condition == "none")]
    if rows.modalities.nunique() != 1:
        found = sorted(set(zip(curves.recipe, curves.modalities, strict=True)))
        raise ValueError(f"{rows.modalities.nunique()} sets of modalities of {recipe!r}; must be one: filter {found}")
    return rows


def _train_and_dev(ax, rows: pd.DataFrame, score: str, scale: float, colour: str) -> None:
    """Mean over the epochs that every run reached, band over all, a dot where a run's dev clips chose."""
    means = rows.groupby("epoch")[[f"train_{score}", f"dev_{score}"]].mean() * scale
    whole = means[rows.groupby("epoch").run_id.nunique() == rows.run_id.nunique()]  # (E, 2)
    spread = rows.groupby("epoch")[list(means)].agg(["min", "max"]) * scale
    ends = whole.iloc[-1]
    close = np.ptp(ends) < 0.1 * np.ptp(whole)  # then the names keep apart
    for name, drawn, line in ((f"train_{score}", GREY, (0, (4, 1.5))), (f"dev_{score}", colour, "-")):
        low, high, part = spread[name, "min"], spread[name, "max"], name.split("_")[0]
        ax.fill_between(spread.index, low, high, color=drawn, alpha=0.18, lw=0, label=f"_{part} range")
        ax.plot(whole.index, whole[name], color=drawn, ls=line, label=f"_{part} mean")
        aside = (3, 4 * close * (1 if name == ends.idxmax() else -1))
        at = (whole.index[-1], ends[name])
        ax.annotate(part, at, aside, textcoords="offset points", va="center", annotation_clip=False)
    kept = rows[rows.chosen]
    ax.plot(kept.epoch, scale * kept[f"dev_{score}"], "o", ms=3, mfc="white", mec=colour, mew=0.9, label="_kept")
    ax.grid(axis="y")
