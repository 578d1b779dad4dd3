"""What it is worth to say rare emotions more often: systems with logit adjustment beside themselves, it taken back. Nothing is trained."""

from dataclasses import replace

import pandas as pd
from IPython.display import Markdown, display

from emostudy import predictions as preds
from emostudy.adjusting import adjusted
from emostudy.corpora.corpus import Corpus
from emostudy.labels import encode
from emostudy.protocols import splits
from emostudy.records import compare_pairs
from emostudy.wording import metric_title, protocol_title

SUFFIX = "_unadjusted"


def taken_back(test: pd.DataFrame, runs: list[dict], corpus: Corpus) -> pd.DataFrame:
    """Test predictions as they were before logit adjustment, of those runs whose record tells its share: their names end in `SUFFIX`.

    The adjustment divides by the classes' frequencies in train to the power of the share, so it is undone with the share negative,
    but for what rounding to four decimals has lost.
    """
    shares = {run["run_id"]: run.get("fitted", {}).get("logit_adjustment") for run in runs}
    emotion, frames = corpus.clips.set_index("clip_id").emotion, []
    for run_id, rows in test.groupby("run_id", sort=False):
        if shares.get(run_id) is None:
            continue
        head = {name: rows[name].iloc[0] for name in ("corpus", "protocol", "modalities", "condition", "fold", "seed")}
        (split,) = splits(corpus, head["protocol"], (head["fold"],))
        train = encode(emotion[list(split.train)], corpus.emotions)
        told = adjusted(preds.arrays(rows, corpus.emotions)[2], train, -shares[run_id])
        head |= {"run_id": run_id, "recipe": rows.recipe.iloc[0] + SUFFIX}
        frames.append(preds.frame(head, rows, "test", told, corpus.emotions))
    return preds.with_cluster(pd.concat(frames, ignore_index=True), corpus) if frames else test[:0]


def compared(lesson, predictions: pd.DataFrame, shown: str) -> Markdown | None:
    """Show and write each such system against itself without, under the honest protocol, in the card's metric and in UAR.

    Written as `NN_adjusted` and, where the card's metric is another, `NN_adjusted_UAR`; scores of single emotions without, of the
    one that is `shown` elsewhere, as `NN_per_class_unadjusted`. What is to be read if no system is such a one is given back.
    """
    honest, corpus = lesson.protocols[-1], lesson.corpus
    test = predictions[(predictions.part == "test") & (predictions.protocol == honest)]
    without = taken_back(test, preds.read_records(lesson.folder, sorted(test.run_id.unique())), corpus)
    if without.empty:
        return Markdown("No system here turns its probabilities towards rare emotions.")
    names = [name.removesuffix(SUFFIX) for name in without.recipe.unique()]
    titles = {name + SUFFIX: f"{lesson.titles[name]}, not adjusted" for name in names}
    pairs = [(test[test.recipe == name], without[without.recipe == name + SUFFIX]) for name in names]
    for metric in dict.fromkeys((lesson.metric, "UAR")):
        judged = replace(corpus, card=corpus.card | {"metric": metric})
        caption = f"Rare emotions said more often, {metric_title(metric)}, {protocol_title(honest)}"
        name = "adjusted" if metric == lesson.metric else f"adjusted_{metric}"
        display(Markdown(f"**{caption}**"), lesson.comparisons(compare_pairs(pairs, judged), name, caption, titles))
    if shown in names:
        caption = f"{titles[shown + SUFFIX]}: per emotion"
        display(Markdown(f"**{caption}**"), lesson.per_class(without, shown + SUFFIX, "per_class_unadjusted", caption))
    return None
