"""Learning curves: of one network under every protocol, and of all networks side by side. Each returns what it drew."""

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emostudy.figures.style import FULL, GREY, HALF, SMALL, canvas, look, settled, styled
from emostudy.wording import counted, on, ordered, percent, protocol_title, roles, sentence, titled

SCORES = {"uar": "UAR", "macro_f1": "macro F1"}  # of a history, and how it is called
MOST_PROTOCOLS, MOST_NETWORKS = 4, 12  # panels side by side that can be read, and in all
NEAR = 3  # points from a panel's edge to the names of its lines
BEYOND = 0.3  # of the height of the means: how far a panel follows bands; a run that leaps must not flatten the rest


@styled
def learning_curves(
    curves: pd.DataFrame, recipe: str, system: str, chance: float | None = None, width: float = HALF
) -> Figure:
    """UAR, or macro F1 of several labels, and loss on train and dev clips by epoch, a column per protocol that was run.

    Args:
        curves: of `records.curves`; of `recipe` with one set of modalities.
        system: what the title calls it.
        chance: UAR of a guess, 0 to 1.
        width: of one or two protocols; more take the page.

    Raises:
        ValueError: no curve of the recipe, or of several sets of modalities.
    """
    curves = _of_one(curves, recipe)
    shown, score = _shown(curves), chosen_by(curves)
    note = f"{_runs(curves)}. Lines: mean of runs; bands: lowest to highest, if they find room; dots: epochs kept, by dev clips."
    title, shape = titled(system, "when does learning end?"), {"rows": 2, "columns": len(shown)}
    width, height = width if len(shown) < 3 else FULL, 0.6 * HALF + 1
    fig, axes = canvas(width, height, title, note, **shape, sharex="col", sharey="row")
    for row, name, scale in zip(axes, (score, "loss"), (100, 1), strict=True):
        for ax, protocol in zip(row, shown, strict=True):
            train_and_dev(ax, curves[curves.protocol == protocol], name, scale, look(curves.modalities.iloc[0]).colour)
        zoom(row)
    if chance is not None and score == "uar":
        mark_chance(axes[0], chance)
    for column, protocol in zip(axes.T, shown, strict=True):
        column[0].set_title(protocol_title(protocol))
        column[1].set_xlabel("epoch")
        column[1].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[0, 0].set_ylabel(f"{SCORES[score]} (%)")
    axes[1, 0].set_ylabel("loss (nats)")
    names = [_name_ends(ax) for ax in axes.flat]
    _apart(names, settled(fig))
    return fig


def learning_curves_alt(curves: pd.DataFrame, recipe: str, system: str) -> str:
    """The finding of `learning_curves`: the score on train and dev clips where the epoch was kept."""
    curves = _of_one(curves, recipe)
    score = chosen_by(curves)
    kept = curves[curves.chosen].groupby("protocol")[["epoch", f"train_{score}", f"dev_{score}"]].mean()
    told = [
        f"{protocol_title(protocol).capitalize()}: kept after {row.epoch:.0f} epochs in the mean, when {SCORES[score]} is "
        f"{percent(row[f'train_{score}'])} % on training clips and {percent(row[f'dev_{score}'])} % on dev clips."
        for protocol, row in kept.loc[_shown(curves)].iterrows()
    ]
    return f"Learning curves of {system}. " + " ".join(told)


