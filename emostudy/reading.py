"""The commands that train nothing: `status`, `records`, `report` and `slides` look at what earlier runs left."""

import argparse
import errno
import os
import sys
from pathlib import Path

from emostudy.parameters import check_protocols, parse_parameter
from emostudy.paths import results_root

UNWRITABLE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENOENT,
    errno.ENAMETOOLONG,
}


def add_reading(commands) -> None:
    """The commands that train nothing: they look at one results folder, or at every one that is there."""
    told = {
        "status": (status_command, "which notebooks and recipes are fresh, stale or missing, and why"),
        "records": (records_command, "records, tables and figures again, from predictions alone"),
        "report": (
            report_command,
            "one page that tells the study, and one of all results for each corpus, for a browser",
        ),
    }
    for name, (command, about) in told.items():
        reading = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        reading.set_defaults(command=command)
        reading.add_argument("--results-dir", default="", help="where results are (default: results of the repository)")
        if name != "report":
            reading.add_argument("--corpus", default="", help="(default: all that were run)")
            reading.add_argument("--profile", default="", help="(default: all that were run)")
    slides = commands.add_parser("slides", help="an executed notebook as slides", allow_abbrev=False)
    slides.set_defaults(command=slides_command)
    slides.add_argument("notebook", help="its number or name: 05")
    slides.add_argument("--corpus", default="", help="(default: all that were run)")
    slides.add_argument("--profile", default="", help="(default: all that were run)")
    slides.add_argument("--code", action="store_true", help="show the code above what it gives")
    slides.add_argument("--results-dir", default="", help="where results are (default: results of the repository)")
    status = commands.choices["status"]
    status.add_argument("--data-dir", default="", help="parent folder of the corpora (default: variable EMOSTUDY_DATA)")
    status.add_argument("-p", dest="parameters", action="append", default=[], metavar="name=value", help="as for run")
    status.add_argument("--protocols", default="", metavar="a,b", help="as for run")


def chosen_folders(options: argparse.Namespace) -> list[Path]:
    """The results folders that a command is to look at. ValueError if there is none."""
    from emostudy.status import folders

    root = results_root(options.results_dir)
    found = [folder for folder in folders(root) if options.corpus in ("", folder.parent.name)]
    found = [folder for folder in found if options.profile in ("", folder.name)]
    if not found:
        asked = "/".join(filter(None, (options.corpus, options.profile))) or "anything"
        raise ValueError(f"no results of {asked} in {os.path.relpath(root)}: `python -m emostudy run` makes them")
    return found


def status_command(options: argparse.Namespace) -> int:
    """Say what is fresh, stale or missing, and why."""
    from emostudy.status import fingerprint, of_notebooks, of_recipes, other_versions

    parameters = dict(parse_parameter(text) for text in options.parameters)
    protocols = options.protocols.replace(",", " ").split()
    check_protocols(protocols)
    for folder in chosen_folders(options):
        print(f"{folder.parent.name}, {folder.name}")
        if not fingerprint(folder, options.data_dir):
            print("  the corpus is not here: not compared")
        notebooks = of_notebooks(folder, parameters, options.data_dir, protocols)
        for line in (*notebooks, *of_recipes(folder, options.data_dir)):
            print(f"  {line.name:<48} {line.state:<9}{line.why}".rstrip())
        for line in other_versions(folder):
            print(f"  {line}")
    return 0


def records_command(options: argparse.Namespace) -> int:
    """Make records, tables and figures again."""
    from emostudy.locks import alone
    from emostudy.remake import remake

    code = 0
    for folder in chosen_folders(options):
        try:
            with alone(folder):
                written = remake(folder)
            print(f"{folder.parent.name}, {folder.name}: {len(set(written))} files made from predictions alone")
        except ValueError as error:  # the other folders are made all the same
            print(f"emostudy: {folder.parent.name}, {folder.name}: {told(error)}", file=sys.stderr)
            code = 2
    return code


def report_command(options: argparse.Namespace) -> int:
    """Write the pages that show all results."""
    from emostudy.report import make

    print("\n".join(make(results_root(options.results_dir)).summary()))
    return 0


def slides_command(options: argparse.Namespace) -> int:
    """Write the slides of a notebook, wherever it was run."""
    from emostudy.graph import select
    from emostudy.slides import make

    (notebook,) = select([options.notebook])
    made = 0
    for folder in chosen_folders(options):
        executed = folder / "notebooks" / f"{notebook.slug}.ipynb"
        if executed.is_file():
            target = folder / "slides" / f"{notebook.slug}.html"
            made += 1
            print(f"{make(executed, target, options.code)} slides: {os.path.relpath(target)}")
    if not made:
        raise ValueError(
            f"{notebook.slug} was not run there: `python -m emostudy run --only {options.notebook}` runs it"
        )
    return 0


def told(error: Exception) -> str:
    """What is wrong, and for the system's own errors, which name no remedy, one."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    where = f": {str(error.filename)[:200]}" if error.filename else ""
    remedy = "; free some space, or name another folder with --results-dir (cache: EMOSTUDY_CACHE)"
    return f"{error.strerror}{where}{remedy if error.errno in UNWRITABLE else ''}"
