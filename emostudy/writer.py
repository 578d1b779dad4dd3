"""How every notebook writes: tables and figures under its number, all worded alike, with the sample and its limits below."""

from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from emostudy import figures, records, sizes, stamps, tables, variance
from emostudy.corpora.corpus import Corpus
from emostudy.graph import ancestors
from emostudy.profiles import Profile
from emostudy.recipes.registry import KINDS, every
from emostudy.scores import score
from emostudy.shown import Picture
from emostudy.wording import enough, metric_title, not_drawn, protocol_title


@dataclass(frozen=True)
class Writer:
    """A notebook's settings, and what it writes into its results folder `results/<corpus>/<profile>`."""

    slug: str
    corpus: Corpus
    profile: Profile
    protocols: list[str]  # the honest one last
    seeds: list[int]
    device: str
    jobs: int
    folder: Path
    kept: list[Path] = field(default_factory=list)  # files written,
    made: list[str] = field(default_factory=list)  # runs trained or fused,
    read: list[str] = field(default_factory=list)  # and runs of other notebooks that were used,
    around: dict[str, str] = field(default_factory=dict)  # and what else was looked at: of `stamps.around`

    @property
    def number(self) -> str:
        """The notebook's number, which begins the name of each of its tables and figures."""
        return self.slug.partition("_")[0]

    @property
    def metric(self) -> str:
        """What systems are judged by, as the corpus' card says."""
        return self.corpus.card["metric"]

    @property
    def cluster(self) -> str:
        """What intervals and tests resample, as the corpus' card says."""
        return self.corpus.card["cluster"]

    def score(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Records of test predictions: one row per system, emotion and metric, with intervals."""
        return score(predictions, self.corpus)

    @property
    def titles(self) -> dict[str, str]:
        """How tables and figures call the recipes."""
        run_ids = sorted({*self.made, *self.read}) or stamps.runs_of(self.folder, [*ancestors(self.slug), self.slug])
        return records.titles(self.folder, run_ids)

    def results(
        self, predictions: pd.DataFrame, name: str, caption: str, metric: str = "", sized: bool = False
    ) -> pd.DataFrame:
        """Write the table of all systems, protocols side by side, and give it back worded.

        Args:
            metric: if not the card's.
            sized: with the number of parameters of each, and what it reads.
        """
        scored, metric = self.score(predictions), metric or self.metric
        shown = tables.side_by_side(scored, metric, self.titles)
        seeds = variance.between_seeds(predictions, self.corpus, metric, self.titles)
        table, caption = tables.results_table(scored, titles=self.titles), f"{caption}, {metric_title(metric)}"
        if sized:
            known = sizes.of_systems(self.folder, sorted(predictions.run_id.unique()))
            table, shown = table.merge(known, "left", sizes.KEYS), sizes.beside(shown, scored, metric, known)
        without = not_drawn(enough(scored)[1], "Without a fall")
        note = tables.note(scored, self.cluster) + without + seeds + self.flattered
        return self.table(table, name, caption, shown, note)

    def note(self, scored: pd.DataFrame) -> str:
        """What stands under a table of scores: what the brackets are, the sample, and whose settings have seen test clips."""
        return tables.note(scored, self.cluster) + self.flattered

    @property
    def flattered(self) -> str:
        """What stands under tables on a corpus of which some settings are known to have seen test clips."""
        systems = {name: recipe.title for kind in KINDS for name, recipe in every(kind).items()}
        seen = [systems[name] for name in self.corpus.card.get("flattered_systems", [])]
        if not seen:
            return ""
        return (
            f" The settings of {', '.join(seen)}, or the features they read, were found with a look at test clips of this corpus: their "
            "scores, and those of what is fused from them or learns with their settings (all heads of 06), are flattered."
        )

    def conditions(self, predictions: pd.DataFrame, name: str, caption: str) -> pd.DataFrame:
        """Write the table of recipes as they are beside themselves under other conditions, and give it back worded."""
        scored = self.score(predictions)
        shown = tables.by_condition(scored, self.protocols[-1], self.titles, self.metric)
        caption = f"{caption}, {protocol_title(self.protocols[-1])}, {metric_title(self.metric)}"
        table = tables.results_table(scored, (self.metric,), self.titles)
        return self.table(table, name, caption, shown, self.note(scored))

    def comparisons(
        self, compared: pd.DataFrame, name: str, caption: str, titles: dict[str, str] | None = None
    ) -> pd.DataFrame:
        """Write the table of paired comparisons of `records.compare_with` and its like, and give it back worded.

        Args:
            titles: where recipes are called otherwise than their runs say.
        """
        note = tables.comparisons_note(compared, self.cluster) + self.flattered
        shown = tables.comparisons_table(compared, self.titles | (titles or {}))
        return self.table(compared, name, caption, shown, note)

    def per_class(self, predictions: pd.DataFrame, recipe: str, name: str, caption: str) -> pd.DataFrame:
        """Write the table of one unimodal recipe's precision, recall, F1 and AUROC per emotion."""
        scored = self.score(predictions[predictions.recipe == recipe])
        shown = tables.per_class(scored, recipe, scored.modalities.iloc[0])
        rows, (large, small) = scored[(scored.emotion != "all")], enough(scored)
        return self.table(rows, name, caption, shown, self.note(large) + not_drawn(small, "Not shown"))

    def table(self, numbers: pd.DataFrame, name: str, caption: str, shown=None, note: str = "") -> pd.DataFrame:
        """Write a table as csv, md and tex, and give back how it is shown."""
        self.kept.extend(tables.save(numbers, self.folder, f"{self.number}_{name}", caption, shown, note))
        worded = numbers if shown is None else shown
        return worded.set_index(list(worded.columns[:2]))

    def figure(self, figure: Figure, name: str, alt: str) -> Picture:
        """Write a figure as png, svg and pdf with its alt text, and give it back to be shown."""
        paths = figures.save(figure, self.folder, f"{self.number}_{name}", alt)
        plt.close(figure)  # or the notebook would show it a second time
        self.kept.extend(paths)
        return Picture(next(path for path in paths if path.suffix == ".png"), alt)
