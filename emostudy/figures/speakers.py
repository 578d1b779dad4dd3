"""How much speakers differ: UAR of each, drawn from predictions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from emostudy.corpora.corpus import Corpus
from emostudy.figures.marks import protocol_keys
from emostudy.figures.style import GREY, HALF, INK, SMALL, canvas, keys_above, look, styled
from emostudy.wording import (
    alone,
    counted,
    enough,
    interval,
    not_drawn,
    number,
    on,
    percent,
    protocol_title,
    roles,
    sample,
    sentence,
    titled,
)

SIGNS = {"female": "♀ women", "male": "♂ men"}
MOST = 100  # speakers that a strip has room for
MAX_NAMED = 40  # more speakers than this do not find room for their names
FEW = 20  # test clips of a speaker below which a mark says little: named in the note
FEWEST = 10  # test clips of a speaker below which a mark would say nothing but luck (an interval, in 13, asks for more)
LINE = 0.16  # of the height of the marks, for a line of words below them


def of_enough(predictions: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Test predictions under the protocols of `wording.roles`, less speakers of fewer than `FEWEST` clips there, and who is left out.

    Where the honest protocol has no other speakers, all stay, and the sentence says so.
    """
    test, small = enough(predictions[predictions.part == "test"])
    shown = roles(test.protocol)
    test = test[test.protocol.isin(list(shown.values()))]
    num = test.groupby(["protocol", "speaker"]).clip_id.transform("nunique")
    if not (num[test.protocol == shown["honest"]] >= FEWEST).any():
        return (
            test,
            f" No speaker has {FEWEST} clips {on(shown['honest'])}: marks say as much of luck.{not_drawn(small)}",
        )
    told = []
    for protocol in shown.values():
        few = test[(test.protocol == protocol) & (num < FEWEST)]
        if len(few):
            speakers, clips = counted(few.speaker.nunique(), "speaker"), counted(few.clip_id.nunique(), "clip")
            told.append(f"{speakers} with {clips} {on(protocol)}")
    out = f" Left out, for each has fewer than {FEWEST} clips: {'; '.join(told)}." if told else ""
    return test[num >= FEWEST], out + not_drawn(small)


def speaker_uar(test: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """`speaker, gender, flattering, honest`, or without `flattering` (0 to 1, over the emotions a speaker shows, mean over seeds).

    Women first, within a gender the best under the honest protocol first.

    Args:
        test: test predictions of one system.
    """
    genders = dict(zip(corpus.clips.speaker, corpus.clips.gender, strict=True))
    right = (test.emotion == test.predicted).groupby([test.protocol, test.seed, test.speaker, test.emotion]).mean()
    wide = (
        right.groupby(["protocol", "seed", "speaker"])
        .mean()
        .groupby(["protocol", "speaker"])
        .mean()
        .unstack("protocol")
    )
    shown = roles(test.protocol)
    table = wide[list(shown.values())].set_axis(list(shown), axis=1).reset_index()
    down = -table.honest.fillna(table[next(iter(shown))])
    table = table.assign(gender=[genders.get(name, "") for name in table.speaker], down=down)
    table = table.sort_values(["gender", "down", "speaker"]).drop(columns="down").reset_index(drop=True)
    return table[["speaker", "gender", *shown]]


@styled
def per_speaker(predictions: pd.DataFrame, corpus: Corpus, system: str = "", width: float = HALF) -> Figure:
    """UAR of each speaker of enough clips, under the flattering protocol (hollow) and the honest one (filled), and each gender's mean."""
    test, out = of_enough(predictions)
    table = speaker_uar(test, corpus)
    shown = roles(test.protocol)
    where = f" {on(shown['honest'])}" if "flattering" in shown else ""
    rests = f"{sample(test)}{_clips_each(test, shown['honest'])}{_emotions_each(test)}"
    lines = f"Grey lines: mean of the group's speakers drawn here{where}; sorted within it."
    note = f"{alone(test.protocol)}{rests}. {lines}{out}"
    fig, axes = canvas(width, 3.0 if out else 2.5, titled(system, "who is hard to read?"), note)
    ax, seen, chance = axes[0, 0], look(test.modalities.iloc[0]), 1 / test.filter(regex="^p_").shape[1]
    ax.axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), label="_chance", zorder=0)
    size = 3.6 if len(table) <= MAX_NAMED else 2.2  # marks of many speakers must not hide each other
    places = table.index + 1.5 * table.gender.ne(table.gender.shift()).cumsum()
    for x, row in zip(places, table.itertuples() if "flattering" in shown else (), strict=False):
        ax.plot([x, x], [100 * row.flattering, 100 * row.honest], color=seen.colour, lw=2.5, alpha=0.28)
    for role, protocol in shown.items():
        face = "white" if role == "flattering" else seen.colour
        ax.plot(
            places, 100 * table[role], seen.marker, ms=size, mfc=face, mec=seen.colour, mew=0.9, label=f"_{protocol}"
        )
    at = {
        "xy": (1, 100 * chance),
        "xycoords": ("axes fraction", "data"),
        "xytext": (0, 2),
        "textcoords": "offset points",
    }
    ax.annotate(f"chance {percent(chance)}", ha="right", color=GREY, **at)
    _groups(ax, table, places, (width - 0.6) / (places.max() - places.min() + 2))
    named = len(table) <= MAX_NAMED
    ax.set_xticks(places if named else [], table.speaker if named else [], rotation=90)
    ax.set(ylabel="UAR (%)", xlabel="speaker" if named else f"{counted(len(table), 'speaker')}, one mark each")
    ax.grid(axis="y")
    if keys := protocol_keys(shown):
        keys_above(fig, ax, keys)
    return fig


