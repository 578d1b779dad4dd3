"""Every decision-level rule of the study; a new one is one more record here, and nothing else changes."""

from dataclasses import replace

from emostudy.parameters import check_name
from emostudy.recipes import decision, pools
from emostudy.recipes.calibrated import Calibrated
from emostudy.recipes.decision import Rule
from emostudy.recipes.learned_rules import OutOfFold, extreme_learning_machine, stacked_shares

SCALED = "after temperature scaling (Guo et al. 2017)"


def calibrated(rule: Rule) -> Rule:
    """The same rule on temperature-scaled probabilities. ValueError for a rule whose dev predictions are made out of fold."""
    if rule.combine_dev:
        raise ValueError(
            f"{rule.name} is told out of fold on dev; give its calibrated version a combine_dev of its own"
        )
    name, title = f"{rule.name}_calibrated", f"{rule.title}, calibrated"
    return replace(rule, name=name, title=title, fit=Calibrated(rule.fit), source=f"{rule.source}, {SCALED}")


KITTLER = "(Kittler et al. 1998)"
MEAN, PRODUCT, ENTROPY_TRUST, STACKING = decision.RULES
MAXIMUM = Rule("maximum", "maximum", pools.maximum, f"maximum rule {KITTLER}")
MEDIAN = Rule("median", "median", pools.median, f"median rule {KITTLER}", fewest=3)  # of two it is the mean
VOTE = Rule("majority_vote", "majority vote", pools.majority_vote, f"majority vote {KITTLER}")
POOL = "linear opinion pool (Stone 1961)"
WEIGHTED = Rule(
    "weighted_mean", "weighted mean, by likelihood", pools.weighted_mean, f"{POOL}, likeliest weights on dev"
)
BEST_WEIGHTED = Rule(
    "weighted_mean_uar",
    "weighted mean, by dev UAR",
    pools.best_weighted_mean,
    f"{POOL}, weights of the best UAR on dev",
    OutOfFold(pools.best_weighted_mean),
)
LOG_POOL = Rule("log_pool", "logarithmic pool", pools.log_pool, "logarithmic opinion pool (Genest and Zidek 1986)")
BELIEF = Rule(
    "belief",
    "Bayesian belief",
    pools.belief,
    "naive Bayes on decisions, after the belief of Xu et al. (1992)",
    OutOfFold(pools.belief),
)
TRUST = Rule("trust", "trust (R)", pools.trust, "system R, fusion, without confidence")
CONFIDENCE = Rule("confidence", "confidence (R)", pools.confidence, "system R, fusion, without trust")
MACHINE = Rule(
    "elm",
    "extreme learning machine",
    extreme_learning_machine,
    "extreme learning machine (Huang et al. 2006) on class probabilities, after Hossain and Muhammad 2019, who join CNN features",
    OutOfFold(extreme_learning_machine),
)
SHARES = Rule(
    "stacking_shares",
    "stacking, shares",
    stacked_shares,
    "stacked generalisation (Wolpert 1992)",
    OutOfFold(stacked_shares),
)
PRODUCT_CALIBRATED = calibrated(PRODUCT)
USUAL = (*decision.RULES, PRODUCT_CALIBRATED)  # those that notebook 05 explains, and that every profile fuses by
RULES = (
    *USUAL,
    *(MAXIMUM, MEDIAN, VOTE),
    *(TRUST, CONFIDENCE),
    *(WEIGHTED, BEST_WEIGHTED, LOG_POOL, BELIEF),
    *(SHARES, MACHINE),
    *map(calibrated, (MEAN, MAXIMUM, ENTROPY_TRUST)),
)


def asked(names: list[str], further: bool) -> tuple[Rule, ...]:
    """The usual rules and those of these names; all there are with `further`, as at the profile `paper`.

    Raises:
        ValueError: an unknown name.
    """
    known = {rule.name: rule for rule in RULES}
    for name in names:
        check_name("rule", name, known)
    return tuple(rule for rule in RULES if further or rule in USUAL or rule.name in names)
