"""Randomness, all of it from named seeds."""

import hashlib
import random

import numpy as np


def seed_of(*parts: object) -> int:
    """A 32-bit seed from anything printable: the same on every machine, in every order of work and number of jobs."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def seed_everything(seed: int):
    """Seed Python, NumPy and torch, and return a `torch.Generator` with the same seed."""
    import torch  # here, so that corpora can be made without loading torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)