def per_speaker_alt(predictions: pd.DataFrame, corpus: Corpus, system: str = "one system") -> str:
    """The finding of `per_speaker`: range over speakers, mean of each gender, and who is left out."""
    test, out = of_enough(predictions)
    table, told = speaker_uar(test, corpus), []
    for role, protocol in roles(test.protocol).items():
        rows = table.dropna(subset=[role])
        if len(rows):
            low, high = rows.loc[rows[role].idxmin()], rows.loc[rows[role].idxmax()]
            means = rows.groupby("gender")[role].mean()
            groups = ", ".join(f"{gender or _unsaid(table)} {percent(value)}" for gender, value in means.items())
            ends = (
                f"from {percent(low[role])} (speaker {low.speaker}) to {percent(high[role])} (speaker {high.speaker})"
            )
            if percent(low[role]) == percent(high[role]):
                ends = f"{percent(low[role])} for {'all' if len(rows) > 1 else f'speaker {low.speaker}'}"
            told.append(f"{protocol_title(protocol).capitalize()}: {ends}; mean of these speakers: {groups}.")
    return (
        f"UAR in percent of {system} for each of {counted(len(table), 'speaker')}. "
        + " ".join([*told, *_told_emotions(test)])
        + out
    )


def _clips_each(test: pd.DataFrame, protocol: str) -> str:
    """ ", 12 to 60 clips a speaker, of fewer than 20: 03, 07": under one protocol, with the names of the smallest, or how many of them."""
    num = test[test.protocol == protocol].groupby("speaker").clip_id.nunique()
    ends = dict.fromkeys((num.min(), num.max()))
    few = num.index[num < FEW]
    named = ", ".join(few) if len(few) <= 8 else counted(len(few), "speaker")
    return f", {' to '.join(map(number, ends))} clips a speaker" + (f" (fewer than {FEW}: {named})" if len(few) else "")


def _emotions_each(test: pd.DataFrame) -> str:
    """ ", each over the 2 to 7 of 7 emotions that a speaker shows": such UARs are of unequal difficulty; "" where all show all."""
    num = test.groupby(["protocol", "speaker"]).emotion.nunique()
    ends, everyone = dict.fromkeys((num.min(), num.max())), test.filter(regex="^p_").shape[1]
    told = f", each over the {' to '.join(map(number, ends))} of {everyone} emotions that a speaker shows"
    return told if num.min() < everyone else ""


def _told_emotions(test: pd.DataFrame) -> list[str]:
    """`_emotions_each` as a sentence of its own, or none."""
    return [f"{sentence(told.removeprefix(', '))}." for told in (_emotions_each(test),) if told]


def _unsaid(table: pd.DataFrame) -> str:
    """What speakers of unknown gender are called."""
    return "all" if table.gender.eq("").all() else "others"


