"""All figures of results, in one place: each function takes frames and returns a figure; `<figure>_alt` tells its finding."""

from emostudy.fusion_figures import differences, differences_alt, fusion, fusion_alt
from emostudy.protocol_figures import gap_alt, gap_to_ceiling, protocols, protocols_alt
from emostudy.speaker_figures import per_speaker, per_speaker_alt
from emostudy.style import FULL, HALF, save
from emostudy.system_figures import (
    class_recall,
    class_recall_alt,
    confusions,
    confusions_alt,
    learning_curves,
    learning_curves_alt,
    roc_curves,
    roc_curves_alt,
)

__all__ = [
    "FULL",
    "HALF",
    "class_recall",
    "class_recall_alt",
    "confusions",
    "confusions_alt",
    "differences",
    "differences_alt",
    "fusion",
    "fusion_alt",
    "gap_alt",
    "gap_to_ceiling",
    "learning_curves",
    "learning_curves_alt",
    "per_speaker",
    "per_speaker_alt",
    "protocols",
    "protocols_alt",
    "roc_curves",
    "roc_curves_alt",
    "save",
]
