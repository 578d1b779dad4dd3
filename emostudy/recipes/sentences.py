"""Recipes on pretrained encoders of text, by hub name or folder: frozen vectors and a head, or all of it trained further."""

from dataclasses import dataclass, field
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from emostudy.adjusting import LogitAdjusted
from emostudy.features import Feature
from emostudy.features.encoders import TextVectors
from emostudy.features.fitted import PretrainedTokens, standardised
from emostudy.features.text import words
from emostudy.models.dense import mlp
from emostudy.models.encoders import PooledClassifier, encoder_and_tokenizer
from emostudy.recipes import Recipe
from emostudy.recipes.text import local_folder, pretraining_of, weights_name
from emostudy.training import Estimator, Network

BASES = ("bert-base-uncased", "albert-base-v2")  # by hub name; a folder that holds them does as well
MAX_TOKENS = 48  # of one sentence
MAX_HISTORY = 128  # of a sentence with what was said before
SHARE = 0.5  # of logit adjustment
BY_HAND = "which on MELD's dev part was the most that cost no weighted F1 (tried by hand, no trials are kept)"


@dataclass(frozen=True)
class FineTuned:
    """Builds a pretrained encoder with system M's head, all of it trained; where the weights lie is no part of the record."""

    weights: str = field(metadata={"record": False})
    max_tokens: int = MAX_TOKENS
    pooling: str = "mean"
    dropout: float | None = None

    def __call__(self, sizes: dict[str, int], num_classes: int) -> PooledClassifier:
        """Raises ValueError where the weights are missing, or do not belong to the tokeniser."""
        encoder, tokenizer = encoder_and_tokenizer(self.weights, self.max_tokens)
        return PooledClassifier(encoder, num_classes, self.pooling, tokenizer.sep_token_id, self.dropout)


def m_head(sizes: dict[str, int], num_classes: int):
    """System M's head on vectors: dense 128 ReLU, dense C."""
    return mlp(sizes["text"], num_classes, hidden=(128,), dropout=0.0)


def vector_mlp(sizes: dict[str, int], num_classes: int):
    """Dense 128 ReLU twice with dropout 0.3, dense C."""
    return mlp(sizes["text"], num_classes, dropout=0.3)


def vector_regression(seed: int, C: float = 1.0) -> LogisticRegression:
    """Logistic regression on vectors as they are."""
    return LogisticRegression(C=C, max_iter=1000)


def frozen(weights: str, pooling: str = "cls", history: int = 0) -> Recipe:
    """An encoder as it is, its CLS vector or the mean over tokens, and system M's head."""
    return Recipe(
        _name(weights, f"frozen_{pooling}", history),
        _title(weights, f"frozen {pooling}", history),
        ("text",),
        {"text": vectors(weights, pooling, history)},
        Network(m_head, epochs=40, batch=32, lr=1e-3, optimiser="AdamW", weight_decay=0.01),
        {"text": standardised},
        source="system M, text; system I's BERT taken as it is",
        reading="the encoder is not trained, so its vectors are computed once and standardised over training clips; AdamW 1e-3 "
        "and batch 32, for the head alone learns too little with M's 2e-5; epoch chosen on dev",
        pretrained=weights_name(weights),
        pretraining=pretraining_of(weights),
    )


