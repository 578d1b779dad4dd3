"""What a network sees of a feature. Each function is fitted on training clips alone and returns a transform for all others.

A transform is called with values (N, ...) and gives a tensor (N, ...); its `size` is what a model must know of it: the
number of features, or of tokens in the vocabulary.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from tokenizers import BertWordPieceTokenizer
from torch import Tensor

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True)
class Transform:
    """A fitted transform: `apply` values (N, ...) -> tensor (N, ...), and the `size` that a model is built for."""

    apply: Callable[[np.ndarray], Tensor]
    size: int

    def __call__(self, values: np.ndarray) -> Tensor:
        return self.apply(values)


def raw(train: np.ndarray) -> Transform:
    """Numbers as they are, (N, D) -> (N, D) float32."""
    return Transform(lambda values: torch.tensor(values, dtype=torch.float32), train.shape[-1])


def standardised(train: np.ndarray) -> Transform:
    """Each of the last axis' D numbers to mean 0 and deviation 1 over training clips (and frames)."""
    axes = tuple(range(train.ndim - 1))
    mean, deviation = train.mean(axes, dtype=np.float64), train.std(axes, dtype=np.float64)
    deviation = np.where(deviation > 1e-8, deviation, 1.0)

    def apply(values: np.ndarray) -> Tensor:
        return torch.as_tensor((values - mean) / deviation, dtype=torch.float32)

    return Transform(apply, train.shape[-1])


def flattened(train: np.ndarray) -> Transform:
    """`standardised`, then frames laid end to end: (N, T, F) -> (N, T * F)."""
    scale = standardised(train)
    return Transform(lambda values: scale(values).flatten(1), int(np.prod(train.shape[1:])))


def centred_pixels(train: np.ndarray) -> Transform:
    """`pixels` less the mean colour of the training faces: (N, K, H, W, 3) uint8 -> (N, K, 3, H, W) float32 around 0."""
    scale = pixels(train)
    mean = torch.tensor(train.mean((0, 1, 2, 3)) / 255, dtype=torch.float32)[:, None, None]  # (3, 1, 1)
    return Transform(lambda values: scale(values) - mean, scale.size)


def pixels(train: np.ndarray) -> Transform:
    """Bytes to [0, 1], channels first: (N, K, H, W, 3) uint8 -> (N, K, 3, H, W) float32. Nothing is fitted."""
    return Transform(lambda values: torch.tensor(values).permute(0, 1, 4, 2, 3).float() / 255, train.shape[2])


def sentence_vectors(train: np.ndarray, size: int = 100) -> Transform:
    """Latent semantic analysis: TF-IDF of the training sentences, their main directions; (N,) str -> (N, D <= size), standardised.

    It stands for a pretrained encoder's sentence vector where no weights are at hand (Deerwester et al. 1990).
    """
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    table = words.fit_transform(train)
    directions = TruncatedSVD(min(size, *(side - 1 for side in table.shape)), random_state=0).fit(table)
    scale = standardised(directions.transform(table))
    return Transform(lambda values: scale(directions.transform(words.transform(values))), scale.size)


def padded_sentence_vectors(train: np.ndarray, size: int = 100) -> Transform:
    """`sentence_vectors`, zeros to the right where few sentences have fewer directions: (N,) str -> (N, size) in every fold."""
    vectors = sentence_vectors(train, size)
    missing = size - vectors.size
    return Transform(lambda values: torch.nn.functional.pad(vectors(values), (0, missing)), size)


@dataclass(frozen=True)
class LearnedWordPiece:
    """A WordPiece vocabulary learned on the training sentences: (N,) str -> (N, max_tokens) int64, 0 is padding."""

    vocabulary: int = 1000
    max_tokens: int = 32

    def learn(self, train: np.ndarray) -> BertWordPieceTokenizer:
        """The tokeniser, with the pieces that these sentences are made of."""
        os.environ["TOKENIZERS_PARALLELISM"] = "false"  # processes go parallel, threads do not
        texts = [str(text) for text in train]
        trainer = BertWordPieceTokenizer(lowercase=True)
        # Inner letters named in a fixed order: else ties between pieces, so the vocabulary, vary from call to call.
        letters = sorted(
            {f"##{letter}" for text in texts for letter in trainer.normalize(text) if not letter.isspace()}
        )
        options = {"special_tokens": [*SPECIAL, *letters], "min_frequency": 2, "show_progress": False}
        trainer.train_from_iterator(texts, vocab_size=self.vocabulary, **options)
        pieces = sorted(trainer.get_vocab(), key=trainer.get_vocab().get)
        # Made anew from its pieces: only so does it put [CLS] and [SEP] around a sentence.
        tokenizer = BertWordPieceTokenizer({piece: number for number, piece in enumerate(pieces)}, lowercase=True)
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    def __call__(self, train: np.ndarray) -> Transform:
        tokenizer = self.learn(train)
        tokenizer.enable_padding(length=self.max_tokens, pad_id=tokenizer.token_to_id("[PAD]"))
        return Transform(lambda values: _ids(tokenizer, values), tokenizer.get_vocab_size())


@dataclass(frozen=True)
class PretrainedTokens:
    """The tokeniser that belongs to pretrained weights, by hub name or folder: (N,) str -> (N, max_tokens) int64."""

    weights: str = field(metadata={"record": False})
    max_tokens: int = 128

    def __call__(self, train: np.ndarray) -> Transform:
        from emostudy.models.text import pretrained

        tokenizer = pretrained("AutoTokenizer", self.weights)
        if tokenizer.pad_token_id != 0:
            raise ValueError(
                f"{self.weights!r} pads with {tokenizer.pad_token_id}; must be 0: take one of the BERT family"
            )

        def apply(values: np.ndarray) -> Tensor:
            texts = [str(text) for text in values]
            return tokenizer(
                texts, padding="max_length", truncation=True, max_length=self.max_tokens, return_tensors="pt"
            ).input_ids

        return Transform(apply, len(tokenizer))


def _ids(tokenizer: BertWordPieceTokenizer, values: np.ndarray) -> Tensor:
    return torch.tensor([encoding.ids for encoding in tokenizer.encode_batch([str(text) for text in values])])
