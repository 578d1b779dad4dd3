"""Heads that are trained in stages, teach themselves, rebuild their inputs, or let modalities ask each other."""

import torch
from torch import Tensor, nn

from emostudy.models.coins import Dropout
from emostudy.models.heads import Branches, Head, branch, cost, decision, hidden, shares, there


class Attention(nn.Module):
    """Tokens ask other tokens, by several heads; then a dense layer on each. Both are added to what was there (Vaswani et al. 2017)."""

    def __init__(self, units: int, num_heads: int = 4) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.asks, self.tells = nn.Linear(units, units), nn.Linear(units, 2 * units)
        self.before, self.others, self.after = nn.LayerNorm(units), nn.LayerNorm(units), nn.LayerNorm(units)
        self.out = nn.Linear(units, units)
        self.dense = nn.Sequential(nn.Linear(units, 2 * units), nn.ReLU(), Dropout(0.3), nn.Linear(2 * units, units))
        self.drop = Dropout(0.3)

    def forward(self, asking: Tensor, asked: Tensor, known: Tensor) -> Tensor:
        """(B, T, U) and (B, S, U), of which `known` (B, S) are there -> (B, T, U); who can ask nobody stays as it is."""
        queries = self._apart(self.asks(self.before(asking)))  # (B, H, T, U / H)
        keys, values = map(self._apart, self.tells(self.others(asked)).chunk(2, -1))
        scores = queries @ keys.transpose(-1, -2) / keys.shape[-1] ** 0.5  # (B, H, T, S)
        weights = shares(scores.transpose(1, 3), known[:, :, None, None]).transpose(1, 3)
        found = (weights @ values).transpose(1, 2).flatten(2)  # (B, H, T, U / H) -> (B, T, U)
        any_known = known.any(1)[:, None, None]
        asking = asking + self.drop(self.out(found)) * any_known
        return asking + self.drop(self.dense(self.after(asking)))

    def _apart(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)  # (B, T, U) -> (B, H, T, U / H)


