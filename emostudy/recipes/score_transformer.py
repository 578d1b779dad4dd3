"""System I's transformer over the modality x class score matrix, as a decision-level rule: from predictions alone.

System I seems to train it on scores of models that had seen the same clips. Here it learns from dev predictions, as every rule.
"""

import numpy as np
import torch

from emostudy.batched import Batched, probabilities
from emostudy.missing import is_there
from emostudy.models.scores import ScoreTransformer
from emostudy.programs import One, Program
from emostudy.recipes.decision import Combine, Rule, logs
from emostudy.recipes.learned_rules import OutOfFold

LEARNER = Batched(ScoreTransformer, 30, 32, 3e-3, weight_decay=0.02, noise=0.0, mixup=0.2, label_smoothing=0.0)


def score_transformer(dev: np.ndarray, labels: np.ndarray) -> Combine:
    """Log-probabilities, standardised over dev, into a `ScoreTransformer` of 30 epochs; always seed 0.

    A modality that a clip lacks, a row of NaN, is hidden from it, on dev as on test.
    """
    own = [logs(one[is_there(one)]) for one in dev]  # M times (N, C), each of the clips that have the modality
    mean, deviation = (np.stack([how(one, 0) for one in own])[:, None] for how in (np.mean, np.std))

    def told(scores: np.ndarray) -> tuple[list[torch.Tensor], torch.Tensor]:
        scaled = np.nan_to_num((logs(scores) - mean) / (deviation + 1e-3))  # (M, N, C)
        known = np.stack([is_there(one) for one in scores], 1)  # (N, M)
        return [torch.tensor(one, dtype=torch.float32) for one in scaled], torch.tensor(known)

    one = One(*told(dev), torch.tensor(labels), seed=0)
    program = Program(LEARNER, [one], dev.shape[2], *one.batches(LEARNER.batch), LEARNER.epochs)
    (model, _), *_ = program.run(None)
    return lambda scores: probabilities(model, *told(scores))


SCORE_TRANSFORMER = Rule(
    "score_transformer",
    "score transformer (I)",
    score_transformer,
    "system I, fusion of a modality x class score matrix",
    OutOfFold(score_transformer),
    reads_missing=True,
)
