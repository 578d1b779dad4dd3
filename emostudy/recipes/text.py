"""Recipes that read."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from emostudy.corpora.corpus import file_hash
from emostudy.features import Feature
from emostudy.features.fitted import LearnedWordPiece, PretrainedTokens
from emostudy.features.text import words
from emostudy.models.text import BertClassifier, pretrained, small_bert
from emostudy.provenance import hash_of
from emostudy.recipes import Recipe
from emostudy.recipes.classical import tfidf_regression
from emostudy.training import Estimator, Network

TOKENS, SENTENCES, UNTOLD = "hidden tokens", "sentences that belong together", ""
FOLLOWING, IN_ORDER = f"{TOKENS}, and which sentence follows", f"{TOKENS}, and the order of two sentences"
PRETRAINING = {  # by a model's name on the hub, or the class that its configuration names
    "bert-base-uncased": FOLLOWING,  # Devlin et al. 2019
    "albert-base-v2": IN_ORDER,  # Lan et al. 2020
    "roberta-base": TOKENS,  # Liu et al. 2019
    "all-MiniLM-L6-v2": SENTENCES,  # its model card: pairs, after learning from a larger encoder
    "BertForPreTraining": FOLLOWING,
    "AlbertForPreTraining": IN_ORDER,
    "RobertaForMaskedLM": TOKENS,
}
CONFIGURATIONS = ("modules.json", "config.json")
WORDS = Feature("words", "text", words, unit="characters", cached=False)


def bert_from_scratch(sizes: dict[str, int], num_classes: int) -> BertClassifier:
    """A small BERT with random starting weights and system M's head."""
    return BertClassifier(small_bert(sizes["text"]), num_classes)


@dataclass(frozen=True)
class PretrainedBert:
    """Pretrained weights by hub name or folder, with system M's head; where they lie is no part of the record."""

    weights: str = field(metadata={"record": False})
    frozen: bool = False

    def __call__(self, sizes: dict[str, int], num_classes: int) -> BertClassifier:
        encoder = pretrained("AutoModel", self.weights)
        known = getattr(encoder.config, "vocab_size", 0)
        if sizes["text"] > known:
            raise ValueError(
                f"{self.weights!r}: the tokeniser has {sizes['text']} pieces, the model knows {known}; take both from one place"
            )
        return BertClassifier(encoder, num_classes, self.frozen)


TEXT_TFIDF = Recipe(
    "text_tfidf",
    "TF-IDF + logistic regression",
    ("text",),
    {"text": WORDS},
    Estimator(tfidf_regression, {"C": [0.3, 1.0, 3.0, 10.0]}),
    source="system R, text, logistic regression",
    reading="words and pairs of words; C chosen on dev, not by cross-validation (`text_regression` has that)",
)
TEXT_BERT = Recipe(
    "text_bert",
    "small BERT (M)",
    ("text",),
    {"text": WORDS},
    Network(bert_from_scratch, epochs=20, batch=32, lr=1e-3, optimiser="AdamW", weight_decay=0.01),
    {"text": LearnedWordPiece()},
    source="system M, text",
    reading="no pretrained weights in the embedded study: 2 layers, 96 wide, from scratch, so a larger lr, 20 epochs and batches of 32; "
    "1 000 pieces learned on train, 32 a sentence; epoch chosen on dev",
)
TEXT = (TEXT_TFIDF, TEXT_BERT)


def pretrained_bert(weights: str, frozen: bool = False, epochs: int = 10) -> Recipe:
    """System M's text recipe on pretrained weights: bert-base-uncased by hub name, or any BERT in a folder."""
    name = weights_name(weights)
    weights = str(local_folder(weights) or weights)
    return Recipe(
        f"text_{Path(weights).name}{'_frozen' if frozen else ''}",
        f"{Path(weights).name} (M)",
        ("text",),
        {"text": WORDS},
        Network(PretrainedBert(weights, frozen), epochs, batch=8, lr=2e-5, optimiser="AdamW", weight_decay=0.01),
        {"text": PretrainedTokens(weights, max_tokens=128)},
        source="system M, text",
        reading="the encoder keeps its own dropout; epoch chosen on dev",
        pretrained=name,
        pretraining=pretraining_of(weights),
    )


def weights_name(weights: str) -> str:
    """A hub name as it is; a folder by its last part and a hash of its files, so that the record names what was used.

    Raises:
        ValueError: a folder without model.safetensors.
    """
    folder = local_folder(weights)
    if folder is None:
        return weights
    file = folder / "model.safetensors"
    if not file.is_file():
        raise ValueError(f"{folder.name} holds no model.safetensors: save the model there with save_pretrained")
    files = sorted(path for path in folder.iterdir() if path.is_file())  # the tokeniser's count too
    return f"{folder.name}@{hash_of([(path.name, file_hash(str(path))) for path in files])[:12]}"


def pretraining_of(weights: str) -> str:
    """What an encoder of text was pretrained for: tokens, sentences, or both; "" where neither its name nor its folder tells.

    A folder is known by its name, by modules.json, which sentence-transformers writes, or by the class in config.json where that
    tells: a BERT that was saved as BertForMaskedLM may have learned the order of sentences too.
    """
    known, folder = PRETRAINING.get(Path(weights).name, UNTOLD), local_folder(weights)
    if known or folder is None:
        return known
    told = {name: (folder / name).read_bytes() for name in CONFIGURATIONS if (folder / name).is_file()}
    if b"sentence_transformers" in told.get("modules.json", b""):
        return SENTENCES
    named = [kind for kind in PRETRAINING if f'"{kind}"'.encode() in told.get("config.json", b"")]
    return PRETRAINING[named[0]] if named else UNTOLD  # a broken file is refused where the weights are loaded


def local_folder(weights: str) -> Path | None:
    """The folder that `weights` names; None for a hub name, and for what is no path at all."""
    folder = os.path.expanduser(weights)
    return Path(folder) if os.path.isdir(folder) else None
