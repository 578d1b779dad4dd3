"""Reference lines: what one gets without looking, or by looking only at who speaks."""

from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from emostudy.corpora.corpus import Corpus
from emostudy.features import Feature
from emostudy.features.text import identity
from emostudy.recipes import Recipe
from emostudy.training import Estimator

SPEAKER = Feature("speaker", "speaker", identity, unit="name", cached=False)


def majority_class(seed: int) -> DummyClassifier:
    """The most frequent emotion of the training clips, with their shares as probabilities."""
    return DummyClassifier(strategy="prior")


def from_speaker_names(seed: int):
    """Logistic regression on the speaker's name; a name that is new carries nothing."""
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=10.0, max_iter=1000))


MAJORITY = Recipe("majority", "majority class", (), {"speaker": SPEAKER}, Estimator(majority_class))
SPEAKER_ONLY = Recipe("speaker_only", "speaker's name only", (), {"speaker": SPEAKER}, Estimator(from_speaker_names))
REFERENCE = (MAJORITY, SPEAKER_ONLY)


def lines(corpus: Corpus) -> tuple[Recipe, ...]:
    """The reference lines that tell something of a corpus: without speakers' names, the majority alone."""
    return REFERENCE if (corpus.clips.speaker.fillna("") != "").any() else (MAJORITY,)
