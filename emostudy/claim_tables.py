"""Claimed, their protocol, honest protocol: what the sources printed beside what our rebuilds reach, with intervals."""

from collections.abc import Mapping, Sequence

import pandas as pd

from emostudy.claims import IN_THEIR_WAY, Claim, subjects
from emostudy.corpora.catalogue import card
from emostudy.corpora.corpus import Corpus
from emostudy.overfitting import training_scores
from emostudy.recipes.registry import KINDS, named
from emostudy.systems import NOTEBOOK
from emostudy.wording import FEWEST, interval, interval_note, percent, protocol_title, too_few

SCORES = (("theirs", 0), ("honest", 0), ("honest", 1))  # a side, and which of `JUDGED`
JUDGED = (
    ("WA", "UAR"),
    ("subset_accuracy", "macro_F1"),
)  # what is claimed and the fairer one; of clips with several labels
FIGURES = {"": "value", "_low": "ci_low", "_high": "ci_high"}
SEEDS = ("_least", "_most")
CONDITIONS = ("none", IN_THEIR_WAY)
NO_RUN = "not run here"
RUN_ONCE = ", run once"
APART = 0.01  # the lowest and the highest seed: what is nearer is not told
NEAREST = "random"  # may stand for a way to split that did not run, or of which nothing is said


def table(
    scored: pd.DataFrame,
    runs: list[dict],
    corpus: Corpus,
    protocols: Sequence[str],
    modalities: str,
    once: str = "",
) -> pd.DataFrame:
    """A row per printed number and recipe that rebuilds its model and ran here; a number of which none ran has one row.

    Args:
        scored: records of these predictions (`scores.score`), and, for the range over seeds, of single runs (`scores.score_runs`).
        runs: records of their runs (`predictions.read_records`), which know training scores and where a recipe comes from.
        protocols: as run. The last is the honest one, and so is one alone. Of those before it a claim's own way to split counts as its
            authors', else a random split does; never the way of other authors.
        once: the condition of what ran once, which counts too where it is named; its title says so.

    Returns:
        system, subject, metric, claimed (0 to 1), measured_on, of, on, same_corpus; recipe and title ("" where none ran), the
        weights that it starts from, and `reading`, what was decided for it; train_UAR under their protocol, else under the honest
        one, mean over runs; protocol_theirs, protocol_honest, "" where none; theirs_WA, honest_WA, honest_UAR, each with _low and
        _high, and with _least and _most of several seeds (means over folds); fall: of WA from theirs to honest. NaN where something
        was not run, and of a fall where they tested `wording.too_few` clips. Of clips with several labels subset accuracy stands for
        WA, macro F1 for UAR.
    """
    counted = (*CONDITIONS, once) if once else CONDITIONS
    rows = scored[(scored.emotion == "all") & (scored.part == "test") & scored.condition.isin(counted)]
    present = [protocol for protocol in protocols if protocol in set(rows.protocol)]
    judged = next((two for two in JUDGED if two[0] in set(rows.metric)), JUDGED[0])
    trained = training_scores(runs)
    trained = trained[trained.condition.isin(counted)].groupby(["protocol", "recipe"]).train.mean()
    ran = {run["recipe"]: run for run in runs if run["modalities"] == modalities and run["recipe"] in set(rows.recipe)}
    made, decided = [], readings(modalities, corpus)
    for claims in subjects(modalities):
        fitting = [name for name, run in ran.items() if run.get("source", "").startswith(claims[0].source)]
        sides = sides_of(claims[0], present)
        for name in fitting or [""]:
            reached = scores_of(rows[rows.recipe == name], sides, judged)
            briefly = RUN_ONCE if name and set(rows.condition[rows.recipe == name]) == {once} else ""
            ours = {"recipe": name, "title": ran[name]["title"] + briefly if name else ""}
            ours |= {
                "weights": ran.get(name, {}).get("pretrained", ""),
                "reading": decided.get(name) or ran.get(name, {}).get("reading", ""),
            }
            fitted = trained.get((sides["theirs"], name), trained.get((sides["honest"], name), float("nan")))
            ours |= {f"train_{judged[1]}": fitted} | reached
            ours |= {f"protocol_{side}": protocol for side, protocol in sides.items()}
            made += [told(claim, corpus) | ours for claim in claims]
    return pd.DataFrame(made)