class CrossModal(Head):
    """A cross-modal transformer: the tokens of each modality ask those of the others, then their own.

    After Tsai et al. 2019, who have a transformer for each ordered pair of modalities; here one attention looks at all others together.
    A vector becomes `num_tokens` tokens; of a sequence (B, T, D) each step is one, with `num_tokens` 1.
    """

    def __init__(self, sizes: list[int], num_classes: int, units: int = 32, num_tokens: int = 4) -> None:
        super().__init__()
        self.num_tokens, self.units = num_tokens, units
        self.tokens = nn.ModuleList(nn.Linear(size, units * num_tokens) for size in sizes)
        self.across = nn.ModuleList(Attention(units) for _ in sizes)
        self.within = nn.ModuleList(Attention(units) for _ in sizes)
        self.drop = Dropout(0.2)
        self.decision = nn.Sequential(Dropout(0.5), decision(units * len(sizes), num_classes))

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) or (B, T, D) each -> (B, C)."""
        known = there(inputs, present)  # (B, M)
        tokens = [self._tokens(m, x, known[:, m]) for m, x in enumerate(inputs)]  # M of (B, T, U)
        there_tokens = [known[:, m, None].expand(-1, one.shape[1]) for m, one in enumerate(tokens)]
        pooled = []
        for m, own in enumerate(tokens):
            others = [one for n, one in enumerate(tokens) if n != m]
            if others:
                of_others = torch.cat([one for n, one in enumerate(there_tokens) if n != m], 1)
                own = self.across[m](own, torch.cat(others, 1), of_others)
            own = self.within[m](own, own, there_tokens[m])
            pooled.append(own.mean(1) * known[:, m, None])
        return self.decision(torch.cat(pooled, 1))  # (B, M U) -> (B, C)

    def _tokens(self, m: int, x: Tensor, known: Tensor) -> Tensor:
        x = self.drop(torch.where(known.view(-1, *[1] * (x.dim() - 1)), x, torch.zeros_like(x)))
        return self.tokens[m](x).unflatten(1, (self.num_tokens, self.units)) if x.dim() == 2 else self.tokens[m](x)


class HierarchicalGated(Head):
    """Gates within each modality, then weights over modalities; every modality also decides alone, taught by the joint decision.

    After the self-distilled transformer of Ma et al. 2023, on vectors: cost = joint + alone + what alone differs from joint.
    """

    def __init__(
        self, sizes: list[int], num_classes: int, units: int = 128, distilled: bool = True, temperature: float = 2.0
    ) -> None:
        super().__init__()
        self.branches = Branches(sizes, units)
        self.within = nn.ModuleList(nn.Linear(units, units) for _ in sizes)
        self.score = nn.ModuleList(nn.Linear(units, units) for _ in sizes)
        self.decision = decision(units, num_classes)
        self.alone = nn.ModuleList(nn.Linear(units, num_classes) for _ in sizes)
        self.distilled, self.temperature = distilled, temperature

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        return self._joint(self._gated(inputs, present), there(inputs, present))

    def _gated(self, inputs, present) -> Tensor:
        vectors = self.branches(inputs, present)  # (B, M, U)
        gates = torch.stack([gate(vectors[:, m]) for m, gate in enumerate(self.within)], 1)
        return gates.sigmoid() * vectors

    def _joint(self, gated: Tensor, known: Tensor) -> Tensor:
        scores = torch.stack([score(gated[:, m]) for m, score in enumerate(self.score)], 1)  # (B, M, U)
        return self.decision((shares(scores, known[..., None]) * gated).sum(1))

    def losses(self, inputs, present, targets, progress, smoothing):
        """As every head, and where `distilled` what each modality costs alone."""
        gated, known = self._gated(inputs, present), there(inputs, present)
        joint = self._joint(gated, known)
        total = cost(joint, targets, smoothing)
        for m, alone in enumerate(self.alone if self.distilled else []):
            own = alone(gated[:, m])
            taught = cost(own / self.temperature, (joint.detach() / self.temperature).softmax(1))
            total = total + known[:, m] * (cost(own, targets, smoothing) + taught * self.temperature**2) / len(
                self.alone
            )
        return total, joint


class SharedSpace(Head):
    """An autoencoder: every modality to one space, where the mean of those that are there is the clip; from it each is built again.

    Cost = decision + `weight` x mean square error of what is built again. A clip's missing modality is not asked for. After Ngiam et
    al. 2011, whose autoencoder learns without labels and builds a hidden modality from the other; here nothing is hidden for that.
    """

    def __init__(self, sizes: list[int], num_classes: int, units: int = 128, weight: float = 0.5) -> None:
        super().__init__()
        self.branches = Branches(sizes, units)
        self.back = nn.ModuleList(nn.Linear(units, size, bias=False) for size in sizes)  # inputs have mean 0
        self.decision = decision(units, num_classes)
        self.weight = weight

    def _space(self, inputs, present) -> Tensor:
        num = there(inputs, present).sum(1, keepdim=True).clamp(min=1)
        return self.branches(inputs, present).sum(1) / num  # (B, M, U) -> (B, U)

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        return self.decision(self._space(inputs, present))

    def losses(self, inputs, present, targets, progress, smoothing):
        """As every head, and what each modality lost on the way there and back."""
        space, known = self._space(inputs, present), there(inputs, present)
        logits = self.decision(space)
        total = cost(logits, targets, smoothing)
        for m, (back, x) in enumerate(zip(self.back, inputs, strict=True)):
            lost = ((back(space) - hidden(x, known[:, m])) ** 2).mean(1)
            total = total + self.weight * known[:, m] * lost / len(self.back)
        return total, logits


class TwoStages(Head):
    """System F: what is seen is joined first and trained; then what is heard joins, and all is trained on.

    The last input is the second stage's; those before it are the first's. Half of the training each.
    """

    def __init__(self, sizes: list[int], num_classes: int, units: int = 128) -> None:
        super().__init__()
        self.first = Branches(sizes[:-1], units)
        self.joined = nn.Sequential(nn.Linear(units * (len(sizes) - 1), units), nn.ReLU(), Dropout(0.5))
        self.early = nn.Linear(units, num_classes)
        self.second = branch(sizes[-1], units)
        self.decision = decision(2 * units, num_classes)

    def _seen(self, inputs, known) -> Tensor:
        seen = self.joined(self.first(inputs[:-1], known[:, :-1]).flatten(1))
        return seen * known[:, :-1].any(1, keepdim=True)  # (B, U)

    def forward(self, *inputs: Tensor, present: Tensor | None = None) -> Tensor:
        """(B, D) each -> (B, C)."""
        known = there(inputs, present)
        heard = self.second(hidden(inputs[-1], known[:, -1])) * known[:, -1:]
        return self.decision(torch.cat([self._seen(inputs, known), heard], 1))

    def losses(self, inputs, present, targets, progress, smoothing):
        """In the first half what the first stage's own decision costs, then as every head."""
        if progress >= 0.5:
            return super().losses(inputs, present, targets, progress, smoothing)
        logits = self.early(self._seen(tuple(inputs), there(inputs, present)))
        return cost(logits, targets, smoothing), logits
