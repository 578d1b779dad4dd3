"""What every notebook does at its start and end: open a corpus, train, keep a table or a figure, check the promised files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure

from emostudy import costly, experiments, figures, fusing, records, robustness, sizes, stamps, tables, variance
from emostudy import predictions as preds
from emostudy.claimed import Asked as Asked  # so that notebooks import one module
from emostudy.claims import IN_THEIR_WAY
from emostudy.corpora import load, names
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.kept import keep
from emostudy.corruptions import Corruption
from emostudy.graph import ancestors
from emostudy.parameters import check_name, protocols_of
from emostudy.paths import results_dir as results_dir_of
from emostudy.profiles import PROFILES, Profile
from emostudy.recipes import Recipe
from emostudy.recipes.decision import Rule
from emostudy.recipes.registry import KINDS, OPTIONAL, every
from emostudy.shown import Picture
from emostudy.shown import frame as frame
from emostudy.shown import layers as layers
from emostudy.shown import versions as versions
from emostudy.wording import enough, metric_title, not_drawn, protocol_title


@dataclass(frozen=True)
class Lesson:
    """A notebook at work: its corpus, its settings, and the results folder `results/<corpus>/<profile>`."""

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

    def asked(self, modality: str, systems: list[str]) -> list[str]:
        """Names of further systems: those asked for, and at a profile with `further` those that the corpus' card names."""
        named = self.corpus.card.get("further_systems", {}) if self.profile.further else {}
        return [*named.get(modality, []), *systems]

    def train(
        self, recipes: tuple[Recipe, ...], condition: str = "none", protocols: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Predictions of these recipes under every protocol, fold and seed; what was trained before is read back.

        Those that the corpus' card calls `costly` are trained under the last protocol alone; of a mean its members stand beside it.

        Args:
            condition: what an ablation changed in them; only "none" takes part in fusion and in the usual tables.
            protocols: if not the lesson's.
        """
        how = {"seeds": self.seeds, "jobs": self.jobs, "device": self.device, "condition": condition}
        found = [
            experiments.run(self.corpus, some, where, self.profile, self.folder, **how)
            for some, where in costly.apart(recipes, self.corpus, list(protocols) or self.protocols)
        ]
        rows = pd.concat(found, ignore_index=True)
        return self._made(rows.drop_duplicates(["run_id", "part", "clip_id"], ignore_index=True))

    def ablate(self, recipes: tuple[Recipe, ...], condition: str, cut: Callable | None = None) -> pd.DataFrame:
        """Predictions of these recipes under the honest protocol alone, under a condition's name; `cut` as of `experiments.run`."""
        study = (self.corpus, recipes, self.protocols[-1:], self.profile, self.folder)
        how = {"seeds": self.seeds, "jobs": self.jobs, "device": self.device, "condition": condition, "cut": cut}
        return self._made(experiments.run(*study, **how))

    def spoil(self, recipes: tuple[Recipe, ...], corruptions: tuple[Corruption, ...], keep_train=False) -> pd.DataFrame:
        """Predictions of these heads, trained once each, on test clips as they are and after each corruption.

        In all folds, or at a profile with `further` in as many as the corpus' card says under `spoilt_folds`.

        Args:
            keep_train: what they say of their training clips too.
        """
        few = self.corpus.card.get("spoilt_folds") if self.profile.further and corruptions else None
        profile = replace(self.profile, folds=self.profile.folds[:few])
        study = (self.corpus, recipes, corruptions, self.protocols[-1:], profile, self.folder)
        return self._made(robustness.run(*study, seeds=self.seeds, jobs=self.jobs, keep_train=keep_train))

    def fuse(self, predictions: pd.DataFrame, rules: tuple[Rule, ...]) -> pd.DataFrame:
        """Predictions of every rule on every set of modalities, from those of unimodal recipes; no rule, none."""
        if not rules:
            return predictions[:0]
        return self._made(fusing.fuse(predictions, rules, self.corpus.emotions, self.folder, self.fingerprint))

    def _made(self, predictions: pd.DataFrame) -> pd.DataFrame:
        self.made.extend(run_id for run_id in predictions.run_id.unique() if run_id not in self.made)
        return preds.with_cluster(predictions, self.corpus)

    def predictions(self) -> pd.DataFrame:
        """All predictions of this notebook and of those it builds on, less those in their authors' own way (`their_way`).

        Raises:
            ValueError: there are none, or they were made on another version of the corpus.
        """
        before = ancestors(self.slug)
        for slug in before:
            stamp = stamps.read(self.folder, slug)
            if stamp and stamp["runs"] and stamp["corpus"] != self.fingerprint:
                raise ValueError(
                    f"{slug} ran on another version of {self.corpus.name}: run it again before {self.slug}"
                )
        self.read[:] = stamps.runs_of(self.folder, before)
        own = [one for one in stamps.runs_of(self.folder, [self.slug]) if preds.is_finished(self.folder, one)]
        run_ids = list(dict.fromkeys([*self.read, *(self.made or own)]))
        if not run_ids:
            raise ValueError(f"no finished run to read: run {' and '.join(before) or self.slug} to the last cell first")
        rows = preds.with_cluster(preds.read_runs(self.folder, run_ids), self.corpus)
        return rows[rows.condition != IN_THEIR_WAY].reset_index(drop=True)

    def everywhere(self) -> Path:
        """The results of all corpora, less runs cut short; this notebook is to be run anew when they have changed."""
        self.around.update(stamps.around(self.folder))
        return self.folder.parents[1]

    @property
    def fingerprint(self) -> str:
        """What the corpus is and holds, as a hash."""
        return self.corpus.fingerprint()

    def rebuild(self, predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Write records, comparisons and curves of all these predictions, and give them back.

        The records are also of what ran in its authors' own way, which claims are judged by.
        """
        self.kept.extend(self.folder / f"{name}.csv" for name in ("records", "comparisons", "curves"))
        theirs = [one for one in preds.read_records(self.folder, self.read) if one["condition"] == IN_THEIR_WAY]
        beside = preds.read_runs(self.folder, [one["run_id"] for one in theirs])
        return records.rebuild(self.folder, self.corpus, predictions, beside)

    def unimodal(self) -> pd.DataFrame:
        """Predictions of unimodal recipes and reference lines under this notebook's protocols, from the results folder.

        Less those of systems that need a further package, for whether it is installed must not decide who speaks in fusion; and less
        costly ones, which not every protocol has.
        """
        rows, left_out = self.joined(self.predictions()), {*OPTIONAL, *self.corpus.card.get("costly", [])}
        return rows[~rows.modalities.str.contains("+", regex=False) & ~rows.recipe.isin(left_out)]

    def joined(self, *frames: pd.DataFrame) -> pd.DataFrame:
        """Predictions one below the other, of this notebook's protocols and without ablations."""
        rows = pd.concat(frames, ignore_index=True)
        return rows[rows.protocol.isin(self.protocols) & (rows.condition == "none")]

    def score(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Records of test predictions: one row per system, emotion and metric, with intervals."""
        return records.score(predictions, self.corpus)

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

    def finish(self, *promised: str) -> Markdown:
        """Check that the promised files are there and not empty, leave the notebook's stamp, and list them.

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
        self._stamp()
        names = sorted({f"{path.parent.name}/{path.stem}" for path in self.kept})
        where = f"results/{self.folder.parent.name}/{self.folder.name}"
        return Markdown(f"**Written to** `{where}`: " + (", ".join(f"`{name}`" for name in names) or "nothing"))

    def _stamp(self) -> None:
        files = stamps.hashes(self.folder, self.kept)
        made = {"corpus": self.fingerprint, "runs": self.made, "reads": self.read, "files": files}
        made |= {"around": self.around} if self.around else {}
        stamps.write(self.folder, self.slug, made)


def begin(slug, corpus, data_dir, profile, protocols, seeds, device, jobs, results_dir) -> Lesson:
    """Open the corpus and the results folder of a notebook. The arguments are the parameters that all notebooks share.

    Protocols, where none is named, are those of the corpus' card; the lesson has the honest one last.
    """
    check_name("corpus", corpus, names())
    check_name("profile", profile, PROFILES)
    folder = results_dir_of(results_dir or None, corpus, profile)
    opened = load(corpus, data_dir or None, profile)
    keep(opened, folder)
    asked = protocols_of(corpus, protocols), seeds or list(PROFILES[profile].seeds)
    return Lesson(slug, opened, PROFILES[profile], *asked, device, jobs, folder)