def readings(modalities: str, corpus: Corpus) -> dict[str, str]:
    """What was decided for each system of one modality, as its recipe says today: the records of its runs may be older."""
    known = named(modalities, corpus) if modalities in KINDS else {}
    return {name: recipe.reading for name, recipe in known.items()}


def sides_of(claim: Claim, present: Sequence[str]) -> dict[str, str]:
    """The protocols that stand for the authors' way to split and for the honest one, of those that ran; "" where none does."""
    theirs = [way for way in (claim.way, NEAREST) if way in present[:-1]]
    return {"theirs": theirs[0] if theirs else "", "honest": present[-1] if present else ""}


def told(claim: Claim, corpus: Corpus) -> dict:
    """What a claim says, and whether it says it of this corpus."""
    names = ("system", "subject", "metric", "measured_on", "of", "on")
    return {
        **{name: getattr(claim, name) for name in names},
        "claimed": claim.value,
        "same_corpus": claim.measured_here(corpus.name),
    }


def scores_of(rows: pd.DataFrame, sides: dict[str, str], judged: tuple[str, str]) -> dict[str, float]:
    """Scores of one recipe with their intervals and ranges over seeds, and the fall; NaN where it did not run so, or so alone."""
    found, pooled = {}, (rows.fold.astype(str) == "all") & (rows.seed.astype(str) == "all")
    for side, at in SCORES:
        of = (rows.protocol == sides[side]) & (rows.metric == judged[at])
        row, seeds = rows[of & pooled], rows[of & ~pooled].groupby("seed").value.mean()
        for ending, column in FIGURES.items():
            found[f"{side}_{judged[at]}{ending}"] = float(row[column].iloc[0]) if len(row) else float("nan")
        for ending, value in zip(SEEDS, (seeds.min(), seeds.max()), strict=True):
            found[f"{side}_{judged[at]}{ending}"] = value if len(seeds) > 1 else float("nan")
    fall = found[f"theirs_{judged[0]}"] - found[f"honest_{judged[0]}"]
    return found | {"fall": float("nan") if sides["theirs"] in too_few(rows) else fall}


def worded(table: pd.DataFrame, corpus: Corpus, modalities: str) -> pd.DataFrame:
    """`table` for people: all numbers of a model in one row per recipe, in percent; below it what did not run, and the command."""
    if table.empty:
        return pd.DataFrame({"system": [], "rebuilt by": []})
    rows, ways = [], len(set(table.protocol_theirs) - {""})
    for claims in subjects(modalities):
        of = table[(table.system == claims[0].system) & (table.subject == claims[0].subject)]
        for row in of.drop_duplicates("recipe").to_dict("records"):
            here = "" if row["same_corpus"] or not row["recipe"] else f"; here {corpus.name}"
            cells = {"system": f"{row['system']}: {row['subject']}", "rebuilt by": row["title"] or NO_RUN}
            cells |= {"claimed, accuracy": claimed(claims), "on": f"{row['on']}{here}"} | ours(row, ways < 2)
            rows.append((row["recipe"] == "", cells))
    told = [cells for _, cells in sorted(rows, key=lambda row: row[0])]
    return pd.DataFrame(told, columns=list(max(told, key=len))).fillna("-")  # of some their way did not run


