"""The command line: `run` the study; its `status`, `records` and `report`; `corpora`, `fetch` and `audit` for data; all `systems`."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from emostudy.auditing import add_audit
from emostudy.getting import add_getting
from emostudy.parameters import SHARED, parse_parameter
from emostudy.paths import results_root
from emostudy.reading import add_reading, told
from emostudy.systems import add_systems


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of the whole usage."""

    def error(self, message: str) -> None:
        raise ValueError(f"{message} (`{self.prog} --help` lists all options)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0 done, 1 a notebook failed, 2 a wrong request, 130 interrupted."""
    try:
        options = parser().parse_args(argv)
        return options.command(options)
    except BrokenPipeError:  # `status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ValueError, OSError) as error:  # a user's mistake is one line, never a traceback
        print("emostudy:", " ".join(told(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nemostudy: interrupted; finished notebooks and runs are kept", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = Parser(prog="python -m emostudy", description=__doc__, allow_abbrev=False)
    commands = top.add_subparsers(metavar="command", required=True)
    run = commands.add_parser("run", help="run the notebooks in the order of their graph", allow_abbrev=False)
    run.set_defaults(command=run_command)
    run.add_argument("--corpus", default=SHARED["corpus"], help="which corpus (default: %(default)s, made here)")
    run.add_argument("--data-dir", default="", help="parent folder of the corpora (default: variable EMOSTUDY_DATA)")
    run.add_argument("--profile", default=SHARED["profile"], help="smoke, class or paper (default: %(default)s)")
    run.add_argument("--only", type=names, default=[], metavar="03,05", help="notebooks by number or name")
    run.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="name=value",
        help="a parameter of a notebook",
    )
    run.add_argument("--jobs", type=int, help="processes inside a notebook (default: one for each usable core)")
    run.add_argument("--results-dir", default="", help="where results go (default: results of the repository)")
    run.add_argument(
        "--protocols", type=names, default=[], metavar="random,official", help="(default: the corpus' own)"
    )
    run.add_argument("--seeds", type=numbers, default=[], metavar="0,1,2", help="(default: the profile's)")
    run.add_argument("--device", default=SHARED["device"], help="cpu, cuda or mps (default: %(default)s)")
    run.add_argument(
        "--cluster", default="", metavar="tcp://host:port", help="train on the Dask cluster of this scheduler"
    )
    run.add_argument("--fresh", action="store_true", help="run all anew, and ignore what is there")
    add_reading(commands)
    add_getting(commands)
    add_audit(commands)
    add_systems(commands)
    return top


def names(text: str) -> list[str]:
    """Split at commas and blanks."""
    found = text.replace(",", " ").split()
    if not found:
        raise argparse.ArgumentTypeError("it names nothing; leave the option out for its default")
    return found


def numbers(text: str) -> list[int]:
    """Split at commas and blanks; every part is a whole number."""
    return [int(part) for part in names(text)]


def run_command(options: argparse.Namespace) -> int:
    """Run notebooks and say what was written."""
    from emostudy.study import run  # here, so that --help and corpora answer at once

    if options.cluster:
        from emostudy.workers import check

        check(options.cluster)
        os.environ["EMOSTUDY_CLUSTER"] = (
            options.cluster
        )  # kernels inherit it; it changes no number, so it is no parameter
    outcomes = run(
        options.corpus,
        options.profile,
        data_dir=options.data_dir,
        results_dir=options.results_dir,
        only=options.only,
        parameters=dict(parse_parameter(text) for text in options.parameters),
        protocols=options.protocols,
        seeds=options.seeds,
        device=options.device,
        jobs=options.jobs,
        fresh=options.fresh,
    )
    folder = results_root(options.results_dir) / options.corpus / options.profile
    print("\n".join(summary(outcomes, folder)))
    failures = [outcome for outcome in outcomes if outcome.state == "failed"]
    for outcome in failures:
        print(f"emostudy: {outcome.slug} failed in {outcome.note}", file=sys.stderr)
    return 1 if failures else 0


def summary(outcomes: Sequence, folder: Path) -> list[str]:
    """Lines: what became of each notebook, files written by kind, what to open next."""
    lines = ["", f"{'notebook':<22}{'state':<10}{'seconds':>8}"]
    for outcome in outcomes:
        seconds = f"{outcome.seconds:.0f}" if outcome.written else ""
        lines.append(f"{outcome.slug:<22}{outcome.state:<10}{seconds:>8}  {outcome.note}".rstrip())
    written = sorted({path for outcome in outcomes for path in outcome.written})
    lines += ["", f"files written under {os.path.relpath(folder)}: {len(written)}"]
    kinds = Counter(path.relative_to(folder).parts[0] for path in written)
    lines += [f"{number:>7}  {kind}" for kind, number in sorted(kinds.items())]
    copies = [path for path in written if path.suffix == ".ipynb"]
    failed = [path for path in copies if path.name.endswith(".failed.ipynb")]
    if copies:
        lines.append(f"open next: {os.path.relpath((failed or copies[-1:])[0])}")
    if outcomes and {outcome.state for outcome in outcomes} <= {"fresh", "left out"}:
        lines.append("nothing to do: all is fresh (`--fresh` runs it anyway)")
    return lines
