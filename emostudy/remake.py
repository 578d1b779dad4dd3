"""Records, comparisons, curves, tables and figures made again from committed predictions alone: no media, no training.

Every table and figure is made by one cell of one notebook. The cells tagged `records` need nothing but predictions and the clip
table; they are run here as they stand, with a lesson that only reads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import nbformat
import pandas as pd
from tqdm import tqdm

from emostudy import predictions as preds
from emostudy import stamps
from emostudy.corpora.kept import fingerprint_of, reopen
from emostudy.corruptions import Corruption
from emostudy.graph import NOTEBOOKS
from emostudy.lesson import Lesson
from emostudy.means_of_runs import with_members
from emostudy.parameters import SHARED, protocols_of
from emostudy.paths import ROOT
from emostudy.profiles import PROFILES
from emostudy.recipes import Recipe
from emostudy.recipes.decision import Rule

NEEDED = ("parameters", "records")  # tags of the cells that are run


@dataclass(frozen=True)
class Reopened(Lesson):
    """A lesson on what an earlier run left behind: it reads its runs and trains nothing."""

    def train(
        self, recipes: tuple[Recipe, ...], condition: str = "none", protocols: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Predictions of these recipes under this condition that the notebook's stamp names."""
        return self._trained(recipes, condition, lambda record: True)

    def ablate(self, recipes: tuple[Recipe, ...], condition: str, cut: Callable | None = None) -> pd.DataFrame:
        """As `train`, of the honest protocol."""
        return self._trained(recipes, condition, lambda record: record["protocol"] == self.protocols[-1])

    def _trained(self, recipes: tuple[Recipe, ...], condition: str, asked: Callable[[dict], bool]) -> pd.DataFrame:
        names = {(one.name, "+".join(one.modalities) or "none", condition) for one in with_members(recipes)}
        return self._left(lambda one: (one["recipe"], one["modalities"], one["condition"]) in names and asked(one))

    def spoil(self, recipes: tuple[Recipe, ...], corruptions: tuple[Corruption, ...], keep_train=False) -> pd.DataFrame:
        """Predictions of these heads under all conditions, of the runs that the notebook's stamp names."""
        names = {(recipe.name, "+".join(recipe.modalities)) for recipe in recipes}
        corrupted = [{"corrupted"}, {"with train"}][keep_train]
        return self._left(lambda one: (one["recipe"], one["modalities"]) in names and one["condition"] in corrupted)

    def fuse(self, predictions: pd.DataFrame, rules: tuple[Rule, ...]) -> pd.DataFrame:
        """Predictions of these rules that the notebook's stamp names: nothing is fused anew, or no stamp would claim it."""
        names = {rule.name for rule in rules}
        return self._left(lambda record: record["recipe"] in names)

    def _left(self, asked: Callable[[dict], bool]) -> pd.DataFrame:
        records = preds.read_records(self.folder, stamps.runs_of(self.folder, [self.slug]))
        return self._made(preds.read_runs(self.folder, [one["run_id"] for one in records if asked(one)]))

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
    lesson = Reopened(slug, reopen(folder), PROFILES[folder.name], *_asked(folder, parameters), folder)
    if lesson.fingerprint != fingerprint_of(folder):
        raise ValueError(f"{slug} ran on another version of the corpus than clips.csv holds: run it again")
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


def _asked(folder: Path, parameters: dict) -> tuple:
    """Protocols, seeds, device and number of jobs of the run that left the stamp."""
    shared = SHARED | parameters
    return protocols_of(folder.parent.name, shared["protocols"]), shared["seeds"], shared["device"], 1