def ours(row: Mapping, one_way: bool = True) -> dict[str, str]:
    """What we reach, in a row of `table`, worded; without the authors' way and the fall where one protocol alone was run.

    Unless all authors split in one way, the cell names the way instead of its column.
    """
    judged = next(two for two in JUDGED if f"train_{two[1]}" in row)
    names = [metric.replace("_", " ") for metric in judged]
    cells = {f"training, {names[1]}": percent(row[f"train_{judged[1]}"])}
    for side, at in SCORES:
        if protocol := row[f"protocol_{side}"]:
            name = f"{side}_{judged[at]}"
            reached = interval(*(row[f"{name}{ending}"] for ending in FIGURES)) + seeds(row, name)
            if one_way or side == "honest":
                cells[f"{protocol_title(protocol)}, {names[at]}"] = reached
            else:
                cells[f"their way, {names[at]}"] = f"{reached} ({protocol_title(protocol)})"
    return cells | ({f"fall (points of {names[0]})": percent(row["fall"])} if row["protocol_theirs"] else {})


def seeds(row: Mapping, name: str) -> str:
    """ "; seeds 14.3 to 43.8" where several ran and lie apart, for an interval holds nothing of it; else ""."""
    least, most = (row.get(f"{name}{end}", float("nan")) for end in SEEDS)
    return f"; seeds {percent(least)} to {percent(most)}" if most - least > APART else ""


def claimed(claims: Sequence[Claim]) -> str:
    """ "training: first 97.99, second 57.94; test: 57.4": all numbers printed of one model."""
    groups = {}
    for claim in claims:
        groups.setdefault(claim.measured_on, []).append(f"{claim.of} {claim.printed}".strip())
    return "; ".join(f"{measured_on}: {', '.join(values)}" for measured_on, values in groups.items())


def not_run(table: pd.DataFrame, modalities: str) -> str:
    """A line per model of which no rebuild ran here, with the command that runs one; or that there is none."""
    lines = []
    for claims in subjects(modalities):
        claim = claims[0]
        of = table[(table.system == claim.system) & (table.subject == claim.subject)]
        if (of.recipe == "").all():
            lines.append(f"* {claim.system}, {claim.subject}: `{command(claim)}`")
    ran = "A rebuild of each of these models ran here, be this its claim's own corpus or not."
    return "\n".join(["Not run here, and how to run it:", "", *lines]) if lines else ran


def rebuilt(table: pd.DataFrame) -> list[str]:
    """ "MLP (M): 401 frames are 5.0 s": what was decided for each rebuild, those of which the same was decided together."""
    same = {}
    for row in table[table.recipe != ""].drop_duplicates("recipe").itertuples():
        same.setdefault(row.reading or "as its source tells it", []).append(row.title)
    return [f"{', '.join(titles)}: {reading}" for reading, titles in same.items()]


def command(claim: Claim) -> str:
    """The command that runs a claim's rebuild on its corpus; of a fusion, all that there are, with what they build on."""
    ways = ",".join(dict.fromkeys([*filter(None, [claim.way]), *card(claim.corpora[0])["protocols"]]))
    where = f"--corpus {claim.corpora[0]} --protocols {ways}"
    if claim.modalities not in NOTEBOOK:
        return f"python -m emostudy run {where} --profile paper"
    names = ", ".join(f'"{name}"' for name in claim.recipes)
    return f"python -m emostudy run --only {NOTEBOOK[claim.modalities]} {where} -p systems='[{names}]'"


def note(modalities: str, cluster: str = "speaker", table: pd.DataFrame | None = None) -> str:
    """What stands under the table: units, what training scores are, what is to be doubted of each claim, and how it was rebuilt."""
    about, ours = {}, [] if table is None else rebuilt(table)
    for claims in subjects(modalities):
        about.setdefault((claims[0].system, claims[0].careful), []).append(claims[0].subject)
    doubts = [f"{system}, {' and '.join(names)}: {careful}" for (system, careful), names in about.items()]
    return (
        f"Percent; in brackets the {interval_note(cluster)}. Training: mean over runs under their protocol, else under the honest one, of "
        "the only score of training clips that is recorded, which is no accuracy; of networks as they learn, before logits are adjusted. "
        f"Seeds: the lowest and the highest. No fall from fewer than {FEWEST} test clips. To doubt: {'. '.join(doubts)}."
        + (f" Rebuilt: {'. '.join(ours)}." if ours else "")
    )
