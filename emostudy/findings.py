"""What we saw, in words: sentences whose numbers come from records, never from a keyboard."""

import pandas as pd

from emostudy import robust_words
from emostudy.bounds import ceilings, realised_ceiling
from emostudy.corpora.check import differences
from emostudy.corpora.corpus import SEVERAL, Corpus
from emostudy.features.extract import Extracted
from emostudy.ladder import large
from emostudy.leaks import CHOSEN
from emostudy.predictions import columns_of
from emostudy.tables import systems
from emostudy.wording import (
    counted,
    enough,
    interval,
    metric_title,
    modality_title,
    not_drawn,
    on,
    pair,
    percent,
    protocol_title,
    roles,
    sample,
    sentence,
)


def crops(extracted: Extracted, corpus: Corpus) -> str:
    """How many clips gave a face."""
    lost = counted(len(extracted.left_out), "clip")
    return f"Faces found in {len(extracted.clip_ids)} of {len(corpus)} clips of {corpus.name} and cut out; {lost} without a face left out."


def corpus(corpus: Corpus, audit: pd.DataFrame, whole: bool = True) -> str:
    """What a corpus holds, and what its protocols keep apart; of a whole one also how it differs from what was published."""
    clips = corpus.clips
    counts = clips.emotion.str.split(SEVERAL, regex=False).explode().value_counts()
    spread = f"the rarest, {counts.idxmin()}, has {counts.min()}, the most frequent, {counts.idxmax()}, {counts.max()}"
    if counts.min() == counts.max():
        spread = f"each has {counts.min()}"
    speakers = (
        counted(clips.speaker[clips.speaker != ""].nunique(), "speaker")
        if (clips.speaker != "").any()
        else "unknown speakers"
    )
    lines = [f"* {len(clips)} clips of {speakers}, {len(corpus.emotions)} emotions; {spread}."]
    lines += [f"* Not as published: {difference}." for difference in (differences(corpus) if whole else [])]
    for protocol, rows in audit.groupby("protocol", sort=False):
        shared = rows[(rows.num_shared > 0) & (rows.num_test > 0)]
        told = ", ".join(f"{row.what} ({row.percent:.0f} % of test clips)" for row in shared.itertuples())
        lines.append(f"* {protocol_title(protocol)}, in training and in test: {told or 'nothing that was looked at'}.")
    for row in audit[audit.broken].itertuples():
        lines.append(f"* **Broken promise**: {protocol_title(row.protocol)} does not keep {row.what} apart.")
    return "\n".join(lines)


def left_out(frames: list[pd.DataFrame]) -> str:
    """Which files did not become clips or features, and why; or that none was lost."""
    rows = pd.concat([frame[["file", "reason"]] for frame in frames]).drop_duplicates()
    lines = [" ".join(f"* `{row.file.replace('`', chr(39))}`: {row.reason}".split()) for row in rows.itertuples()]
    return f"Left out: {counted(len(rows), 'file')}.\n\n" + "\n".join(lines)


def unimodal(
    scored: pd.DataFrame,
    titles: dict[str, str],
    network: str,
    preferred: str,
    metric: str = "UAR",
    cluster: str = "speaker",
) -> str:
    """The findings of a unimodal notebook: scores, the fall if two protocols tested enough clips, and the recipe that dev prefers."""
    large, small = enough(scored)
    table, shown = systems(large, metric).set_index("recipe"), roles(large.protocol)
    row = table.loc[network]
    fall = f": {_fell(row.fall)}" if "fall" in table else ""
    lines = [
        f"* **{titles[network]}**, {metric_title(metric)}: {_each(row, shown)}{fall}.",
        f"* The recipe that dev clips prefer is **{titles[preferred]}**: {_each(table.loc[preferred], shown)}.",
        f"* Reference lines {on(shown['honest'])}: {_references(table, titles)}.",
        f"* {sample(large, cluster)}.{not_drawn(small, 'Not told of')}",
    ]
    return "\n".join(lines)


