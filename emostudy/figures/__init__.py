"""Figures: each takes frames or arrays and returns a figure, never shows it; `<name>_alt` tells its finding in words."""

from emostudy.figures.ablations import shares, shares_alt, sizes, sizes_alt
from emostudy.figures.clips import dialogue, dialogue_alt, sounds, sounds_alt
from emostudy.figures.corpora import (
    confusion_tables,
    confusion_tables_alt,
    contact_sheet,
    contact_sheet_alt,
    crops,
    emotion_counts,
    emotion_counts_alt,
)
from emostudy.figures.curves import all_curves, all_curves_alt, learning_curves, learning_curves_alt
from emostudy.figures.fusions import differences, differences_alt, fusion, fusion_alt
from emostudy.figures.leaks import (
    falls,
    falls_alt,
    ladder,
    ladder_alt,
    leaks,
    leaks_alt,
    scatter_of_seeds,
    scatter_of_seeds_alt,
)
from emostudy.figures.overview import gap_alt, gap_to_ceiling, protocols, protocols_alt
from emostudy.figures.robustness import missing, missing_alt, spoilt, spoilt_alt
from emostudy.figures.roc import roc_curves, roc_curves_alt
from emostudy.figures.speakers import per_speaker, per_speaker_alt
from emostudy.figures.style import FULL, HALF, save
from emostudy.figures.systems import (
    class_recall,
    class_recall_alt,
    confusions,
    confusions_alt,
)
from emostudy.figures.verdicts import verdicts, verdicts_alt

__all__ = [
    "FULL",
    "HALF",
    "all_curves",
    "all_curves_alt",
    "class_recall",
    "class_recall_alt",
    "confusion_tables",
    "confusion_tables_alt",
    "confusions",
    "confusions_alt",
    "contact_sheet",
    "contact_sheet_alt",
    "crops",
    "dialogue",
    "dialogue_alt",
    "differences",
    "differences_alt",
    "emotion_counts",
    "emotion_counts_alt",
    "falls",
    "falls_alt",
    "fusion",
    "fusion_alt",
    "gap_alt",
    "gap_to_ceiling",
    "ladder",
    "ladder_alt",
    "leaks",
    "leaks_alt",
    "learning_curves",
    "learning_curves_alt",
    "missing",
    "missing_alt",
    "per_speaker",
    "per_speaker_alt",
    "protocols",
    "protocols_alt",
    "roc_curves",
    "roc_curves_alt",
    "save",
    "scatter_of_seeds",
    "scatter_of_seeds_alt",
    "shares",
    "shares_alt",
    "sizes",
    "sizes_alt",
    "sounds",
    "sounds_alt",
    "spoilt",
    "spoilt_alt",
    "verdicts",
    "verdicts_alt",
]
