"""What notebooks 02 to 04 ask of what they trained: would knowing the speaker help, what was claimed, what is known by heart."""

from dataclasses import dataclass, field, replace

import pandas as pd
from IPython.display import Markdown

from emostudy import claim_tables, figures, once, overfitting, tables, their_way
from emostudy.ablations import learned_told
from emostudy.claims import IN_THEIR_WAY
from emostudy.costly import is_costly
from emostudy.predictions import read_records
from emostudy.recipes import Recipe
from emostudy.recipes.voices import knowing_the_speaker
from emostudy.records import curves
from emostudy.scores import score_runs
from emostudy.shown import Picture
from emostudy.wording import by_rigour, metric_title, protocol_title

NAMES = {"face": "Faces", "speech": "Voices", "text": "Words"}
OWN = {"face": "face", "speech": "voice"}


@dataclass(frozen=True)
class Asked:
    """Tables of a `Lesson`'s trained systems of one modality; each is written when it is asked for."""

    lesson: object
    predictions: pd.DataFrame
    modality: str
    theirs: pd.DataFrame | None = None  # predictions of rebuilds in their authors' own way: for two tables alone
    ran: dict[str, pd.DataFrame | None] = field(default_factory=dict)  # by weights: predictions of what runs once

    def in_their_way(self, weights: str = "") -> tuple[Markdown, "Asked"]:
        """Train the rebuilds that the corpus' card names in their authors' own way: what ran and what cannot, and this with theirs."""
        planned = their_way.plan(self.lesson, self.modality, self.predictions, weights)
        theirs = their_way.train(self.lesson, planned)
        return Markdown(their_way.worded(planned)), replace(self, theirs=theirs if len(theirs) else None)

    def knowing_the_speaker(self, recipes: tuple[Recipe, ...]) -> pd.DataFrame | Markdown:
        """Recipes with each speaker's own mean and deviation taken off, beside themselves, under the honest protocol: `NN_by_speaker`.

        Less those that the corpus' card calls `costly`.
        """
        recipes = tuple(recipe for recipe in recipes if not is_costly(recipe, self.lesson.corpus))
        if not recipes:
            return Markdown("No recipe here is measured against each speaker's own mean and deviation.")
        known = self.lesson.ablate(tuple(map(knowing_the_speaker, recipes)), "by_speaker")
        as_it_is = self.predictions[self.predictions.recipe.isin(known.recipe.unique())]
        caption = f"Knowing the speaker's {OWN[self.modality]}"
        return self.lesson.conditions(pd.concat([as_it_is, known]), "by_speaker", caption)

    def once(self, weights: str = "") -> pd.DataFrame | Markdown:
        """What the systems reach that the corpus' card names to be run once (`once`): written as `NN_once`."""
        lesson, rows = self.lesson, self._once(weights)
        if rows is None:
            return Markdown("No system runs once here.")
        scored = lesson.score(rows)
        seed = f"seed {rows.seed.max()}{learned_told(lesson.corpus)}"  # what has no randomness stands under seed 0
        caption = f"{NAMES[self.modality]} alone, further systems run once, {seed}, {metric_title(lesson.metric)}"
        beside = tables.side_by_side(scored.assign(condition="none"), lesson.metric, lesson.titles)
        table = tables.results_table(scored, titles=lesson.titles)
        return lesson.table(table, "once", caption, beside, lesson.note(scored))

    def once_compared(self, weights: str = "") -> pd.DataFrame | Markdown:
        """These systems against the one that dev prefers among them, on the same clips: written as `NN_once_compared`."""
        rows = self._once_honestly(weights)
        compared = None if rows is None else once.compared(rows, self.lesson.corpus)
        if compared is None or compared.empty:
            return Markdown("No two systems run once here.")
        told = learned_told(self.lesson.corpus)
        caption = f"{NAMES[self.modality]} alone, run once, beside what dev prefers{told}"
        return self.lesson.comparisons(compared, "once_compared", caption)

    def once_curves(self, weights: str = "") -> Picture | Markdown:
        """How the networks among them learned: written as the figure `NN_once_curves`."""
        lesson, rows = self.lesson, self._once_honestly(weights)
        learned = pd.DataFrame() if rows is None else curves(lesson.folder, sorted(rows.run_id.unique()))
        if learned.empty or learned.recipe.nunique() < 2:
            return Markdown("No two networks run once here.")
        learned = learned.assign(condition="none")  # here they are what is asked for
        figure = figures.all_curves(learned, lesson.titles, 1 / len(lesson.corpus.emotions))
        return lesson.figure(figure, "once_curves", figures.all_curves_alt(learned, lesson.titles))

    def _once(self, weights: str) -> pd.DataFrame | None:
        """Trained, or read, for the first that asks."""
        if weights not in self.ran:
            self.ran[weights] = once.train(self.lesson, self.modality, weights)
        return self.ran[weights]

    def _once_honestly(self, weights: str) -> pd.DataFrame | None:
        """The same under the last protocol alone."""
        rows = self._once(weights)
        return None if rows is None else rows[rows.protocol == self.lesson.protocols[-1]].reset_index(drop=True)

    @property
    def _runs(self) -> list[dict]:
        return read_records(self.lesson.folder, sorted(self._all.run_id.unique()))

    @property
    def _beside(self) -> pd.DataFrame:
        """What ran once and not otherwise; no row where nothing did, or nobody has asked yet."""
        rows = pd.concat([rows for rows in self.ran.values() if rows is not None] or [self.predictions[:0]])
        return rows[~rows.recipe.isin(self._all.recipe.unique())].drop_duplicates(["run_id", "part", "clip_id"])

    @property
    def _all(self) -> pd.DataFrame:
        """The lesson's predictions, and those in their authors' own way."""
        return (
            self.predictions if self.theirs is None else pd.concat([self.predictions, self.theirs], ignore_index=True)
        )

    @property
    def _claims(self) -> pd.DataFrame:
        lesson, rows = self.lesson, pd.concat([self._all, self._beside], ignore_index=True)
        scored = pd.concat([lesson.score(rows), score_runs(rows, lesson.corpus)], ignore_index=True)
        runs = [*self._runs, *read_records(lesson.folder, sorted(self._beside.run_id.unique()))]
        ways = [*self._ways, *lesson.protocols]
        return claim_tables.table(scored, runs, lesson.corpus, ways, self.modality, once=once.ONCE)

    @property
    def _ways(self) -> list[str]:
        """Ways to split that stand beside the lesson's protocols."""
        ran = [*self._beside.protocol, *([] if self.theirs is None else self.theirs.protocol)]
        ways = by_rigour(ran) if ran else []
        return [way for way in ways if way not in self.lesson.protocols]

    def claims(self) -> pd.DataFrame:
        """Claimed, their protocol, honest protocol: written as `NN_claims`, and given back worded."""
        found, lesson = self._claims, self.lesson
        shown = claim_tables.worded(found, lesson.corpus, self.modality)
        note = claim_tables.note(self.modality, lesson.corpus.card["cluster"], found)
        if found.title.str.endswith(claim_tables.RUN_ONCE).any():
            note += f" Run once: one seed{learned_told(lesson.corpus)}; the sample is under `{lesson.number}_once`."
        caption = f"{NAMES[self.modality]} alone: what was claimed, and what its rebuilds reach here"
        return lesson.table(found, "claims", caption, shown, note)

    def readings(self) -> Markdown:
        """What was decided for each rebuild that stands in the table of claims, where its source says nothing or was not followed."""
        lines = [f"* {line}." for line in claim_tables.rebuilt(self._claims)]
        return Markdown("\n".join(["How each was rebuilt:", "", *lines]) if lines else "Nothing was rebuilt here.")

    def not_run(self) -> Markdown:
        """The claims of which no rebuild ran here, and the commands that run one."""
        return Markdown(claim_tables.not_run(self._claims, self.modality))

    def training(self) -> pd.DataFrame:
        """Training beside dev and test: written as `NN_training`, and given back worded."""
        lesson, protocol = self.lesson, self.lesson.protocols[-1]
        beside = overfitting.table(self.predictions, self._runs, lesson.corpus, protocol)
        caption = f"Training beside test, {protocol_title(protocol)}"
        if self.theirs is not None:
            ways = by_rigour(self.theirs.protocol)
            added = [
                overfitting.table(self.theirs, self._runs, lesson.corpus, way, IN_THEIR_WAY).assign(protocol=way)
                for way in ways
            ]
            beside = pd.concat([beside.assign(protocol=protocol), *added], ignore_index=True)
            caption += ", and as published"
        shown = overfitting.worded(beside, lesson.titles)
        return lesson.table(beside, "training", caption, shown, overfitting.note(beside, lesson.titles))
