"""The notebooks one after another: what is fresh stays, what builds on a failed one is skipped, the rest runs and is timed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from emostudy import freshness, stamps
from emostudy.graph import Notebook


@dataclass(frozen=True)
class Step:
    """A notebook, the slugs of those it builds on, and the parameters in which this run differs from its defaults."""

    notebook: Notebook
    source: Path
    parameters: dict
    corpus: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a notebook: `done`, `fresh`, `failed`, `skipped` (after a failure), `left out`; its files."""

    slug: str
    state: str
    seconds: float = 0.0
    note: str = ""
    written: tuple[Path, ...] = ()


def run_steps(
    steps: list[Step], folder: Path, replacements: dict[str, str], current: Callable[[], str]
) -> list[Outcome]:
    """Run the notebooks in order; what builds on a failed one is skipped, and what is fresh stays as it is.

    Args:
        current: gives the corpus' fingerprint as it is now.
    """
    outcomes: dict[str, Outcome] = {}
    with tqdm(total=len(steps), unit="notebook", disable=None) as bar:
        for number, step in enumerate(steps, 1):
            slug = step.notebook.slug
            outcome = skipped(step, outcomes)
            if outcome is None and not why(step, folder.parent, current):
                outcome = Outcome(slug, "fresh")
            if outcome is None:
                with ticking(bar, slug):
                    outcome = run_step(step, folder, replacements)
            outcomes[slug] = outcome
            bar.update()
            took = f" in {outcome.seconds:.0f} s" if outcome.seconds else ""
            bar.write(f"[{number}/{len(steps)}] {slug}: {outcome.state}{took} {outcome.note}".rstrip())
    return list(outcomes.values())


def why(step: Step, folder: Path, current: Callable[[], str]) -> list[str]:
    """Why a notebook has to be run; nothing if it is fresh."""
    now = freshness.ingredients(step.source, step.parameters, step.corpus)
    return freshness.reasons(folder, step.notebook, now, step.before, current)


def skipped(step: Step, outcomes: dict[str, Outcome]) -> Outcome | None:
    """The outcome of a notebook that builds on one that was not done; None if nothing is in its way."""
    for name in step.notebook.after:
        if name in outcomes and outcomes[name].state not in ("done", "fresh"):
            return Outcome(step.notebook.slug, "skipped", note=f"builds on {name} ({outcomes[name].state})")
    return None


def run_step(step: Step, folder: Path, replacements: dict[str, str]) -> Outcome:
    """Run one notebook and time it."""
    from emostudy.execution import execute

    slug, started = step.notebook.slug, time.perf_counter()
    before, bar = written_at(folder.parent), {"desc": slug, "position": 1}
    now = freshness.ingredients(step.source, step.parameters, step.corpus)
    error = execute(step.source, folder / f"{slug}.ipynb", step.parameters, replacements, bar)
    if not error:
        complete(folder.parent, slug, now)
    seconds, after = time.perf_counter() - started, written_at(folder.parent)
    written = tuple(path for path, stamp in after.items() if stamp != before.get(path))
    return Outcome(slug, "failed" if error else "done", seconds, error, written)


def complete(folder: Path, slug: str, now: dict) -> None:
    """Add to the stamp that the notebook has just left what it was made from."""
    stamp = stamps.read(folder, slug)
    if stamp is not None and "source" not in stamp:  # else it is an older one: this notebook leaves none
        copy = stamps.hashes(folder, [folder / "notebooks" / f"{slug}.ipynb"])
        used = {*stamp["runs"], *stamp["reads"]}
        seen = stamps.hashes(folder, [folder / "predictions" / f"{run_id}.parquet" for run_id in used])
        stamps.write(folder, slug, stamp | now | {"copy": copy, "predictions": seen})


def written_at(folder: Path) -> dict[Path, int]:
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
