"""Randomness inside a network that is brought from outside, so that many networks can be trained at once, each with its own.

torch's own dropout draws from one source for a whole batched program: then what one network learns would hang on which others are
trained beside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_BROUGHT: list["Coins"] = []  # the last ones are in use


class Coins:
    """Uniform numbers (B, W) in [0, 1), handed out in order; without `values` it counts how many a clip takes."""

    def __init__(self, values: Tensor | None = None) -> None:
        self.values, self.used = values, 0

    def take(self, like: Tensor) -> Tensor:
        """The next numbers, in the shape of `like` (B, ...)."""
        start, self.used = self.used, self.used + like[0].numel()
        if self.values is None:
            return torch.rand_like(like)
        return self.values[:, start : self.used].reshape(like.shape)


@contextmanager
def brought(coins: Coins) -> Iterator[Coins]:
    """Within, every toss takes from these."""
    _BROUGHT.append(coins)
    try:
        yield coins
    finally:
        _BROUGHT.pop()


def toss(like: Tensor) -> Tensor:
    """Uniform numbers in [0, 1) in the shape of `like` (B, ...): those that were brought, else torch's own."""
    return _BROUGHT[-1].take(like) if _BROUGHT else torch.rand_like(like)


class Dropout(nn.Module):
    """In training a `share` of the numbers becomes 0 and the others grow to keep the mean (Srivastava et al. 2014)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """(B, ...) -> (B, ...)."""
        if not (self.training and self.share):
            return x
        return x * (toss(x) >= self.share) / (1 - self.share)
