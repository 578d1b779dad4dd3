"""What fusion reaches when nobody speaks whose settings are known to have seen test clips, as the corpus' card names them."""

import pandas as pd

from emostudy import tables
from emostudy.fusing import best_recipes, seeds_of
from emostudy.fusing_in_memory import by_rule
from emostudy.recipes.decision import Rule
from emostudy.records import best_single, compare_pairs, score_runs
from emostudy.wording import interval, metric_title, modality_title, protocol_title

CONDITION = "unflattered"


def speakers(lesson) -> dict[str, pd.DataFrame]:
    """Who may speak: predictions of single modalities under the honest protocol, less the card's `flattered_systems`.

    A frame less those of each modality that has any, "speech", and one less all, "face+speech". Systems that need a further
    package are among them, where they ran.
    """
    rows = lesson.joined(lesson.predictions())
    rows = rows[(rows.protocol == lesson.protocols[-1]) & ~rows.modalities.str.contains("+", regex=False)]
    rows = rows[rows.modalities != "none"]
    tuned = rows.recipe.isin(lesson.corpus.card["flattered_systems"])
    of = sorted(rows.modalities[tuned].unique())
    left = {modality: rows[~(tuned & (rows.modalities == modality))] for modality in of}
    return left | {"+".join(of): rows[~tuned]}


def fused(
    rows: pd.DataFrame, rules: tuple[Rule, ...], emotions: tuple[str, ...], part: str = "test"
) -> list[pd.DataFrame]:
    """Predictions of each rule; in each fold a modality is spoken for by its recipe with the best UAR on that fold's dev clips.

    Args:
        part: of which clips, "test" or "dev"; the rules are fitted on dev either way.
    """
    made = {rule.name: [] for rule in rules}
    for seed in seeds_of(rows):
        for _, fold in rows.groupby("fold", sort=True):
            best = best_recipes(fold, seed, emotions)
            speaking = [_told_as_test(best[modality], part) for modality in sorted(best)]
            for rule in rules:
                made[rule.name].append(by_rule(speaking, rule, emotions, seed=seed, condition=CONDITION))
    return [pd.concat(frames, ignore_index=True) for frames in made.values()]


def _told_as_test(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """Dev rows, and those of `part` called test."""
    return pd.concat([rows[rows.part == "dev"], rows[rows.part == part].assign(part="test")])


def compared(lesson, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """Write what each rule reaches so, and its difference to the best single one that may speak; give it back worded."""
    honest = lesson.protocols[-1]
    found = [_against_single(lesson, rows, rules).assign(left_out=out) for out, rows in speakers(lesson).items()]
    table, titles = pd.concat(found, ignore_index=True), lesson.titles | {rule.name: rule.title for rule in rules}
    shown = {
        "without the tuned ones of": table.left_out.map(modality_title),
        "system": table.recipe.map(titles),
        metric_title(lesson.metric): _told(table, "own_value", "own_ci_low", "own_ci_high"),
        "best single one": table.baseline.map(titles),
        "difference (points)": _told(table, "difference", "ci_low", "ci_high"),
        "p (Holm)": table.p_holm.map(tables.worded_p),
        "verdict": table.verdict,
    }
    note = (
        tables.comparisons_note(table, lesson.cluster, families=("left_out",))
        + " Who speaks for a modality is chosen on dev in each fold."
    )
    caption = f"Fusion without those whose settings saw test clips, {protocol_title(honest)}"
    return lesson.table(table, "unflattered", caption, pd.DataFrame(shown), note)


def _against_single(lesson, rows: pd.DataFrame, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """`compare_pairs` of each rule with the single one that dev prefers; what each reaches (`own_value`, its interval), and on `dev`."""
    corpus, single = lesson.corpus, best_single(rows, lesson.corpus, lesson.protocols[-1])
    joined = fused(rows, rules, corpus.emotions)
    table = compare_pairs([(one, rows[(rows.recipe == single) & (rows.part == "test")]) for one in joined], corpus)
    scores = lesson.score(pd.concat(joined, ignore_index=True)).query("emotion == 'all'")
    reached = scores[scores.metric == lesson.metric].set_index("recipe")[["value", "ci_low", "ci_high"]]
    dev = score_runs(pd.concat(fused(rows, rules, corpus.emotions, "dev"), ignore_index=True), corpus)
    liked = dev[dev.metric == lesson.metric].groupby("recipe").value.mean().rename("dev")
    return table.join(reached.add_prefix("own_"), on="recipe").join(liked, on="recipe")


def _told(table: pd.DataFrame, *columns: str) -> list[str]:
    return [interval(*row) for row in table[list(columns)].to_numpy(float)]
