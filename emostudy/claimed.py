"""What notebooks 02 to 04 ask of what they trained: would knowing the speaker help, what was claimed, what is known by heart."""

from dataclasses import dataclass

import pandas as pd
from IPython.display import Markdown

from emostudy import claim_tables, overfitting
from emostudy.predictions import read_records
from emostudy.recipes import Recipe
from emostudy.recipes.voices import knowing_the_speaker
from emostudy.wording import protocol_title

NAMES = {"face": "Faces", "speech": "Voices", "text": "Words"}
OWN = {"face": "face", "speech": "voice"}


@dataclass(frozen=True)
class Asked:
    """Tables of a `Lesson`'s trained systems of one modality; each is written when it is asked for."""

    lesson: object
    predictions: pd.DataFrame
    modality: str

    def knowing_the_speaker(self, recipes: tuple[Recipe, ...]) -> pd.DataFrame | Markdown:
        """Recipes with each speaker's own mean and deviation taken off, beside themselves, under the honest protocol: `NN_by_speaker`."""
        if not recipes:
            return Markdown("No recipe here reads numbers that have a mean and a deviation for each speaker.")
        known = self.lesson.ablate(tuple(map(knowing_the_speaker, recipes)), "by_speaker")
        as_it_is = self.predictions[self.predictions.recipe.isin(known.recipe)]
        caption = f"Knowing the speaker's {OWN[self.modality]}"
        return self.lesson.conditions(pd.concat([as_it_is, known]), "by_speaker", caption)

    @property
    def _runs(self) -> list[dict]:
        return read_records(self.lesson.folder, sorted(self.predictions.run_id.unique()))

    @property
    def _claims(self) -> pd.DataFrame:
        lesson = self.lesson
        return claim_tables.table(
            *(lesson.score(self.predictions), self._runs, lesson.corpus, lesson.protocols, self.modality)
        )

    def claims(self) -> pd.DataFrame:
        """Claimed, their protocol, honest protocol: written as `NN_claims`, and given back worded."""
        found, lesson = self._claims, self.lesson
        shown = claim_tables.worded(found, lesson.corpus, self.modality)
        note = claim_tables.note(self.modality, lesson.corpus.card["cluster"])
        caption = f"{NAMES[self.modality]} alone: what was claimed, and what its rebuilds reach here"
        return lesson.table(found, "claims", caption, shown, note)

    def not_run(self) -> Markdown:
        """The claims of which no rebuild ran here, and the commands that run one."""
        return Markdown(claim_tables.not_run(self._claims, self.modality))

    def training(self) -> pd.DataFrame:
        """Training beside dev and test: written as `NN_training`, and given back worded."""
        lesson, protocol = self.lesson, self.lesson.protocols[-1]
        beside = overfitting.table(self.predictions, self._runs, lesson.corpus, protocol)
        caption = f"Training beside test, {protocol_title(protocol)}"
        shown = overfitting.worded(beside, lesson.titles)
        return lesson.table(beside, "training", caption, shown, overfitting.NOTE)
