"""Networks on speech."""

import torch
from torch import Tensor, nn


class LinearLSTM(nn.Module):
    """An LSTM layer with the identity in place of tanh, as system F states; torch's own cannot be told to.

    Gates stay logistic. Starting values as in F's framework: orthogonal recurrence, forget bias 1.
    """

    def __init__(self, num_features: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.input = nn.Linear(num_features, 4 * units)
        self.recurrent = nn.Linear(units, 4 * units, bias=False)
        nn.init.xavier_uniform_(self.input.weight)
        nn.init.orthogonal_(self.recurrent.weight)
        nn.init.zeros_(self.input.bias)
        nn.init.ones_(self.input.bias[units : 2 * units])

    def forward(self, sequence: Tensor) -> Tensor:
        """(B, T, D) -> the last output (B, units)."""
        hidden = cell = sequence.new_zeros(len(sequence), self.units)
        for step in self.input(sequence).unbind(1):  # T times (B, 4 * units)
            entry, forget, candidate, out = (step + self.recurrent(hidden)).chunk(4, dim=1)
            cell = torch.sigmoid(forget) * cell + torch.sigmoid(entry) * candidate
            hidden = torch.sigmoid(out) * cell
        return hidden


class MfccLSTM(nn.Module):
    """System F's speech model: LSTM of 123 units over 40 averaged MFCCs read as 40 steps of one number, then dense 64, 32, C."""

    def __init__(self, num_classes: int, units: int = 123, linear: bool = True) -> None:
        super().__init__()
        self.lstm = LinearLSTM(1, units) if linear else nn.LSTM(1, units, batch_first=True)
        self.head = nn.Sequential(
            *(nn.Linear(units, 64), nn.ReLU(), nn.Dropout(0.2)),
            *(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2)),
            nn.Linear(32, num_classes),
        )

    def forward(self, coefficients: Tensor) -> Tensor:
        """(B, 40) -> (B, C)."""
        output = self.lstm(coefficients.unsqueeze(2))  # (B, 40) -> (B, 40, 1) -> (B, units)
        last = output if isinstance(output, Tensor) else output[0][:, -1]
        return self.head(last)