def _groups(ax, table: pd.DataFrame, places: pd.Series, inches: float) -> None:
    """A line at each gender's mean, told below the marks: a line lower where it would run into the one before. inches: per place."""
    ends = []  # of the words on each line below the marks, in places
    low, high = ax.dataLim.intervaly
    line_high = LINE * max(high - low, 10)
    for gender, rows in table.groupby("gender"):
        start, mean = places[rows.index].min() - 0.5, 100 * rows.honest.mean()
        name = SIGNS.get(gender, _unsaid(table))
        words = f"{name}: {percent(mean / 100)}"
        ax.hlines(mean, start, places[rows.index].max() + 0.5, color=GREY, lw=1, label=f"_{name} mean", zorder=0)
        line = next((at for at, end in enumerate(ends) if end < start), len(ends))
        end = start + TextPath((0, 0), f"{words}  ", size=SMALL).get_extents().width / 72 / inches
        ends[line : line + 1] = [end]
        ax.text(start, low - line_high * (line + 1), words, va="center", color=INK)
    ax.set_ylim(low - line_high * (len(ends) + 0.7), high + line_high)


@styled
def strip(
    each: pd.DataFrame, title: str, chance: float, num_left_out: int = 0, genders=None, width: float = HALF
) -> Figure:
    """Every speaker of one system under one protocol from the worst to the best, with intervals; both ends by name.

    Args:
        each: of `groups.each_speaker`, of one system.
        num_left_out: speakers of too few clips.
        genders: speaker -> gender, where it is known; men are hollow. Of more than `MOST` speakers those of most clips are drawn.
    """
    everyone, mean = len(each), each.value.mean()
    each = each.nlargest(MOST, "num_clips") if everyone > MOST else each
    each = each.sort_values("value", ignore_index=True)
    out = f" {counted(num_left_out, 'speaker')} of too few clips left out." if num_left_out else ""
    note = f"{_how_many(len(each), everyone)}. Whiskers: 95 % interval over the speaker's own clips. Line: mean of all.{out}"
    fig, axes = canvas(width, 2.4, "Who is read worst, who best?", f"{sentence(title)}; {note}")
    ax, seen = axes[0, 0], look(each.modalities.iloc[0])
    errors = 100 * np.abs(each[["ci_low", "ci_high"]].sub(each.value, axis=0).to_numpy().T)
    thin = {"elinewidth": 1.0, "mew": 0.9, "ms": 3.6 if len(each) <= MAX_NAMED else 2.4}
    known = dict(genders) if genders is not None else {}
    gender = pd.Series([known.get(name, "") for name in each.speaker], each.index)
    for name, rows in each.groupby(gender):
        face = "white" if name == "male" else seen.colour
        words, at = SIGNS.get(name, "_speakers"), rows.index
        ax.errorbar(
            at, 100 * rows.value, errors[:, at], fmt=seen.marker, color=seen.colour, mfc=face, label=words, **thin
        )
    if gender.isin(SIGNS).any():
        keys_above(fig, ax, ax.get_legend_handles_labels()[0])
    ax.axhline(100 * mean, color=GREY, lw=1, zorder=0)
    ax.axhline(100 * chance, color=GREY, lw=0.9, ls=(0, (1, 1.5)), zorder=0)
    ax.annotate(
        f"chance {percent(chance)}",
        (each.index[-1], 100 * chance),
        (0, 3),
        textcoords="offset points",
        ha="right",
        color=GREY,
    )
    for row, end, side, away in ((each.iloc[0], "ci_low", "left", -11), (each.iloc[-1], "ci_high", "right", 4)):
        words, place = f"{row.speaker}: {percent(row.value)}", (row.name, 100 * row[end])
        ax.annotate(words, place, (-4 if away < 0 else 4, away), textcoords="offset points", ha=side, color=INK)
    ax.set(ylabel="UAR (%)", xlabel="speakers, sorted", xticks=[])
    ax.grid(axis="y")
    return fig


def _how_many(drawn: int, everyone: int) -> str:
    """ "24 speakers", or "50 of 91 speakers, those of most clips"."""
    some = f"{drawn} of {counted(everyone, 'speaker')}, those of most clips"
    return counted(everyone, "speaker") if drawn == everyone else some


def strip_alt(each: pd.DataFrame, title: str) -> str:
    """The finding of `strip`: both ends with their intervals, and the mean."""
    low, high = each.loc[each.value.idxmin()], each.loc[each.value.idxmax()]
    worst, best = (f"{row.speaker} with {interval(row.value, row.ci_low, row.ci_high)}" for row in (low, high))
    return f"UAR in percent of {title} for {counted(len(each), 'speaker')}: worst {worst}, best {best}, mean {percent(each.value.mean())}."
