"""Records, comparisons, curves, tables and figures made again from committed predictions alone: no media, no training.

Every table and figure is made by one cell of one notebook. The cells tagged `records` need nothing but predictions and the clip
table; they are run here as they stand, with a lesson that only reads.
"""

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import nbformat
import pandas as pd
from tqdm import tqdm

from emostudy import predictions as preds
from emostudy import stamps
from emostudy.corpora.kept import reopen
from emostudy.graph import NOTEBOOKS
from emostudy.lesson import Lesson
from emostudy.parameters import SHARED
from emostudy.paths import ROOT
from emostudy.profiles import PROFILES
from emostudy.recipes import Recipe

NEEDED = ("parameters", "records")  # tags of the cells that are run


@dataclass(frozen=True)
class Reopened(Lesson):
    """A lesson on what an earlier run left behind: it reads its runs and trains nothing."""

    def train(self, recipes: tuple[Recipe, ...]) -> pd.DataFrame:
        """Predictions of these recipes that the notebook's stamp names."""
        names = {(recipe.name, "+".join(recipe.modalities) or "none") for recipe in recipes}
        run_ids = stamps.runs_of(self.folder, [self.slug])
        records = preds.read_records(self.folder, run_ids)
        return self._made(
            preds.read_runs(self.folder, [r["run_id"] for r in records if (r["recipe"], r["modalities"]) in names])
        )

    @property
    def fingerprint(self) -> str:
        """What the corpus was and held when it was kept."""
        return stamps.read(self.folder, self.slug)["corpus"]


def remake(folder: Path, notebooks_dir: Path = ROOT / "notebooks", only: tuple[str, ...] = ()) -> list[Path]:
    """Run the cells tagged `records` of every notebook that finished in a results folder; the files written.

    Raises:
        ValueError: nothing was run there, or a cell fails: the message names it.
    """
    matplotlib.use("Agg")
    found = stamps.read_all(folder)
    slugs = [notebook.slug for notebook in NOTEBOOKS if notebook.slug in found and (not only or notebook.slug in only)]
    if not slugs:
        raise ValueError(
            f"no finished notebook in {folder.parent.name}/{folder.name}: use `python -m emostudy run` first"
        )
    written = []
    for slug in tqdm(slugs, unit="notebook", leave=False):
        written += remake_one(folder, slug, notebooks_dir / f"{slug}.ipynb", found[slug].get("parameters", {}))
    return written


def remake_one(folder: Path, slug: str, source: Path, parameters: dict) -> list[Path]:
    """Run one notebook's tagged cells in this process, in a namespace of their own."""
    lesson = Reopened(slug, reopen(folder), PROFILES[folder.name], *_asked(parameters), folder)
    namespace = {}
    for number, cell in enumerate(nbformat.read(source, as_version=4).cells):
        tags = cell.metadata.get("tags", [])
        if set(tags) & set(NEEDED):
            try:
                exec(compile(cell.source, f"{slug}, cell {number}", "exec"), namespace)
            except Exception as error:
                raise ValueError(f"{slug}, cell {number}: {type(error).__name__}: {error}") from error
            namespace |= parameters if "parameters" in tags else {"begin": lambda *_: lesson}
    return lesson.kept


def _asked(parameters: dict) -> tuple:
    """Protocols, seeds, device and number of jobs of the run that left the stamp."""
    shared = SHARED | parameters
    return shared["protocols"], shared["seeds"], shared["device"], 1