@styled
def all_curves(curves: pd.DataFrame, titles: Mapping[str, str], chance: float | None = None) -> Figure:
    """The score of every network on train (dashed) and dev clips (solid) by epoch under the honest protocol, best on dev first.

    Args:
        curves: of `records.curves`, of one set of modalities. Of more than `MOST_NETWORKS` those are drawn that dev likes best.

    Raises:
        ValueError: no curve.
    """
    curves, kept, protocol = _honest(curves)
    drawn, score = list(kept.index[:MOST_NETWORKS]), chosen_by(curves)
    width, columns = (HALF, 2) if len(drawn) <= 4 else (FULL, 4)
    names = {name: textwrap.fill(titles.get(name, name), int(width / columns * 13)) for name in drawn}
    lines = [
        1 + max(names[name].count("\n") for name in drawn[at : at + columns]) for at in range(0, len(drawn), columns)
    ]
    some = f"{_how_many(kept)}, those that dev likes best; " if len(drawn) < len(kept) else ""
    note = (
        f"{protocol_title(protocol).capitalize()}; {some}{_runs(curves)}. Lines: mean of runs, dashed: training clips, solid: dev clips; "
        "bands: lowest to highest run, if they find room; dots: epochs kept, by dev clips; numbers: the mean score there, and the epochs."
    )
    title, height = "When does each network stop learning?", 1.15 * len(lines) + 0.13 * sum(lines) + 0.75
    fig, axes = canvas(width, height, title, note, len(lines), columns, sharey=True)
    colour = look(curves.modalities.iloc[0]).colour
    for ax, name in zip(axes.flat, drawn, strict=False):
        train_and_dev(ax, curves[curves.recipe == name], score, 100, colour)
        ax.set_title(names[name])
        words = f"{percent(kept.loc[name, f'dev_{score}'])} at {_ends(kept.loc[name])}"
        ax.text(0.97, 0.04, words, ha="right", transform=ax.transAxes)
        ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    for ax in axes.flat[len(drawn) :]:
        ax.set_axis_off()
    zoom(axes.flat[: len(drawn)], below=0.25)
    if chance is not None and score == "uar":
        mark_chance(axes.flat[: len(drawn)], chance, "left")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"{SCORES[score]} (%)")
    for at in range(max(len(drawn) - columns, 0), len(drawn)):
        axes.flat[at].set_xlabel("epoch")  # the lowest of each column
    return settled(fig)


