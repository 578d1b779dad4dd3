"""What every notebook does at its start and end: open a corpus, train, keep a table or a figure, check the promised files."""

import importlib.metadata
import platform
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib.figure import Figure
from torch import nn

from emostudy import bounds, experiments, figures, records, tables
from emostudy import predictions as preds
from emostudy.corpora import cards, load
from emostudy.corpora.corpus import Corpus
from emostudy.parameters import check_name
from emostudy.paths import results_dir as results_dir_of
from emostudy.profiles import PROFILES, Profile
from emostudy.recipes import Recipe

SHOWN = ("torch", "transformers", "librosa", "scikit-learn", "pandas")


@dataclass(frozen=True)
class Lesson:
    """A notebook at work: its corpus, its settings, and the results folder `results/<corpus>/<profile>`."""

    slug: str
    corpus: Corpus
    profile: Profile
    protocols: list[str]
    seeds: list[int]
    device: str
    jobs: int
    folder: Path
    kept: list[Path] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The notebook's number, which begins the name of each of its tables and figures."""
        return self.slug.partition("_")[0]

    def train(self, recipes: tuple[Recipe, ...]) -> pd.DataFrame:
        """Predictions of these recipes under every protocol, fold and seed; what was trained before is read back."""
        return experiments.run(
            *(self.corpus, recipes, self.protocols, self.profile, self.folder),
            **{"seeds": self.seeds, "jobs": self.jobs, "device": self.device},
        )

    def predictions(self) -> pd.DataFrame:
        """All predictions in the results folder, of every notebook."""
        return preds.read_all(self.folder)

    def unimodal(self) -> pd.DataFrame:
        """Predictions of unimodal recipes and reference lines under this notebook's protocols, from the results folder."""
        rows = self.joined(self.predictions())
        return rows[~rows.modalities.str.contains("+", regex=False)]

    def joined(self, *frames: pd.DataFrame) -> pd.DataFrame:
        """Predictions one below the other, of this notebook's protocols alone."""
        rows = pd.concat(frames, ignore_index=True)
        return rows[rows.protocol.isin(self.protocols)]

    def gaps(self, predictions: pd.DataFrame, adjusted: dict[str, float], protocol: str) -> pd.DataFrame:
        """Per set of modalities ceiling, adjusted ceiling and what its recipe, the best on dev, reached."""
        chosen = records.best_of_each(predictions, self.corpus, protocol)
        table = tables.gaps(self.score(predictions), chosen, bounds.ceilings(self.corpus), adjusted, protocol)
        self.table(table, "ceilings", "Where the way to the ceiling is lost")
        return table

    def score(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Records of test predictions: one row per system, emotion and metric, with intervals."""
        return records.score(predictions, self.corpus)

    @property
    def titles(self) -> dict[str, str]:
        """How tables and figures call the recipes."""
        return records.titles(self.folder)

    def results(self, predictions: pd.DataFrame, name: str, caption: str, metric: str = "UAR") -> pd.DataFrame:
        """Write the table of all systems, protocols side by side, and give it back worded."""
        scored = self.score(predictions)
        shown = tables.side_by_side(scored, metric, self.titles)
        note = tables.note(scored, self.corpus.card["cluster"])
        return self.table(tables.results_table(scored, titles=self.titles), name, caption, shown, note)

    def per_class(self, predictions: pd.DataFrame, recipe: str, name: str, caption: str) -> pd.DataFrame:
        """Write the table of one unimodal recipe's precision, recall, F1 and AUROC per emotion."""
        scored = self.score(predictions[predictions.recipe == recipe])
        shown = tables.per_class(scored, recipe, scored.modalities.iloc[0])
        rows = scored[(scored.emotion != "all")]
        return self.table(rows, name, caption, shown, tables.note(scored, self.corpus.card["cluster"]))

    def table(self, numbers: pd.DataFrame, name: str, caption: str, shown=None, note: str = "") -> pd.DataFrame:
        """Write a table as csv, md and tex, and give back how it is shown."""
        self.kept.extend(tables.save(numbers, self.folder, f"{self.number}_{name}", caption, shown, note))
        worded = numbers if shown is None else shown
        return worded.set_index(list(worded.columns[:2]))

    def figure(self, figure: Figure, name: str, alt: str) -> "Picture":
        """Write a figure as png, svg and pdf with its alt text, and give it back to be shown."""
        paths = figures.save(figure, self.folder, f"{self.number}_{name}", alt)
        plt.close(figure)  # or the notebook would show it a second time
        self.kept.extend(paths)
        return Picture(next(path for path in paths if path.suffix == ".png"), alt)

    def finish(self, *promised: str) -> Markdown:
        """Check that the promised files are there and not empty, and list them.

        Raises:
            ValueError: one is missing.
        """
        kept = {f"{path.parent.name}/{path.stem}" for path in self.kept}
        missing = [name for name in promised if name not in kept and not (self.folder / name).is_file()]
        empty = [path.name for path in self.kept if not path.stat().st_size]
        if missing or empty:
            raise ValueError(
                f"{self.slug} promised {(missing + empty)[0]} but did not write it; run all its cells in order"
            )
        names = sorted({f"{path.parent.name}/{path.stem}" for path in self.kept})
        where = f"results/{self.folder.parent.name}/{self.folder.name}"
        return Markdown(f"**Written to** `{where}`: " + (", ".join(f"`{name}`" for name in names) or "nothing"))


@dataclass(frozen=True)
class Picture:
    """A figure on the page, with its alt text."""

    path: Path
    alt: str
    width: int = 720

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        data = {"image/png": self.path.read_bytes(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt, "width": self.width}}


def begin(slug, corpus, data_dir, profile, protocols, seeds, device, jobs, results_dir) -> Lesson:
    """Open the corpus and the results folder of a notebook. The arguments are the parameters that all notebooks share."""
    check_name("corpus", corpus, cards())
    check_name("profile", profile, PROFILES)
    folder = results_dir_of(results_dir or None, corpus, profile)
    opened = load(corpus, data_dir or None, profile)
    return Lesson(
        slug, opened, PROFILES[profile], protocols, seeds or list(PROFILES[profile].seeds), device, jobs, folder
    )


def frame(rows) -> pd.DataFrame:
    """A small table to be shown: one dictionary per row, the first column as its index."""
    table = pd.DataFrame(list(rows))
    return table.set_index(table.columns[0])


def layers(model: nn.Module, shape: tuple[int, ...]) -> pd.DataFrame:
    """A network's layers for one example of this shape: what comes out of each, and its parameters."""
    rows, hooks = [], []
    for name, module in model.named_modules():
        if not list(module.children()):
            hooks.append(module.register_forward_hook(lambda m, _, out, name=name: rows.append(_layer(name, m, out))))
    model.eval()(torch.zeros(1, *shape))
    for hook in hooks:
        hook.remove()
    total = sum(parameter.numel() for parameter in model.parameters())
    return frame([*rows, {"layer": "all", "what": type(model).__name__, "output": "", "parameters": total}])


def _layer(name: str, module: nn.Module, output) -> dict:
    output = output[0] if isinstance(output, tuple) else output
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return {
        "layer": name,
        "what": type(module).__name__,
        "output": " x ".join(map(str, output.shape[1:])),
        "parameters": parameters,
    }


def versions() -> Markdown:
    """Versions of Python and the libraries that compute the results, as a line."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in SHOWN]
    return Markdown(f"Python {platform.python_version()}, " + ", ".join(found))