def fine_tuned(weights: str, history: int = 0, small: bool = False) -> Recipe:
    """An encoder and system M's head, trained together; `small`: for one of some 20 million weights, as MiniLM.

    A small one takes longer strides, and says rare emotions more often than it would (`LogitAdjusted`).
    With `history` turns the vector is the mean over the current turn's tokens, which have seen the turns before it.
    """
    longest = MAX_HISTORY if history else MAX_TOKENS
    lr = 1e-4 if small else 2e-5
    build = FineTuned(_place(weights), longest, "current" if history else "mean")
    network = Network(build, epochs=3, batch=32, lr=lr, optimiser="AdamW", weight_decay=0.01, schedule="linear")
    return Recipe(
        _name(weights, "tuned_small" if small else "tuned", history),
        _title(weights, "fine-tuned at 1e-4" if small else "fine-tuned", history),
        ("text",),
        {"text": Feature("words", _medium(history), words, unit="characters", cached=False)},
        LogitAdjusted(network, SHARE) if small else network,
        {"text": PretrainedTokens(_place(weights), longest)},
        source="system M, text, with mean pooling (Reimers and Gurevych 2019)",
        reading=f"batch 32, 3 epochs at {lr:.0e}, a tenth of the steps up and then down to 0; "
        f"texts cut after {longest} tokens; the encoder keeps its own dropout; epoch chosen on dev"
        + (f"; a small encoder, so a larger lr and logit adjustment of {SHARE}, {BY_HAND}" if small else ""),
        pretrained=weights_name(weights),
        pretraining=pretraining_of(weights),
    )


def sentence_regression(weights: str, history: int = 0) -> Recipe:
    """A sentence embedding, mean over tokens, and logistic regression."""
    return Recipe(
        _name(weights, "regression", history),
        _title(weights, "embedding + logistic regression", history),
        ("text",),
        {"text": vectors(weights, "mean", history, normalised=True)},
        Estimator(vector_regression, {"C": [3.0, 10.0, 30.0, 100.0, 300.0]}),
        source="sentence embedding (Reimers and Gurevych 2019)",
        reading="vectors of length 1; C chosen on dev",
        pretrained=weights_name(weights),
        pretraining=pretraining_of(weights),
    )


def sentence_mlp(weights: str, history: int = 0) -> Recipe:
    """A sentence embedding, mean over tokens, and a perceptron."""
    return Recipe(
        _name(weights, "mlp", history),
        _title(weights, "embedding + MLP", history),
        ("text",),
        {"text": vectors(weights, "mean", history, normalised=True)},
        Network(vector_mlp, epochs=40, batch=32, lr=1e-3, optimiser="AdamW", weight_decay=0.01),
        {"text": standardised},
        source="sentence embedding (Reimers and Gurevych 2019)",
        reading="vectors of length 1, standardised over training clips; epoch chosen on dev",
        pretrained=weights_name(weights),
        pretraining=pretraining_of(weights),
    )


def pretrained_text(weights: str, history: int = 3) -> tuple[Recipe, ...]:
    """Every recipe on these weights; those with history too, which a corpus without dialogues cannot feed."""
    heads = (frozen(weights), frozen(weights, "mean"), sentence_regression(weights), sentence_mlp(weights))
    return (*heads, fine_tuned(weights), fine_tuned(weights, small=True), *with_history(weights, history))


def with_history(weights: str, turns: int = 3) -> tuple[Recipe, ...]:
    """The recipes that read the `turns` turns before a clip as well."""
    return sentence_regression(weights, turns), fine_tuned(weights, turns), fine_tuned(weights, turns, small=True)


def vectors(weights: str, pooling: str, history: int = 0, normalised: bool = False) -> Feature:
    """A frozen encoder's vectors of the words, or of the words and `history` turns before them."""
    longest = MAX_HISTORY if history else MAX_TOKENS
    function = TextVectors(_place(weights), weights_name(weights), pooling, longest, normalised)
    return Feature(f"vectors_{pooling}", _medium(history), function, unit="activation", batched=True)


def _medium(history: int) -> str:
    return f"history_{history}" if history else "text"


def _place(weights: str) -> str:
    return str(local_folder(weights) or weights)


def _name(weights: str, kind: str, history: int) -> str:
    return "_".join(["text", Path(weights).name, kind, *([f"history_{history}"] if history else [])])


def _title(weights: str, kind: str, history: int) -> str:
    return f"{Path(weights).name}, {kind}" + (f", {history} turn{'s' if history > 1 else ''} before" if history else "")
