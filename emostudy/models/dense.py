"""Multilayer perceptrons on feature vectors."""

from torch import nn


def mlp(
    num_features: int, num_classes: int, hidden: tuple[int, ...] = (128, 128), dropout: float = 0.2
) -> nn.Sequential:
    """(B, D) -> (B, C): dense layers with ReLU and dropout, then dense C."""
    layers = []
    for units in hidden:
        layers += [nn.Linear(num_features, units), nn.ReLU(), nn.Dropout(dropout)]
        num_features = units
    return nn.Sequential(*layers, nn.Linear(num_features, num_classes))
