"""What each way to vary training clips is worth, for notebook 07: trained, compared in pairs, and told."""

from dataclasses import dataclass

import pandas as pd

from emostudy import tables
from emostudy.ablations import against, briefly, cut_of, learned_told
from emostudy.recipes import Recipe, augmented
from emostudy.records import compare_pairs
from emostudy.wording import counted, metric_title, protocol_title

COLUMNS = {"own": ["own_value", "own_ci_low", "own_ci_high"], "difference": ["difference", "ci_low", "ci_high"]}


@dataclass(frozen=True)
class Varied:
    """A network as it is, its ways to vary training clips by recipe, each against it, what all reach (`own_value`), and on what."""

    base: Recipe
    ways: dict[str, str]
    compared: pd.DataFrame
    reached: pd.DataFrame
    seed: int
    folds: int


def tried(lesson) -> list[Varied]:
    """Each network of `augmented.one_by_one` with the lesson's first seed under the honest protocol, in as many folds as the card says."""
    found = []
    for group in augmented.one_by_one(lesson.corpus):
        few = briefly(lesson, augmented.num_folds(lesson.corpus, group))
        rows = few.ablate(group, "augmented", cut_of(lesson.corpus))
        compared = compare_pairs(against(rows, group[0].name), lesson.corpus)
        scored = lesson.score(rows).query("metric == @lesson.metric and emotion == 'all'")
        own = scored.rename(columns={name: f"own_{name}" for name in ("value", "ci_low", "ci_high")})
        tested = compared[["recipe", "baseline", "difference", "ci_low", "ci_high", "p_holm", "verdict"]]
        made = augmented.names(group), compared, own.merge(tested, "left", "recipe")
        found.append(Varied(group[0], *made, rows.seed.min(), rows.fold.nunique()))
    return found


def written(lesson, varied: list[Varied]) -> pd.DataFrame:
    """Write what each reaches and how that differs from the network as it is, and give it back worded."""
    table = pd.concat([one.reached for one in varied], ignore_index=True)
    told = {name: tables.worded_intervals(table, *columns) for name, columns in COLUMNS.items()}
    shown = {"system": table.recipe.map(lesson.titles), metric_title(lesson.metric): told["own"]}
    shown |= {"compared with": table.baseline.map(lesson.titles).fillna("-")}
    shown |= {"difference (points)": told["difference"], "p (Holm)": table.p_holm.map(tables.worded_p)}
    split = protocol_title(lesson.protocols[-1]) + learned_told(lesson.corpus)
    some = " and ".join(sorted({counted(one.folds, "fold") for one in varied}))
    caption = f"Training clips varied in one way, seed {varied[0].seed}, {some}, {split}"
    tested = pd.concat([one.compared for one in varied])
    note = tables.comparisons_note(tested, lesson.cluster) + lesson.flattered
    return lesson.table(table, "augmented", caption, pd.DataFrame(shown | {"verdict": table.verdict.fillna("-")}), note)
