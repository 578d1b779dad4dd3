"""Heads less the idea that they are named after, for ablations: all else, the sizes of the layers too, is theirs."""

from torch import Tensor, nn

from emostudy.models.coins import Dropout
from emostudy.models.deep_heads import TwoStages
from emostudy.models.heads import AttentionFusion, Branches, EmbraceNet, Head, TensorFusion, decision, there


def mean_of(head: Head, inputs: tuple[Tensor, ...], present: Tensor | None) -> Tensor:
    """The mean of the branches of the modalities that a clip has, (B, U)."""
    num = there(inputs, present).sum(1, keepdim=True).clamp(min=1)
    return head.branches(inputs, present).sum(1) / num  # (B, M, U) -> (B, U)


class EqualAttention(AttentionFusion):
    """Attention whose weights are all equal."""

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        return self.decision(mean_of(self, inputs, present))


class Undrawn(EmbraceNet):
    """EmbraceNet that draws no modality, but takes the mean in training too."""

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        return self.decision(mean_of(self, inputs, present))


class NoProducts(TensorFusion):
    """Tensor fusion whose vectors stand side by side, none multiplied with another."""

    def __init__(self, sizes: list[int], num_classes: int, largest: int = 5000) -> None:
        super().__init__(sizes, num_classes, largest)
        units = self.branches.branches[0][1].out_features
        self.branches = Branches(sizes, units)
        self.decision = nn.Sequential(Dropout(0.2), decision(units * len(sizes), num_classes))

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        return self.decision(self.branches(inputs, present).flatten(1))  # (B, M, U) -> (B, M U) -> (B, C)


class OneStage(TwoStages):
    """System F's order of joining, but all trained from the start."""

    def losses(self, inputs, present, targets, progress, smoothing):
        """As every head."""
        return Head.losses(self, inputs, present, targets, progress, smoothing)
