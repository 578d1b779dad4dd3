"""One system under every protocol: which protocol the others are set against, and how far above it they are."""

import pandas as pd

from emostudy.protocols import PROTOCOLS
from emostudy.wording import SHOWN, by_rigour

FEWEST = 50  # test clips; of fewer no difference is told


def reference(rows: pd.DataFrame) -> str:
    """The protocol that the others are set against: new speakers where they are tested, else the one that keeps most apart.

    Args:
        rows: scored, with `protocol` and `num_clips`; those of fewer than `FEWEST` test clips count only where there are no others.
    """
    names = by_rigour(large(rows).protocol if len(large(rows)) else rows.protocol)
    return SHOWN[1] if SHOWN[1] in names else names[-1]


def large(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of protocols that test `FEWEST` clips or more."""
    return rows[rows.num_clips >= FEWEST]


def above(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, system by system, from the most flattering protocol to the most honest, with `above`: points as a share of 1.

    `above` is what a protocol says more than `reference` of the same system; NaN for the reference itself and for too few test clips.
    """
    honest, found = reference(rows), []
    for _, own in rows.groupby(["recipe", "modalities"], sort=False):
        own = own.set_index("protocol", drop=False).loc[by_rigour(own.protocol)]
        base = own.value[honest] if honest in own.index else float("nan")
        told = (own.num_clips >= FEWEST) & (own.protocol != honest)
        found.append(own.assign(above=(own.value - base).where(told)))
    return pd.concat(found, ignore_index=True)


def falls(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per corpus and system that was tested on a random split and on new speakers; reference lines are left out.

    Args:
        rows: of `claim_verdicts.ladders_of`.

    Returns:
        `corpus, metric, title, modalities`; `flattering` and `honest`, each with `_low` and `_high`; `fall`.
    """
    if rows.empty:
        return rows
    known, found = large(rows[rows.modalities != "none"]), []
    for head, own in known.groupby(["corpus", "metric", "title", "modalities"], sort=False):
        own = own.set_index("protocol")
        if set(SHOWN) <= set(own.index):
            row = dict(zip(("corpus", "metric", "title", "modalities"), head, strict=True))
            for role, protocol in zip(("flattering", "honest"), SHOWN, strict=True):
                bounds = own.loc[protocol, ["value", "ci_low", "ci_high"]]
                row |= dict(zip((role, f"{role}_low", f"{role}_high"), bounds, strict=True))
            found.append(row | {"fall": row["flattering"] - row["honest"]})
    return pd.DataFrame(found)


def keeps_nothing(protocol: str) -> bool:
    """Whether a protocol lets everything but the clip itself into train and test."""
    name = protocol.partition(":")[0]
    return name not in PROTOCOLS or not PROTOCOLS[name].keeps_apart
