"""Aims and published marks beside what the results reach: what was missed is told too."""

from pathlib import Path

import pandas as pd

from emostudy.aims import AIM, AIMS, AT_LEAST, Aim
from emostudy.bounds import READS
from emostudy.claim_verdicts import runs_in, short_title
from emostudy.corpora.kept import reopen
from emostudy.predictions import read_runs
from emostudy.recipes.registry import every
from emostudy.scores import score, score_runs
from emostudy.wording import interval, metric_title, percent, protocol_title

REACHED, WITHIN, MISSED, UNRUN = "reached", "within the interval", "missed", "not run"
FIGURES = ["value", "ci_low", "ci_high"]


def of_records(folder: Path, aim: Aim) -> dict:
    """The system that dev prefers, its title and its score on test clips; nothing where none ran."""
    corpus, runs = reopen(folder), runs_in(folder)
    kept = ("protocol", "modalities", "condition")
    wanted = [run for run in runs if all(run[name] == getattr(aim, name) for name in kept)]
    wanted = [run for run in wanted if not aim.recipes or run["recipe"] in aim.recipes]
    tuned = () if aim.flattered else corpus.card.get("flattered_systems", ())
    wanted = [run for run in wanted if run["recipe"] not in tuned]
    if not wanted:
        return {}
    dev = _dev(folder, aim, wanted, corpus)
    best = dev.groupby("recipe").value.mean().idxmax()
    title = next(run["title"] for run in wanted if run["recipe"] == best)
    of_best = read_runs(folder, [run["run_id"] for run in wanted if run["recipe"] == best])
    scored = score(of_best, corpus)
    row = scored[(scored.metric == aim.metric) & (scored.emotion == "all")].iloc[0]
    return {"recipe": best, "title": title, **row[FIGURES].to_dict()}


def _dev(folder: Path, aim: Aim, runs: list[dict], corpus) -> pd.DataFrame:
    """Dev scores of runs by the metric of the corpus' card: as recorded, else from their predictions."""
    ids = [run["run_id"] for run in runs]
    recorded = folder / "records.csv"
    table = pd.read_csv(recorded) if recorded.is_file() else score_runs(read_runs(folder, ids), corpus)
    return table[table.run_id.isin(ids) & (table.part == "dev") & (table.metric == corpus.card["metric"])]


def of_shown(folder: Path, aim: Aim) -> dict:
    """Of the clips of one modality the share of which its system says what they show, by the table of ceilings."""
    row = _ceilings(folder, aim.modalities)
    reads = dict(zip(FIGURES, row.reindex(READS), strict=True))  # a table of an older version has no interval
    return {"recipe": row.recipe, "title": _title(folder, row.recipe), **reads}


def of_fusion(folder: Path, aim: Aim) -> dict:
    """A fusion, and as its mark the adjusted ceiling of its modalities less the aim's value."""
    row = _ceilings(folder, aim.modalities)
    reached = {"value": row.reached, "ci_low": row.ci_low, "ci_high": row.ci_high}
    return {"recipe": row.recipe, "title": _title(folder, row.recipe), "mark": row.adjusted - aim.value, **reached}


def of_unflattered(folder: Path, aim: Aim) -> dict:
    """Of notebook 05's fusions in which nobody speaks whose settings saw test clips, the one that dev prefers."""
    path = folder / "tables" / "05_unflattered.csv"
    if not path.is_file():
        return {}
    rows = pd.read_csv(path)
    rows = rows[
        (rows.left_out == rows.left_out.iloc[-1]) & (rows.modalities == aim.modalities)
    ]  # the last lacks all of them
    best = rows.loc[rows.dev.idxmax()]
    reached = {"value": best.own_value, "ci_low": best.own_ci_low, "ci_high": best.own_ci_high}
    return {"recipe": best.recipe, "title": _title(folder, best.recipe), **reached}


def _title(folder: Path, recipe: str) -> str:
    return next((run["title"] for run in runs_in(folder) if run["recipe"] == recipe), recipe)


