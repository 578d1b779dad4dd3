"""Running the study: what is asked for is checked first, then what is not fresh runs, one notebook after another."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from emostudy.graph import NOTEBOOKS, Notebook, ancestors, left_out, select
from emostudy.locks import alone
from emostudy.parameters import SHARED, check_parameters, check_shared, injected_protocols, protocols_of, usable_cores
from emostudy.paths import ROOT, cache_dir, results_root
from emostudy.paths import data_dir as data_dir_of
from emostudy.paths import results_dir as results_dir_of
from emostudy.steps import Outcome, Step, run_steps


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
    fresh: bool = False,
    notebooks: tuple[Notebook, ...] = NOTEBOOKS,
    notebooks_dir: str | os.PathLike = ROOT / "notebooks",
) -> list[Outcome]:
    """Run the notebooks one after another; executed copies go to `results/<corpus>/<profile>/notebooks`.

    Args:
        only: numbers ("03") or slugs; empty for all. What they build on is not run again.
        parameters: further parameters; each goes to the notebooks that have it.
        protocols: empty for those of the corpus' card.
        seeds: empty for the profile's.
        jobs: processes inside a notebook; None for every core this process may use.
        fresh: run all of them, and ignore features and runs that are there.

    Raises:
        ValueError: an unknown name or a wrong type; the message names the nearest valid ones.
        OSError: a missing notebook, or a results folder that cannot be written.
    """
    chosen = select(only, notebooks)
    shared = {
        "corpus": corpus,
        "data_dir": str(data_dir_of(data_dir)) if data_dir else "",
        "profile": profile,
        "protocols": list(protocols),
        "seeds": list(seeds),
        "device": device,
        "jobs": usable_cores() if jobs is None else jobs,
        "results_dir": str(results_root(results_dir)) if results_dir else "",
    }
    check_shared(shared)
    shared["protocols"] = injected_protocols(corpus, protocols)
    steps, outcomes = plan(chosen, shared, parameters or {}, Path(notebooks_dir).resolve(), notebooks)
    folder = results_dir_of(results_dir, corpus, profile) / "notebooks"
    folder.mkdir(exist_ok=True)
    current = cache(lambda: fingerprint(corpus, data_dir, profile, folder.parent))
    named = {data_dir_of(data_dir): "data", results_root(results_dir): "results", cache_dir(): "cache"}
    replacements = {str(path): name for path, name in named.items() if path}
    with alone(folder.parent), since(folder.parent / ".fresh", fresh):
        outcomes = outcomes + run_steps(steps, folder, replacements, current)
        if not {outcome.state for outcome in outcomes} & {"failed", "skipped"}:
            (folder.parent / ".fresh").unlink(missing_ok=True)
    order = [notebook.slug for notebook in chosen]
    return sorted(outcomes, key=lambda outcome: order.index(outcome.slug))


def fingerprint(corpus: str, data_dir: str, profile: str, folder: Path) -> str:
    """What the corpus is and holds now, as a hash; EmoSynth is made if it is not there, and the kept clip table if it is lost."""
    from emostudy.corpora import load
    from emostudy.corpora.kept import keep

    opened = load(corpus, data_dir or None, profile)
    keep(opened, folder)
    return opened.fingerprint()


@contextmanager
def since(note: Path, fresh: bool) -> Iterator[None]:
    """With `fresh`, nothing that was written before this moment is read back, here or in a kernel (`paths.is_kept`).

    The moment stays noted in a file until all that was asked for is done: what a killed `--fresh` left to do, the next run does.
    """
    if fresh:
        note.write_text(str(time.time()))
    if not note.is_file():
        yield
        return
    os.environ["EMOSTUDY_SINCE"] = note.read_text()
    try:
        yield
    finally:
        del os.environ["EMOSTUDY_SINCE"]


def plan(
    notebooks: tuple[Notebook, ...],
    shared: dict,
    parameters: dict,
    folder: Path,
    graph: tuple[Notebook, ...] = NOTEBOOKS,
) -> tuple[list[Step], list[Outcome]]:
    """What is to be run, with which parameters, and what is left out for this corpus. Nothing is run yet."""
    from emostudy.execution import defaults

    reasons = left_out(notebooks, *what_is_here(shared), shared["corpus"], graph=graph)
    omitted = [Outcome(slug, "left out", note=reason) for slug, reason in reasons.items() if reason]
    runnable = [notebook for notebook in notebooks if not reasons[notebook.slug]]
    if not runnable:
        raise ValueError(f"nothing to run: {omitted[0].slug} {omitted[0].note}")
    found = {notebook.slug: defaults(source_of(notebook, folder)) for notebook in runnable}
    check_parameters(parameters, found)
    steps = []
    for notebook in runnable:
        known, asked = found[notebook.slug], shared | parameters
        differing = {name: asked[name] for name in asked if name in known and asked[name] != known[name]}
        before = tuple(ancestors(notebook.slug, graph))
        steps.append(Step(notebook, source_of(notebook, folder), differing, shared["corpus"], before))
    return steps, omitted


def what_is_here(shared: dict) -> tuple[tuple[str, ...], str, bool]:
    """The modalities of which media are here (MELD's csv files alone are texts), why the corpus cannot be split as asked, and whether
    a clip may have several labels.

    Of a corpus that is still to be made, what its card says.
    """
    from emostudy.corpora import card, is_ready, load
    from emostudy.profiles import PROFILES
    from emostudy.protocols import splits

    place = (shared["data_dir"] or None, shared["profile"])
    several = bool(card(shared["corpus"]).get("multi_label"))
    if not is_ready(shared["corpus"], *place):
        return tuple(card(shared["corpus"])["modalities"]), "", several
    corpus = load(shared["corpus"], *place)
    try:
        for protocol in protocols_of(shared["corpus"], shared["protocols"]):
            splits(corpus, protocol, PROFILES[shared["profile"]].folds)
    except ValueError as error:
        return corpus.modalities, str(error), several
    return corpus.modalities, "", several


def source_of(notebook: Notebook, folder: Path) -> Path:
    """The notebook's file. FileNotFoundError if it is not there."""
    path = folder / f"{notebook.slug}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(f"no notebook {path.name} in {os.path.relpath(folder)}; get it back with git")
    return path
