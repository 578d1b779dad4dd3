"""Running the study: what is asked for is checked first, then the notebooks run one after another."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from emostudy.graph import NOTEBOOKS, Notebook, lacking, select
from emostudy.parameters import SHARED, check_parameters, check_shared, usable_cores
from emostudy.paths import ROOT, cache_dir, results_root
from emostudy.paths import data_dir as data_dir_of
from emostudy.paths import results_dir as results_dir_of


@dataclass(frozen=True)
class Step:
    """A notebook that is to be run, and the parameters in which this run differs from its defaults."""

    notebook: Notebook
    source: Path
    parameters: dict


@dataclass(frozen=True)
class Outcome:
    """What became of a notebook: `done`, `failed`, `skipped` (after a failure), `left out`; its files."""

    slug: str
    state: str
    seconds: float = 0.0
    note: str = ""
    written: tuple[Path, ...] = ()


def run(
    corpus: str = "emosynth",
    profile: str = "class",
    *,
    data_dir: str = "",
    results_dir: str = "",
    only: Sequence[str] = (),
    parameters: dict | None = None,
    protocols: Sequence[str] = tuple(SHARED["protocols"]),
    seeds: Sequence[int] = (),
    device: str = "cpu",
    jobs: int | None = None,
    notebooks: tuple[Notebook, ...] = NOTEBOOKS,
    notebooks_dir: str | os.PathLike = ROOT / "notebooks",
) -> list[Outcome]:
    """Run the notebooks one after another; executed copies go to `results/<corpus>/<profile>/notebooks`.

    Args:
        only: numbers ("03") or slugs; empty for all. What they build on is not run again.
        parameters: further parameters; each goes to the notebooks that have it.
        seeds: empty for the profile's.
        jobs: processes inside a notebook; None for every core this process may use.

    Raises:
        ValueError: an unknown name or a wrong type; the message names the nearest valid ones.
        OSError: a missing notebook, or a results folder that cannot be written.
    """
    chosen = select(only, notebooks)
    shared = {
        "corpus": corpus,
        "data_dir": str(Path(data_dir).expanduser().resolve()) if data_dir else "",
        "profile": profile,
        "protocols": list(protocols),
        "seeds": list(seeds),
        "device": device,
        "jobs": usable_cores() if jobs is None else jobs,
        "results_dir": str(results_root(results_dir)) if results_dir else "",
    }
    check_shared(shared)
    steps, outcomes = plan(chosen, shared, parameters or {}, Path(notebooks_dir).resolve())
    folder = results_dir_of(results_dir, corpus, profile) / "notebooks"
    folder.mkdir(exist_ok=True)
    named = {data_dir_of(data_dir): "data", results_root(results_dir): "results", cache_dir(): "cache"}
    outcomes = outcomes + run_steps(steps, folder, {str(path): name for path, name in named.items() if path})
    order = [notebook.slug for notebook in chosen]
    return sorted(outcomes, key=lambda outcome: order.index(outcome.slug))


def plan(
    notebooks: tuple[Notebook, ...], shared: dict, parameters: dict, folder: Path
) -> tuple[list[Step], list[Outcome]]:
    """What is to be run, with which parameters, and what is left out for this corpus. Nothing is run yet."""
    from emostudy.corpora import card
    from emostudy.execution import defaults

    modalities = card(shared["corpus"])["modalities"]
    reasons = {notebook.slug: lacking(notebook, modalities) for notebook in notebooks}
    left_out = [Outcome(slug, "left out", note=reason) for slug, reason in reasons.items() if reason]
    runnable = [notebook for notebook in notebooks if not reasons[notebook.slug]]
    if not runnable:
        raise ValueError(f"nothing to run: {left_out[0].slug} {left_out[0].note}")
    found = {notebook.slug: defaults(source_of(notebook, folder)) for notebook in runnable}
    check_parameters(parameters, found)
    steps = []
    for notebook in runnable:
        known, asked = found[notebook.slug], shared | parameters
        differing = {name: asked[name] for name in asked if name in known and asked[name] != known[name]}
        steps.append(Step(notebook, source_of(notebook, folder), differing))
    return steps, left_out


def source_of(notebook: Notebook, folder: Path) -> Path:
    """The notebook's file. FileNotFoundError if it is not there."""
    path = folder / f"{notebook.slug}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(f"no notebook {path.name} in {os.path.relpath(folder)}; get it back with git")
    return path


def run_steps(steps: list[Step], folder: Path, replacements: dict[str, str]) -> list[Outcome]:
    """Run the notebooks in order; what builds on a failed one is skipped."""
    outcomes: dict[str, Outcome] = {}
    with tqdm(total=len(steps), unit="notebook", disable=None) as bar:
        for number, step in enumerate(steps, 1):
            slug = step.notebook.slug
            outcome = skipped(step, outcomes)
            if outcome is None:
                with ticking(bar, slug):
                    outcome = run_step(step, folder, replacements)
            outcomes[slug] = outcome
            bar.update()
            took = f" in {outcome.seconds:.0f} s" if outcome.seconds else ""
            bar.write(f"[{number}/{len(steps)}] {slug}: {outcome.state}{took} {outcome.note}".rstrip())
    return list(outcomes.values())


def skipped(step: Step, outcomes: dict[str, Outcome]) -> Outcome | None:
    """The outcome of a notebook that builds on one that was not done; None if nothing is in its way."""
    for name in step.notebook.after:
        if name in outcomes and outcomes[name].state != "done":
            return Outcome(step.notebook.slug, "skipped", note=f"builds on {name} ({outcomes[name].state})")
    return None


def run_step(step: Step, folder: Path, replacements: dict[str, str]) -> Outcome:
    """Run one notebook and time it."""
    from emostudy.execution import execute

    slug, started = step.notebook.slug, time.perf_counter()
    before, bar = stamps(folder.parent), {"desc": slug, "position": 1}
    error = execute(step.source, folder / f"{slug}.ipynb", step.parameters, replacements, bar)
    seconds, after = time.perf_counter() - started, stamps(folder.parent)
    written = tuple(path for path, stamp in after.items() if stamp != before.get(path))
    return Outcome(slug, "failed" if error else "done", seconds, error, written)


def stamps(folder: Path) -> dict[Path, int]:
    """Every file under the folder, but those half written, and when it was last written (ns)."""
    found = {}
    for path in sorted(folder.rglob("[!.]*")):
        with suppress(FileNotFoundError):  # another run may have replaced it
            if path.is_file():
                found[path] = path.stat().st_mtime_ns
    return found


@contextmanager
def ticking(bar: tqdm, name: str, every: float = 1.0) -> Iterator[None]:
    """Keep the bar's clock going, in seconds since the notebook started: one cell may train for minutes."""
    started, stop = time.perf_counter(), threading.Event()

    def tick() -> None:
        while not stop.wait(every):
            bar.set_description(f"{name} {time.perf_counter() - started:.0f} s")

    bar.set_description(name)
    thread = threading.Thread(target=tick, daemon=True)
    if bar.disable:
        bar.write(f"{name} ...")
    else:
        thread.start()
    try:
        yield
    finally:
        stop.set()
