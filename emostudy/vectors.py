"""System R's own fusion: a picture of the voice speaks beside the voice and the face. What is a third vector worth that hears no more?"""

import pandas as pd

from emostudy import tables
from emostudy.fusing import seeds_of
from emostudy.once import ONCE
from emostudy.recipes.decision import Rule
from emostudy.recipes.rules import CONFIDENCE, ENTROPY_TRUST, MEAN, TRUST
from emostudy.records import best_single, compare_pairs
from emostudy.unflattered import fused
from emostudy.wording import metric_title, protocol_title

RULES = (MEAN, TRUST, CONFIDENCE, ENTROPY_TRUST)
FIXED = (MEAN, TRUST)  # the same weights for every clip of a fold
OWN = ("own_value", "own_ci_low", "own_ci_high")


def speakers(lesson, single: pd.DataFrame) -> pd.DataFrame:
    """Who may speak under the honest protocol, of one seed; `modalities` is the vector for which a recipe may speak.

    Args:
        single: predictions of single modalities (`Lesson.unimodal`): those of which the card's `vectors` have none speak for themselves.
    """
    of = {name: vector for vector, names in lesson.corpus.card["vectors"].items() for name in names}
    rows, honest = lesson.predictions(), lesson.protocols[-1]
    own = rows[rows.recipe.isin(of) & (rows.condition == ONCE) & (rows.protocol == honest)]
    left = single[(single.protocol == honest) & ~single.modalities.isin({"none", *own.modalities})]
    (seed,) = seeds_of(own)  # what runs once has one
    left = left[(left.seed == seed) | ~left.recipe.isin(left.recipe[left.seed == seed].unique())]
    return pd.concat([left, own.assign(modalities=own.recipe.map(of))], ignore_index=True)


def compared(lesson, single: pd.DataFrame) -> pd.DataFrame:
    """Write what each rule makes of all vectors, and its differences: without the last; to fixed weights; to the best single vector."""
    rows, third = speakers(lesson, single), list(lesson.corpus.card["vectors"])[-1]
    every = _by_rule(rows, RULES, lesson)
    fewer = {f"{name}_less": one for name, one in _by_rule(rows[rows.modalities != third], RULES, lesson).items()}
    best = best_single(rows.assign(condition="none"), lesson.corpus, lesson.protocols[-1])
    alone = {best: rows[(rows.recipe == best) & (rows.part == "test")]}
    pairs = [(every[name], fewer[f"{name}_less"].assign(recipe=f"{name}_less")) for name in every]
    pairs += [(every[ENTROPY_TRUST.name], every[rule.name]) for rule in FIXED]
    pairs += [(every[ENTROPY_TRUST.name], alone[best])]
    table = compare_pairs(pairs, lesson.corpus)
    reached = _reached(lesson, every | fewer | alone)
    table = table.join(reached, on="recipe").join(reached.add_prefix("baseline_"), on="baseline")
    caption = f"{', '.join(sorted(rows.modalities.unique()))}: vectors with a say of their own, {protocol_title(lesson.protocols[-1])}"
    return lesson.table(table, "vectors", caption, _worded(lesson, table, third), _note(lesson, table))


def _by_rule(rows: pd.DataFrame, rules: tuple[Rule, ...], lesson) -> dict[str, pd.DataFrame]:
    """Test predictions by the rule's name."""
    made = fused(rows, rules, lesson.corpus.emotions)
    return {rule.name: one[one.part == "test"] for rule, one in zip(rules, made, strict=True)}


def _reached(lesson, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Each system's score and interval, by name."""
    scored = lesson.score(pd.concat([one.assign(recipe=name) for name, one in frames.items()], ignore_index=True))
    scored = scored[(scored.metric == lesson.metric) & (scored.emotion == "all")]
    return scored.set_index("recipe")[["value", "ci_low", "ci_high"]].add_prefix("own_")[list(OWN)]


def _worded(lesson, table: pd.DataFrame, third: str) -> pd.DataFrame:
    rules = {rule.name: rule.title for rule in RULES}
    names = lesson.titles | rules | {f"{name}_less": f"the same without the {third}" for name in rules}
    return pd.DataFrame(
        {
            "all vectors, by": table.recipe.map(names),
            "compared with": table.baseline.map(names),
            metric_title(lesson.metric): tables.worded_intervals(table, *OWN),
            "of that": tables.worded_intervals(table, *(f"baseline_{column}" for column in OWN)),
            "difference (points)": tables.worded_intervals(table, "difference", "ci_low", "ci_high"),
            "p (Holm)": table.p_holm.map(tables.worded_p),
            "verdict": table.verdict,
        }
    )


def _note(lesson, table: pd.DataFrame) -> str:
    return (
        tables.comparisons_note(table, lesson.cluster)
        + " Who speaks for a vector is chosen on dev in each fold."
        + lesson.flattered
    )
