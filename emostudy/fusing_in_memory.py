"""Decision-level fusion that is kept nowhere: of scores that are spoilt, or joined wrongly on purpose."""

import pandas as pd

from emostudy import predictions as preds
from emostudy.fusing import aligned
from emostudy.recipes.decision import Rule


def by_rule(
    parts: list[pd.DataFrame], rule: Rule, emotions, fitted_on: str = "dev", change=None, changed: str = "test", **told
) -> pd.DataFrame:
    """What a rule says of the test clips of single modalities' predictions, one frame each, of one fold and seed; kept nowhere.

    Args:
        fitted_on: the part that the rule learns from.
        change: (rows, probabilities (M, N, C)) -> the latter, otherwise: of the part that is `changed`, "test" or what it learns from.
        told: what the rows say of themselves if not what the rule and the frames do: `recipe`, `modalities`, `condition`, `run_id`.
    """
    seen_rows, seen = aligned([rows[rows.part == fitted_on] for rows in parts], emotions)
    rows, test = aligned([rows[rows.part == "test"] for rows in parts], emotions)
    if change:
        seen = change(seen_rows, seen) if changed == fitted_on else seen
        test = change(rows, test) if changed == "test" else test
    combine = rule.fit(seen, preds.arrays(seen_rows, emotions)[0])
    head = {key: rows[key].iloc[0] for key in ("run_id", "corpus", "protocol", "fold", "seed")}
    head |= {"recipe": rule.name, "modalities": "+".join(sorted(part.modalities.iloc[0] for part in parts))} | told
    return preds.frame(head, rows, "test", combine(test), emotions)
