"""The command `systems`: every system of the study, what it needs, where it ran, and how to run it."""

import argparse
from pathlib import Path

import pandas as pd

from emostudy.paths import results_root

NOTEBOOK = {"face": "02", "speech": "03", "text": "04"}
HEAD = ("system", "from", "reads", "weights", "ran on, or run it with")


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
            print(f"  {row.name}: {row.source}\n      reads {row.reads}; {row.weights}; {row.where}")
    return 0


def matrix(results: Path) -> pd.DataFrame:
    """A row per system: `modality, name, source, reads, weights, where`; where it ran by the records in `results`."""
    from emostudy.recipes.registry import every

    known, rows = ran(results), []
    for modality in NOTEBOOK:
        for name, recipe in every(modality).items():
            media = ", ".join(dict.fromkeys(feature.medium for feature in recipe.features.values()))
            weights = "from scratch" if recipe.pretrained == "none" else recipe.pretrained
            command = f"--only {NOTEBOOK[modality]} -p systems='[\"{name}\"]'"
            where = ", ".join(known.get(name, [])) or command
            rows.append((modality, name, recipe.source, media, weights, where))
    return pd.DataFrame(rows, columns=["modality", "name", "source", "reads", "weights", "where"])


def ran(results: Path) -> dict[str, list[str]]:
    """Recipe -> the corpora of which there are records of it."""
    found = {}
    for path in sorted(results.glob("*/*/records.csv")):
        corpus, profile = path.parts[-3:-1]
        for recipe in pd.read_csv(path, usecols=["recipe"]).recipe.unique() if profile != "smoke" else []:
            found.setdefault(recipe, []).append(corpus)
    return found


def markdown(rows: pd.DataFrame) -> str:
    """The README's table of systems."""
    lines = [HEAD, ("---",) * len(HEAD)]
    for row in rows.itertuples():
        where = f"`{row.where}`" if row.where.startswith("--") else row.where
        lines.append((f"`{row.name}`", row.source, row.reads, row.weights, where))
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
