"""The command `systems`: every system of the study, what it needs, where it ran, and how to run it."""

import argparse
import json
from pathlib import Path

import pandas as pd

from emostudy import stamps
from emostudy.paths import results_root
from emostudy.predictions import read_records

NOTEBOOK = {"face": "02", "speech": "03", "text": "04"}
SCRATCH = "from scratch"
RUN = ["run_id", "recipe", "modalities"]
HEAD = ("system", "from", "reads", "weights", "chosen by dev", "ran on", "run it with")


def add_systems(commands) -> None:
    """The command and its options."""
    told = "every system: what it reads, its weights, where it ran, how to run it"
    systems = commands.add_parser("systems", help=told, description=told, allow_abbrev=False)
    systems.add_argument("--results-dir", default="", help="where results are (default: results of the repository)")
    systems.add_argument("--markdown", action="store_true", help="as the README's table")
    systems.set_defaults(command=systems_command)


def systems_command(options: argparse.Namespace) -> int:
    """Print the table."""
    rows = matrix(results_root(options.results_dir))
    if options.markdown:
        print(markdown(rows))
        return 0
    for modality, some in rows.groupby("modality", sort=False):
        print(f"\n{modality}")
        for row in some.itertuples():
            about = f"{row.weights}; dev chooses {row.chosen}; ran on {row.ran_on or 'none here'}"
            print(f"  {row.name}: {row.source}\n      reads {row.reads}; {about}; {row.command}")
    return 0


def matrix(results: Path) -> pd.DataFrame:
    """A row per system: `modality, name, source, reads, weights, chosen, ran_on, command`; where it ran by the records in `results`.

    First those that have a name in the study, then those of which there are records alone: pretrained ones on weights that were given.
    """
    from emostudy.meant import corpus_for
    from emostudy.recipes.registry import every

    known, rows = ran(results), []
    for modality in NOTEBOOK:
        for name, recipe in every(modality).items():
            media = ", ".join(dict.fromkeys(feature.medium for feature in recipe.features.values()))
            ran_on, corpora = known.loc[name, ["ran_on", "corpora"]] if name in known.index else ("", [])
            command = f"--only {NOTEBOOK[modality]} --corpus {corpus_for(recipe, corpora)} -p systems='[\"{name}\"]'"
            about = media, _weights(recipe.pretrained, recipe.pretraining), chosen_by_dev(recipe.learner)
            rows.append((modality, name, recipe.source, *about, ran_on, command))
    named = {row[1] for row in rows}
    others = [_of_record(results, name, row) for name, row in known.iterrows() if name not in named]
    rows += [row for row in others if row[4] != SCRATCH]  # people and rules have runs, too
    return pd.DataFrame(rows, columns=["modality", "name", "source", "reads", "weights", "chosen", "ran_on", "command"])


def ran(results: Path) -> pd.DataFrame:
    """Of each recipe of one modality, by name: where it ran, and one of the records' files.

    Returns:
        `ran_on` in words, `corpora` by name, `file`.
    """
    found = {}
    for folder in sorted({path.parent for name in ("records.csv", "stamps") for path in results.glob(f"*/*/{name}")}):
        corpus, profile = folder.parts[-2:]
        runs = _runs(folder) if profile != "smoke" else pd.DataFrame(columns=RUN)
        for recipe, rows in runs[runs.modalities.isin(NOTEBOOK)].groupby("recipe"):
            file = f"{corpus}/{profile}/runs/{rows.run_id.iloc[0]}.json"
            one = found.setdefault(recipe, {"ran_on": [], "corpora": [], "file": file})
            one["ran_on"].append(corpus if profile == "paper" else f"{corpus} ({profile})")
            one["corpora"].append(corpus)
    table = pd.DataFrame.from_dict(found, orient="index", columns=["ran_on", "corpora", "file"])
    return table.assign(ran_on=table.ran_on.map(", ".join))


def _runs(folder: Path) -> pd.DataFrame:
    """The runs of a results folder: those in its records, and those that its stamps claim, ablations among them."""
    file = folder / "records.csv"
    told = [pd.read_csv(file, usecols=RUN)] if file.is_file() else []
    told += [pd.DataFrame(read_records(folder, stamps.runs_of(folder, stamps.read_all(folder))), columns=RUN)]
    return pd.concat(told).query("run_id != 'all'")


def _of_record(results: Path, name: str, row: pd.Series) -> tuple:
    """A row of a system without a name in the study, from one of its records; it is run by the weights that it started from."""
    record = json.loads((results / row.file).read_text("utf-8"))
    media = ", ".join(dict.fromkeys(feature["medium"] for feature in record["record"]["features"].values()))
    number, corpus = NOTEBOOK[record["modalities"]], record["corpus"]
    given = "text_weights" if record["modalities"] == "text" else "weights"
    command = f"--only {number} --corpus {corpus} -p {given}=FOLDER -p systems='[\"{name}\"]'"
    return (
        record["modalities"],
        name,
        record["source"],
        media,
        _weights(record["pretrained"], record.get("pretraining", "")),
        _chosen(record),
        row.ran_on,
        command,
    )


def _chosen(record: dict) -> str:
    """`chosen_by_dev` of a record, in which what is as usual is not told."""
    learner = record["record"]["learner"]
    while "learner" in learner:
        learner = learner["learner"]
    if (num := len(record["fitted"].get("trials", []))) > 1:
        return f"{num} settings"
    by_epoch = record["history"] and learner.get("keep", "best") == "best"
    return f"epoch, of {record['fitted']['epochs']}" if by_epoch else "nothing"


def chosen_by_dev(learner) -> str:
    """What the dev clips choose in each training, and from how many: the budget of tuning."""
    from sklearn.model_selection import ParameterGrid

    from emostudy.training import Network

    if members := getattr(learner, "members", ()):
        return "; ".join(dict.fromkeys(chosen_by_dev(one.learner) for one in members))
    if settings := getattr(learner, "settings", {}):
        return f"{len(settings)} settings, and the epoch, of {learner.network.epochs}"
    if grid := getattr(learner, "grid", {}):
        return f"{len(ParameterGrid(grid))} settings"
    if hasattr(learner, "learner"):
        return chosen_by_dev(learner.learner)
    if isinstance(learner, Network):
        return f"epoch, of {learner.epochs}" if learner.keep == "best" else "nothing"
    search = learner.build(0)
    return (
        f"nothing; {len(ParameterGrid(search.param_grid))} settings within train"
        if hasattr(search, "param_grid")
        else "nothing"
    )


def _weights(pretrained: str, pretraining: str) -> str:
    return SCRATCH if pretrained == "none" else pretrained + (f", pretrained on {pretraining}" if pretraining else "")


def markdown(rows: pd.DataFrame) -> str:
    """The README's table of systems."""
    lines = [HEAD, ("---",) * len(HEAD)]
    for row in rows.itertuples():
        lines.append(
            (
                f"`{row.name}`",
                row.source,
                row.reads,
                row.weights,
                row.chosen,
                row.ran_on or "not here",
                f"`{row.command}`",
            )
        )
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
