"""What every notebook does: open a corpus, train or read back, write, and at its end check the promised files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

from emostudy import costly, experiments, fusing, records, robustness, stamps
from emostudy import predictions as preds
from emostudy.claimed import Asked as Asked  # so that notebooks import one module
from emostudy.claims import IN_THEIR_WAY
from emostudy.corpora import load, names
from emostudy.corpora.kept import keep
from emostudy.corruptions import Corruption
from emostudy.graph import ancestors
from emostudy.parameters import check_name, protocols_of
from emostudy.paths import results_dir as results_dir_of
from emostudy.profiles import PROFILES
from emostudy.recipes import Recipe
from emostudy.recipes.decision import Rule
from emostudy.recipes.registry import OPTIONAL
from emostudy.shown import frame as frame
from emostudy.shown import layers as layers
from emostudy.shown import versions as versions
from emostudy.writer import Writer


@dataclass(frozen=True)
class Lesson(Writer):
    """A notebook at work: what it trains and reads, beside what it writes (`Writer`)."""

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
    pd.set_option("display.max_colwidth", None)  # a sentence in a cell of a table is read whole
    folder = results_dir_of(results_dir or None, corpus, profile)
    opened = load(corpus, data_dir or None, profile)
    keep(opened, folder)
    asked = protocols_of(corpus, protocols), seeds or list(PROFILES[profile].seeds)
    return Lesson(slug, opened, PROFILES[profile], *asked, device, jobs, folder)
