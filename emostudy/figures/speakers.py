"""How much speakers differ: UAR of each, drawn from predictions."""

import pandas as pd
from matplotlib.figure import Figure

from emostudy.corpora.corpus import Corpus
from emostudy.figures.marks import protocol_keys
from emostudy.figures.style import GREY, HALF, INK, canvas, keys_above, look, styled
from emostudy.wording import SHOWN, counted, percent, protocol_title, sample, titled

SIGNS = {"female": "♀ women", "male": "♂ men"}
MAX_NAMED = 40  # more speakers than this do not find room for their names


def speaker_uar(predictions: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """`speaker, gender, random, speaker_independent` (0 to 1, over the emotions a speaker shows, mean over seeds).

    Women first, within a gender the best on new speakers first.

    Args:
        predictions: one system.
    """
    genders = dict(zip(corpus.clips.speaker, corpus.clips.gender, strict=True))
    test = predictions[predictions.part == "test"]
    right = (test.emotion == test.predicted).groupby([test.protocol, test.seed, test.speaker, test.emotion]).mean()
    wide = (
        right.groupby(["protocol", "seed", "speaker"])
        .mean()
        .groupby(["protocol", "speaker"])
        .mean()
        .unstack("protocol")
    )
    table = wide.reindex(columns=list(SHOWN)).reset_index()
    table = table.assign(
        gender=[genders.get(name, "") for name in table.speaker], down=-table[SHOWN[1]].fillna(table[SHOWN[0]])
    )
    table = table.sort_values(["gender", "down", "speaker"]).drop(columns="down").reset_index(drop=True)
    return table[["speaker", "gender", *SHOWN]]


@styled
def per_speaker(predictions: pd.DataFrame, corpus: Corpus, system: str = "", width: float = HALF) -> Figure:
    """UAR of every speaker on a random split (hollow) and when new (filled), with the mean of each gender."""
    table = speaker_uar(predictions, corpus)
    test = predictions[predictions.part == "test"]
    note = f"{sample(test)}. Grey lines: mean of the group on new speakers; sorted within it."
    fig, axes = canvas(width, 2.4, titled(system, "who is hard to read?"), note)
    ax, seen = axes[0, 0], look(test.modalities.iloc[0])
    places = table.index + 1.5 * table.gender.ne(table.gender.shift()).cumsum()
    for x, row in zip(places, table.itertuples(), strict=True):
        ax.plot([x, x], [100 * row.random, 100 * row.speaker_independent], color=seen.colour, lw=2.5, alpha=0.28)
    for protocol, face in zip(SHOWN, ("white", seen.colour), strict=True):
        ax.plot(
            places, 100 * table[protocol], seen.marker, ms=3.6, mfc=face, mec=seen.colour, mew=0.9, label=f"_{protocol}"
        )
    for gender, rows in table.groupby("gender"):
        _group(ax, SIGNS.get(gender, "speakers"), places[rows.index], rows)
    named = len(table) <= MAX_NAMED
    ax.set_xticks(places if named else [], table.speaker if named else [], rotation=90)
    ax.set(ylabel="UAR (%)", xlabel="speaker" if named else f"{counted(len(table), 'speaker')}, one mark each")
    ax.grid(axis="y")
    keys_above(fig, ax, protocol_keys())
    return fig


def per_speaker_alt(predictions: pd.DataFrame, corpus: Corpus, system: str = "one system") -> str:
    """The finding of `per_speaker`: range over speakers and mean of each gender."""
    table, told = speaker_uar(predictions, corpus), []
    for protocol in SHOWN:
        rows = table.dropna(subset=[protocol])
        if len(rows):
            low, high = rows.loc[rows[protocol].idxmin()], rows.loc[rows[protocol].idxmax()]
            means = rows.groupby("gender")[protocol].mean()
            groups = ", ".join(f"{gender or 'all'} {percent(value)}" for gender, value in means.items())
            told.append(
                f"{protocol_title(protocol).capitalize()}: from {percent(low[protocol])} (speaker {low.speaker}) to "
                f"{percent(high[protocol])} (speaker {high.speaker}); mean {groups}."
            )
    return f"UAR in percent of {system} for each of {counted(len(table), 'speaker')}. " + " ".join(told)


def _group(ax, name: str, places: pd.Series, rows: pd.DataFrame) -> None:
    mean = rows[SHOWN[1]].mean()
    ax.hlines(100 * mean, places.min() - 0.5, places.max() + 0.5, color=GREY, lw=1, label=f"_{name} mean", zorder=0)
    words = f"{name}: {percent(mean)}"
    ax.annotate(words, (places.min() - 0.5, 0), (0, 3), ("data", "axes fraction"), "offset points", color=INK)
    ax.margins(y=0.12)