def preference(dev: pd.Series, network: str, titles: dict[str, str], metric: str = "UAR") -> str:
    """The system that dev prefers, with which a notebook goes on, beside its network; `dev` as of `records.dev_score`, of one modality."""
    scores = dev.droplevel("modalities")
    best = scores.idxmax()
    value = f"{metric_title(metric)} {percent(scores[best])} % on dev clips"
    told = f"From here on **{titles[best]}** is shown, which dev clips prefer ({value})"
    return (
        f"{told}." if best == network else f"{told}; **{titles[network]}** reaches {percent(scores[network])} % there."
    )


def gap(
    scored: pd.DataFrame, corpus: Corpus, adjusted: dict, recipe: str, modality: str, protocol: str, reads: float
) -> str:
    """Where one modality's way to its ceiling is lost; `recipe` is the one that dev prefers, and `reads` how often it reads rightly."""
    reached = systems(scored[scored.protocol == protocol]).set_index("recipe").honest[recipe]
    best, luck = ceilings(corpus)[modality], realised_ceiling(corpus, modality)
    told = (
        f"Best possible from {modality_title(modality)}, in the long run: {percent(best)} %; the same rule on this corpus' clips: "
        f"{percent(luck)} %. The recipe chosen on dev says of {percent(reads)} % of clips what they show; whoever reads so can reach "
        f"{percent(adjusted[modality])} %. Reached: {percent(reached)} %. "
    )
    if reached > adjusted[modality]:
        return (
            f"{told}That is {percent(reached - adjusted[modality])} points more: luck, or clips tell more than what they show (a voice, "
            "say, how long the words are). The table `05_beyond` of notebook 05 measures which."
        )
    return (
        f"{told}So about {percent(best - adjusted[modality])} points are lost because the model misreads what is shown; the "
        f"{percent(1 - best)} points above the ceiling are not in a clip at all."
    )


def fusion(
    scored: pd.DataFrame,
    compared: pd.DataFrame,
    titles: dict[str, str],
    top: dict[str, str],
    baseline: str,
    metric: str = "UAR",
) -> str:
    """Whether fused systems beat the best single modality, or other systems the best one, by a paired test on the same clips.

    Args:
        top: modalities -> the recipe that dev prefers.
    """
    table, honest = systems(scored, metric).set_index(["recipe", "modalities"]), roles(scored.protocol)["honest"]
    verdicts = compared.verdict.value_counts()
    shown = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    best = "the best single modality" if any("+" in modalities for modalities in top) else "the best system"
    lines = [f"* {sentence(best[4:])}, chosen on dev: **{titles[baseline]}**."]
    for modalities, recipe in top.items():
        if "+" in modalities:
            row = table.loc[(recipe, modalities)]
            reached = f"{interval(row.honest, row.honest_low, row.honest_high)} % {metric_title(metric)} {on(honest)}"
            lines.append(f"* {modality_title(modalities)}: dev prefers **{titles[recipe]}**, {reached}.")
    base = compared.baseline.iloc[0] if len(compared) else baseline
    against = best if base == baseline else titles[base]
    lines.append(
        f"* Against {against} on the same clips ({len(compared)} comparisons, paired test, p after Holm below .05): {shown}."
    )
    return "\n".join(lines)


def ties(predictions: pd.DataFrame, recipes: list[str], emotions: tuple[str, ...], titles: dict[str, str]) -> str:
    """How UAR of test clips changes where emotions with equally large probabilities share the answer, not the first takes it.

    Args:
        predictions: of one protocol, each clip once a recipe.
    """
    told = []
    for name in recipes:
        rows = predictions[(predictions.recipe == name) & (predictions.part == "test")]
        shares = rows[columns_of(emotions)].set_axis(list(emotions), axis=1)
        top = shares.eq(shares.max(axis=1), axis=0)  # (N, C): one or several a clip
        true = pd.get_dummies(rows.emotion).reindex(columns=list(emotions), fill_value=False)
        parts = (top & true).any(axis=1) / top.sum(axis=1)
        first, shared = (one.groupby(rows.emotion).mean().mean() for one in (rows.emotion == rows.predicted, parts))
        tied = (top.sum(axis=1) > 1).mean()
        told.append(
            f"{titles[name]}: {percent(shared)} % UAR instead of {percent(first)} ({percent(tied)} % of clips tied)"
        )
    return f"With ties shared: {'; '.join(told)}."