def _ceilings(folder: Path, modalities: str) -> pd.Series:
    return pd.read_csv(folder / "tables" / "05_ceilings.csv").set_index("modalities").loc[modalities]


READ = {"records": of_records, "shown": of_shown, "fusion": of_fusion, "unflattered": of_unflattered}


def table(results: Path, aims: tuple[Aim, ...] = AIMS) -> pd.DataFrame:
    """A row per aim, in their order.

    Returns:
        corpus (its title, or the folder where it was not run), profile, flattered: whether settings were found on its test clips,
        without_tuned: whether such systems were kept from speaking, modalities, metric, protocol, condition, kind, source, mark, recipe,
        title, value, ci_low, ci_high, verdict, tried. Marks and values in 0 to 1; NaN and "" where nothing ran.
    """
    return pd.DataFrame([_row(results, aim) for aim in aims])


def _row(results: Path, aim: Aim) -> dict:
    folder = results / aim.folder
    there = (folder / "corpus.json").is_file()
    found = READ[aim.read](folder, aim) if there else {}
    told = {name: getattr(aim, name) for name in ("modalities", "metric", "protocol", "condition", "kind", "source")}
    told |= {"without_tuned": not aim.flattered}
    made = {"mark": aim.value, "recipe": "", "title": "", **dict.fromkeys(FIGURES, float("nan"))} | found
    corpus = short_title(reopen(folder)) if there else aim.folder.partition("/")[0]
    profile = aim.folder.partition("/")[2]
    tuned = set(reopen(folder).card.get("flattered_systems", [])) if there else set()
    flattered = aim.flattered and any(tuned & set(every(modality)) for modality in aim.modalities.split("+"))
    return (
        {"corpus": corpus, "profile": profile, "flattered": flattered}
        | told
        | made
        | {"verdict": verdict(made), "tried": aim.tried}
    )


def verdict(row: dict) -> str:
    """Reached, within the interval of what was reached, or missed; `UNRUN` without a value."""
    if pd.isna(row["value"]):
        return UNRUN
    if row["value"] >= row["mark"]:
        return REACHED
    return WITHIN if row["ci_high"] >= row["mark"] else MISSED


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """`table` for people, in percent."""
    return pd.DataFrame([_worded(row) for row in table.itertuples()])


def _worded(row) -> dict[str, str]:
    known = " knowing the speaker," if row.condition == "by_speaker" else ""
    known += " without systems f," if row.without_tuned else ""
    return {
        "corpus": row.corpus,
        "of": f"{row.modalities.replace('+', ' + ')},{known} {protocol_title(row.protocol)}, {metric_title(row.metric)}",
        "mark": f"{percent(row.mark)} ({row.kind})",
        "whose": row.source,
        "here": interval(row.value, row.ci_low, row.ci_high),
        "verdict": row.verdict + (" f" if row.flattered else ""),
        "by": row.title or row.recipe or "-",
        "tried": row.tried,
    }


def note(table: pd.DataFrame) -> str:
    """What stands under the table."""
    flattered = ", ".join(dict.fromkeys(table.corpus[table.flattered]))
    told = (
        f" f: settings of systems were found with a look at test clips of {flattered}, which flatters these."
        if flattered
        else ""
    )
    return (
        "Percent; in brackets 95 % intervals. By the system that dev prefers. At least and aim: set by this study for itself; "
        "published: as printed, on whatever split its authors had, beside our accuracy on new speakers or on their split; measured before: "
        "on these very folds, ahead of this study. Within the "
        f"interval: below the mark, but by less than chance may do.{told}"
    )


def summary(table: pd.DataFrame) -> str:
    """How many of the study's own aims, and of the marks of others, became what."""
    lines = []
    for name, rows in (
        ("own aims", table[table.kind.isin((AT_LEAST, AIM))]),
        ("marks of others", table[~table.kind.isin((AT_LEAST, AIM))]),
    ):
        counts = ", ".join(f"{num} {verdict}" for verdict, num in rows.verdict.value_counts().items())
        lines.append(f"* Of {len(rows)} {name}: {counts}.")
    return "\n".join(lines)
