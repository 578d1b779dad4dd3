"""What fusion reaches when nobody speaks whose settings are known to have seen test clips, as the corpus' card names them."""

import pandas as pd

from emostudy import tables
from emostudy.fusing import best_recipes, both_parts, fuse_fold, seeds_of
from emostudy.recipes.decision import Rule
from emostudy.records import best_single, compare_pairs
from emostudy.scores import score_runs
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
    rows: pd.DataFrame, rules: tuple[Rule, ...], emotions: tuple[str, ...], grouped_by: str = "speaker"
) -> list[pd.DataFrame]:
    """Dev and test predictions of each rule; in each fold its recipe with the best UAR on that fold's dev clips speaks for a modality.

    Args:
        grouped_by: dev clips that have this in common are kept together where a rule's dev predictions are made without their labels.
    """
    made = {rule.name: [] for rule in rules}
    for seed in seeds_of(rows):
        for number, fold in rows.groupby("fold", sort=True):
            best = best_recipes(fold, seed, emotions)
            clips = both_parts([best[modality] for modality in sorted(best)], emotions, grouped_by)
            head = {name: rows[name].iloc[0] for name in ("corpus", "protocol")} | {"fold": number, "seed": seed}
            head |= {"modalities": "+".join(sorted(best)), "condition": CONDITION}
            for rule in rules:
                told = head | {"recipe": rule.name, "run_id": f"{rule.name} {number} {seed}"}
                made[rule.name].append(fuse_fold(told, clips, rule, emotions))
    return [pd.concat(frames, ignore_index=True) for frames in made.values()]


def compared(lesson, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """Write what each rule reaches so, and its difference to the best single one that may speak; give it back worded."""
    honest = lesson.protocols[-1]
    found = [_against_single(lesson, rows, rules).assign(left_out=out) for out, rows in speakers(lesson).items()]
    table, titles = pd.concat(found, ignore_index=True), lesson.titles | {rule.name: rule.title for rule in rules}
    shown = {
        "left out, tuned ones of": table.left_out.map(modality_title),
        "system": table.recipe.map(titles),
        metric_title(lesson.metric): _told(table, "own_value", "own_ci_low", "own_ci_high"),
        "best single one": table.baseline.map(titles),
        "difference (points)": _told(table, "difference", "ci_low", "ci_high"),
        "p (Holm)": table.p_holm.map(tables.worded_p),
        "verdict": table.verdict,
    }
    note = (
        tables.comparisons_note(table, lesson.cluster, families={"left_out": "rows that leave out the same systems"})
        + " Who speaks for a modality is chosen on dev in each fold."
    )
    caption = f"Fusion without those whose settings saw test clips, {protocol_title(honest)}"
    return lesson.table(table, "unflattered", caption, pd.DataFrame(shown), note)


def _against_single(lesson, rows: pd.DataFrame, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """`compare_pairs` of each rule with the single one that dev prefers; what each reaches (`own_value`, its interval), and on `dev`."""
    corpus, single = lesson.corpus, best_single(rows, lesson.corpus, lesson.protocols[-1])
    joined = pd.concat(fused(rows, rules, corpus.emotions), ignore_index=True)
    tested = [one for _, one in joined[joined.part == "test"].groupby("recipe", sort=False)]
    table = compare_pairs([(one, rows[(rows.recipe == single) & (rows.part == "test")]) for one in tested], corpus)
    scores = lesson.score(joined).query("emotion == 'all'")
    reached = scores[scores.metric == lesson.metric].set_index("recipe")[["value", "ci_low", "ci_high"]]
    runs = score_runs(joined, corpus).query("part == 'dev'")
    liked = runs[runs.metric == lesson.metric].groupby("recipe").value.mean().rename("dev")
    return table.join(reached.add_prefix("own_"), on="recipe").join(liked, on="recipe")


def _told(table: pd.DataFrame, *columns: str) -> list[str]:
    return [interval(*row) for row in table[list(columns)].to_numpy(float)]
