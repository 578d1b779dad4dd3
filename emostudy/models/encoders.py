"""A pretrained encoder of the BERT family, one vector for each text, and a head on it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from emostudy.models.text import pretrained

GROUP = 8  # texts that are padded together: fewer waste less, more fill the processor better
POOLINGS = ("cls", "mean", "current")


class PooledClassifier(nn.Module):
    """Encoder, one vector for each text, dense 128 ReLU, dense C: system M's head on any pooling.

    Args:
        encoder: a model of the BERT family, which pads with 0.
        pooling: see `pooled`.
        separator: the number of the token between two turns.
        dropout: of every layer of the encoder; None leaves the encoder's own.
    """

    def __init__(
        self,
        encoder: nn.Module,
        num_classes: int,
        pooling: str = "mean",
        separator: int | None = None,
        dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.pooling, self.separator = encoder, checked(pooling), separator
        for layer in encoder.modules():
            if isinstance(layer, nn.Dropout) and dropout is not None:
                layer.p = dropout
        self.head = nn.Sequential(nn.Linear(encoder.config.hidden_size, 128), nn.ReLU(), nn.Linear(128, num_classes))

    def forward(self, tokens: Tensor) -> Tensor:
        """Token numbers (B, T), 0 is padding -> (B, C)."""
        return self.head(by_length(self._vectors, tokens))

    def _vectors(self, tokens: Tensor) -> Tensor:
        mask = (tokens != 0).long()
        states = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state  # (B, T) -> (B, T, D)
        return pooled(states, tokens, mask, self.pooling, self.separator)


def by_length(vectors: Callable[[Tensor], Tensor], tokens: Tensor, group: int = GROUP) -> Tensor:
    """`vectors` (b, t) -> (b, D) of texts of like length together, padding cut; tokens (B, T), 0 is padding -> (B, D)."""
    lengths = (tokens != 0).sum(1).clamp(min=1)
    order = lengths.argsort(stable=True)
    parts = [vectors(tokens[rows, : int(lengths[rows].max())]) for rows in order.split(group)]
    return torch.cat(parts)[order.argsort()]


def pooled(states: Tensor, tokens: Tensor, mask: Tensor, pooling: str, separator: int | None = None) -> Tensor:
    """One vector for each text, (B, T, D) -> (B, D).

    `cls`: the first token's; `mean`: the mean over all tokens (Reimers and Gurevych 2019); `current`: the mean up to the first
    separator, which is the current turn in a text that brings its history.

    Args:
        tokens, mask: (B, T), the mask 1 for a token and 0 for padding.
    """
    if pooling == "cls":
        return states[:, 0]
    if pooling == "current":
        ends = (tokens == separator).long()
        mask = mask * (ends.cumsum(1) - ends == 0)  # (B, T): what stands before the first separator, and itself
    mask = mask[..., None].to(states.dtype)  # (B, T) -> (B, T, 1)
    return (states * mask).sum(1) / mask.sum(1)  # (B, T, D) -> (B, D)


def checked(pooling: str) -> str:
    """The name of a pooling. ValueError for another word."""
    if pooling not in POOLINGS:
        raise ValueError(f"unknown pooling {pooling!r}; must be one of {', '.join(POOLINGS)}")
    return pooling


def encoder_and_tokenizer(weights: str, max_tokens: int):
    """A pretrained encoder and its tokeniser, by hub name or from a folder.

    Raises:
        ValueError: they are not there or not whole, do not belong together, or read fewer than `max_tokens` tokens.
    """
    encoder, tokenizer = pretrained("AutoModel", weights), pretrained("AutoTokenizer", weights)
    known, longest = encoder.config.vocab_size, encoder.config.max_position_embeddings
    if len(tokenizer) > known:
        raise ValueError(
            f"{weights!r}: the tokeniser has {len(tokenizer)} pieces, the model knows {known}; take both from one place"
        )
    if max_tokens > longest:
        raise ValueError(f"{weights!r} reads at most {longest} tokens; max_tokens={max_tokens} must not be more")
    return encoder, tokenizer