def _each(row: pd.Series, shown: dict[str, str]) -> str:
    """ "62.1 [58.0, 66.2] % on a random split and 41.0 [37.2, 44.9] % on new speakers", less where it was not run."""
    ran = {role: protocol for role, protocol in shown.items() if pd.notna(row[role])}
    told = {role: interval(*row[[role, f"{role}_low", f"{role}_high"]].astype(float)) for role in ran}
    return " and ".join(f"{told[role]} % {on(protocol)}" for role, protocol in ran.items())


def _fell(points: float) -> str:
    return f"a fall of {percent(points)} points" if points > 0 else f"no fall ({percent(-points)} points more)"


def _references(table: pd.DataFrame, titles: dict[str, str]) -> str:
    rows = table[table.modalities == "none"]
    return ", ".join(f"{titles[recipe]} {percent(row.honest)} %" for recipe, row in rows.iterrows())


def had_dev_chosen(compared: pd.DataFrame, second: pd.DataFrame, titles: dict[str, str]) -> str:
    """How many fusions are shown better than the single system that dev prefers, and than the one that is second on dev."""
    told = [
        f"{(table.verdict == 'better').sum()} of {len(table)} are shown better than {titles[table.baseline.iloc[0]]}"
        for table in (compared, second)
    ]
    keys = ["recipe", "modalities"]
    both = compared.merge(second, on=keys, suffixes=("", "_second"))
    sure = ((both.verdict == "better") & (both.verdict_second == "better")).sum()
    return f"* {told[0]}, which dev prefers; {told[1]}, which is second on dev; {sure} than both (paired tests, p after Holm)."


def robustness(areas: pd.DataFrame, compared: pd.DataFrame, titles: dict[str, str], metric: str = "UAR") -> str:
    """What is kept of each kind, with intervals, and where training with hidden modalities is shown to help or to harm."""
    lines = robust_words.kept(areas, titles)
    verdicts = compared.verdict.value_counts()
    shown = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    lines.append(
        f"* With modality dropout against without, {len(compared)} comparisons on the same clips, {metric_title(metric)}: {shown}."
    )
    return "\n".join(lines)


def leaks(table: pd.DataFrame, rows: pd.DataFrame, titles: dict[str, str], systems: dict[str, str]) -> str:
    """The widest and the narrowest fall from the flattering protocol to the honest one, and what the mistakes add."""
    rows = large(rows) if len(large(rows)) else rows
    flattering, honest = pair(rows.protocol)
    wide = rows.pivot_table(index="recipe", columns="protocol", values="value")
    falls = (wide[flattering] - wide[honest]).dropna() if flattering else wide[:0][honest]
    lines = [
        f"* {systems[name]}: {percent(wide[flattering][name])} % {on(flattering)}, {percent(wide[honest][name])} % {on(honest)}."
        for name in (dict.fromkeys([falls.idxmax(), falls.idxmin()]) if len(falls) else ())
    ]
    tested = table[table.verdict != CHOSEN].sort_values("difference", ascending=False)
    shown = tested[tested.verdict != "no difference shown"]
    each = ", ".join(f"{titles[row.leak]} {percent(row.difference)}" for row in shown.itertuples())
    lines.append(f"* Of {len(tested)} mistakes {len(shown)} are shown to move the score (points): {each or 'none'}.")
    rest = tested[~tested.leak.isin(shown.leak)]
    if len(rest):
        lines.append(f"* No difference shown: {', '.join(titles[name] for name in rest.leak)}.")
    return "\n".join(lines)
