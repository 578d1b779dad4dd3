"""What notebooks 02 to 04 ask at their end: what was claimed and what holds, and what is known by heart."""

from dataclasses import dataclass

import pandas as pd
from IPython.display import Markdown

from emostudy import claim_tables, overfitting
from emostudy.lesson import Lesson
from emostudy.predictions import read_records
from emostudy.wording import protocol_title

NAMES = {"face": "Faces", "speech": "Voices", "text": "Words"}


@dataclass(frozen=True)
class Asked:
    """Tables of a lesson's trained systems of one modality; each is written when it is asked for."""

    lesson: Lesson
    predictions: pd.DataFrame
    modality: str

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
        caption = f"{NAMES[self.modality]} alone: claimed, their protocol, honest protocol"
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
