"""Text as the vector of a pretrained encoder that is not trained further: computed once, kept, and read by any head."""

import os
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch

from emostudy.corpora.derived import SEPARATOR
from emostudy.features.text import words
from emostudy.models.encoders import encoder_and_tokenizer, pooled

GROUP = 32  # texts that are padded together


@dataclass(frozen=True)
class TextVectors:
    """n texts -> (n, D) float32, for a `batched` feature; D is the encoder's width.

    Args:
        weights: hub name or folder; where they lie is no part of the record.
        name: what they are, as `recipes.text.weights_name` says it: the values are kept under it.
        pooling: `cls`, `mean` or `current`, see `models.encoders.pooled`.
        max_tokens: longer texts are cut at the end.
        normalised: each vector to length 1 (Reimers and Gurevych 2019).
    """

    weights: str = field(metadata={"record": False})
    name: str
    pooling: str = "mean"
    max_tokens: int = 128
    normalised: bool = False

    def __call__(self, cells: list[str], start: list[float], end: list[float]) -> np.ndarray:
        """Raises BadMedia for a text without words, ValueError where the weights are missing."""
        texts = [str(words(*task)) for task in zip(cells, start, end, strict=True)]
        encoder, tokenizer = loaded(self.weights, self.name, self.max_tokens)
        texts = [text.replace(SEPARATOR, tokenizer.sep_token) for text in texts]
        tokens = tokenizer(texts, truncation=True, max_length=self.max_tokens).input_ids
        order = np.argsort([len(row) for row in tokens], kind="stable")
        vectors = np.empty((len(texts), encoder.config.hidden_size), np.float32)
        for at in range(0, len(order), GROUP):
            rows = order[at : at + GROUP]
            vectors[rows] = self._vectors(encoder, tokenizer, [tokens[row] for row in rows])
        return vectors

    def _vectors(self, encoder, tokenizer, tokens: list[list[int]]) -> np.ndarray:
        padded = tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        with torch.inference_mode():
            states = encoder(**padded).last_hidden_state  # (b, t) -> (b, t, D)
            ends = tokenizer.sep_token_id
            vectors = pooled(states, padded["input_ids"], padded["attention_mask"], self.pooling, ends)
            return (torch.nn.functional.normalize(vectors) if self.normalised else vectors).numpy()


@lru_cache(maxsize=2)
def loaded(weights: str, name: str, max_tokens: int):
    """Encoder, without dropout, and tokeniser: loaded once in a process, as long as `name` says they are the same."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # processes go parallel, threads do not
    encoder, tokenizer = encoder_and_tokenizer(weights, max_tokens)
    return encoder.eval(), tokenizer
