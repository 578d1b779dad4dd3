"""Derive confusions.csv from the human ratings of CREMA-D.

python -m emostudy.corpora.emosynth.make_tables --ratings <folder of cremad_ratings>
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from emostudy.corpora.emosynth.tables import CONFUSIONS, EMOTIONS, sharpen, text_table

ANSWERS = ["A", "D", "F", "H", "N", "S"]  # in the order of EMOTIONS
INTENDED = ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]
WAYS = {"speech": 1, "face": 2}  # the first digit of a row's number tells how the clip was presented
POWERS = {"speech": 2.0, "face": 1.75}
HEADER = """\
# Derived from processedResults/tabulatedVotes.csv of CREMA-D (Cao et al. 2014,
# doi:10.1109/TAFFC.2014.2336244), https://github.com/CheyneyComputerScience/CREMA-D,
# Open Database License 1.0; this table is under the same licence. Text is assumed, not derived.
# Written by python -m emostudy.corpora.emosynth.make_tables
"""


def rater_shares(ratings: str | Path, modality: str) -> np.ndarray:
    """Mean over clips of the share of raters who gave each answer: (C intended, C answered)."""
    path = Path(ratings) / "processedResults" / "tabulatedVotes.csv"
    if not path.is_file():
        raise ValueError(f"{path} is not there: give the folder that holds CREMA-D's processedResults")
    votes = pd.read_csv(path, index_col=0)
    votes = votes[votes.index // 100_000 == WAYS[modality]]
    shares = votes[ANSWERS].div(votes[ANSWERS].sum(axis=1), axis=0)
    return shares.groupby(votes["fileName"].str.split("_").str[2]).mean().loc[INTENDED].to_numpy()


def make_tables(ratings: str | Path) -> pd.DataFrame:
    """All tables as rows: kind, modality, emotion (true), then one column per emotion shown, six decimals."""
    raters = {m: rater_shares(ratings, m) for m in ("face", "speech")}
    sharpened = {m: sharpen(shares, POWERS[m]) for m, shares in raters.items()} | {"text": text_table()}
    rows = []
    for kind, tables in (("raters", raters), ("sharpened", sharpened)):
        for modality, table in tables.items():
            frame = pd.DataFrame(table, columns=list(EMOTIONS)).round(6)
            rows.append(frame.assign(kind=kind, modality=modality, emotion=EMOTIONS))
    return pd.concat(rows)[["kind", "modality", "emotion", *EMOTIONS]].reset_index(drop=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", required=True, help="folder with CREMA-D's processedResults")
    parser.add_argument("--out", type=Path, default=CONFUSIONS)
    options = parser.parse_args()
    with open(options.out, "w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER)
        make_tables(options.ratings).to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