def all_curves_alt(curves: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The finding of `all_curves`: the epoch that each network keeps and its scores there; that one alone has no other beside it."""
    curves, kept, protocol = _honest(curves)
    if len(kept) == 1:
        return f"{titles.get(kept.index[0], kept.index[0])} is the one network here that learns by epochs: its curve stands above."
    score, told = chosen_by(curves), []
    for name, row in kept[:MOST_NETWORKS].iterrows():
        dev, train = percent(row[f"dev_{score}"]), percent(row[f"train_{score}"])
        told.append(f"{titles.get(name, name)} {dev} after {_ends(row)} epochs (training clips {train})")
    where = f"on dev clips of {_how_many(kept)} {on(protocol)}, at the epochs kept, mean of runs"
    return sentence(f"{SCORES[score]} in percent {where}: {'; '.join(told)}.")


def _how_many(kept: pd.DataFrame) -> str:
    """ "4 networks", or "12 of 15 networks"."""
    return (f"{MOST_NETWORKS} of " if len(kept) > MOST_NETWORKS else "") + counted(len(kept), "network")


def _ends(kept: pd.Series) -> str:
    """ "30 to 60", the first and the last epoch that a run of the network keeps, or "45" where all keep the same."""
    return " to ".join(f"{epoch:.0f}" for epoch in dict.fromkeys((kept["first"], kept["last"])))


def chosen_by(curves: pd.DataFrame) -> str:
    """The score of a history: what its epochs were chosen by."""
    return next(name for name in SCORES if f"dev_{name}" in curves and curves[f"dev_{name}"].notna().any())


def train_and_dev(ax, rows: pd.DataFrame, score: str, scale: float, colour: str) -> None:
    """Mean over the epochs that every run reached, band over all, a dot where a run's dev clips chose."""
    means = rows.groupby("epoch")[[f"train_{score}", f"dev_{score}"]].mean() * scale
    whole = means[rows.groupby("epoch").run_id.nunique() == rows.run_id.nunique()]  # (E, 2)
    spread = rows.groupby("epoch")[list(means)].agg(["min", "max"]) * scale
    for name, drawn, line in ((f"train_{score}", GREY, (0, (4, 1.5))), (f"dev_{score}", colour, "-")):
        low, high, part = spread[name, "min"], spread[name, "max"], name.split("_")[0]
        ax.fill_between(spread.index, low, high, color=drawn, alpha=0.18, lw=0, label=f"_{part} range")
        ax.plot(whole.index, whole[name], color=drawn, ls=line, label=f"_{part} mean")
    kept = rows[rows.chosen]
    ax.plot(kept.epoch, scale * kept[f"dev_{score}"], "o", ms=3, mfc="white", mec=colour, mew=0.9, label="_kept")
    ax.grid(axis="y")


def zoom(axes, below: float = 0.0) -> None:
    """One scale for panels side by side: all means and dots, bands as far as `BEYOND`, and `below` of their height for words."""
    drawn = np.concatenate([line.get_ydata() for ax in axes for line in ax.lines])
    bands = np.concatenate([band.get_paths()[0].vertices[:, 1] for ax in axes for band in ax.collections])
    low, high = np.nanmin(drawn), np.nanmax(drawn)
    room = max(high - low, 1e-3)
    low, high = (np.clip(end(bands), low - BEYOND * room, high + BEYOND * room) for end in (np.nanmin, np.nanmax))
    axes[0].set_ylim(low - (0.05 + below) * room, high + 0.05 * room)


def mark_chance(axes, chance: float, side: str = "right") -> None:
    """A dotted line at chance in every panel, named below it in the first one."""
    bottom, top = axes[0].get_ylim()
    axes[0].set_ylim(min(bottom, 100 * chance - 0.2 * (top - bottom)), top)
    for ax in axes:
        ax.axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance")
    at, style = (float(side == "right"), 100 * chance), {"ha": side, "va": "top", "color": GREY}
    axes[0].annotate("chance", at, (2 - 4 * at[0], -1), ("axes fraction", "data"), "offset points", **style)


def _name_ends(ax) -> list:
    """ "train" and "dev" where their lines end, right of the panel."""
    ends = {line.get_label().split()[0][1:]: line.get_ydata()[-1] for line in ax.lines if "mean" in line.get_label()}
    style = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
    return [ax.annotate(name, (1, y), (NEAR, 0), ("axes fraction", "data"), **style) for name, y in ends.items()]


def _apart(pairs: list, fig: Figure) -> None:
    """Moves the two names at a panel's right a line apart, where they would overprint."""
    for pair in pairs:
        (low, bottom), (high, top) = sorted(
            (name.get_window_extent().y0 * 72 / fig.dpi, at) for at, name in enumerate(pair)
        )
        lacking = max(SMALL + 1 - (high - low), 0) / 2
        pair[bottom].set_position((NEAR, -lacking))
        pair[top].set_position((NEAR, lacking))


def _runs(curves: pd.DataFrame) -> str:
    """ "5 folds, 3 seeds", or "1 and 5 folds" where protocols differ."""
    told = []
    for unit in ("fold", "seed"):
        *first, last = dict.fromkeys(curves[curves.protocol == name][unit].nunique() for name in _shown(curves))
        told.append(f"{', '.join(map(str, first))} and {last} {unit}s" if first else counted(last, unit))
    return ", ".join(told)


def _shown(curves: pd.DataFrame) -> list[str]:
    """Protocols, the honest one last; of many the first ones and that."""
    names = ordered(curves.protocol)
    return names if len(names) <= MOST_PROTOCOLS else [*names[: MOST_PROTOCOLS - 1], names[-1]]


def _of_one(curves: pd.DataFrame, recipe: str) -> pd.DataFrame:
    rows = curves[(curves.recipe == recipe) & (curves.condition == "none")]
    if rows.modalities.nunique() != 1:
        found = sorted(set(zip(curves.recipe, curves.modalities, strict=True)))
        raise ValueError(f"{rows.modalities.nunique()} sets of modalities of {recipe!r}; must be one: filter {found}")
    return rows


def _honest(curves: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Curves under the honest protocol; each network's means where its epochs were kept, and which these were, best on dev first."""
    if curves.empty:
        raise ValueError("no learning curve to show: name a network among the systems")
    protocol = roles(curves.protocol)["honest"]
    rows, score = curves[(curves.protocol == protocol) & (curves.condition == "none")], chosen_by(curves)
    by = rows[rows.chosen].groupby("recipe")
    kept = by[[f"train_{score}", f"dev_{score}"]].mean().assign(first=by.epoch.min(), last=by.epoch.max())
    return rows, kept.sort_values(f"dev_{score}", ascending=False), protocol
