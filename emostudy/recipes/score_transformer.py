"""System I's transformer over the modality x class score matrix, as a decision-level rule: from predictions alone.

System I seems to train it on scores of models that had seen the same clips. Here it learns from dev predictions, as every rule.
"""

import numpy as np
import torch

from emostudy.batched import Batched, probabilities
from emostudy.models.scores import ScoreTransformer
from emostudy.programs import One, Program
from emostudy.recipes.decision import Combine, Rule, logs
from emostudy.recipes.learned_rules import OutOfFold

LEARNER = Batched(ScoreTransformer, 30, 32, 3e-3, weight_decay=0.02, noise=0.0, mixup=0.2, label_smoothing=0.0)


def score_transformer(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Log-probabilities, standardised over dev, into a `ScoreTransformer` of 30 epochs; always seed 0."""
    mean, deviation = logs(dev).mean(1, keepdims=True), logs(dev).std(1, keepdims=True) + 1e-3

    def rows(scores: np.ndarray) -> list[torch.Tensor]:
        scaled = (logs(scores) - mean) / deviation  # (M, N, C)
        return [torch.tensor(one, dtype=torch.float32) for one in scaled]

    def all_there(scores: np.ndarray) -> torch.Tensor:
        return torch.ones(scores.shape[1], len(scores), dtype=torch.bool)

    own = One(rows(dev), all_there(dev), torch.tensor(labels), seed=0)
    program = Program(LEARNER, [own], dev.shape[2], *own.batches(LEARNER.batch), LEARNER.epochs)
    (model, _), *_ = program.run(None)
    return lambda scores: probabilities(model, rows(scores), all_there(scores))


SCORE_TRANSFORMER = Rule(
    "score_transformer",
    "score transformer (I)",
    score_transformer,
    "system I, fusion of a modality x class score matrix",
    OutOfFold(score_transformer),
)
