"""What switching off one choice at a time showed, in words and in tables for people; numbers come from records."""

import pandas as pd

from emostudy.wording import interval, metric_title, modality_title, percent, sentence


def shares(table: pd.DataFrame, apart: pd.DataFrame) -> str:
    """What each modality adds, and between which of them a difference is shown: of `shapley`."""
    rows = table.sort_values("value", ascending=False)
    each = ", ".join(f"{modality_title(row.modality)} {_interval(row, 'value')}" for row in rows.itertuples())
    lines = [f"* Of the {percent(table.value.sum())} points that all have above chance, each adds: {each}."]
    for row in apart.itertuples():
        two = f"{modality_title(row.modality)} minus {modality_title(row.other)}, in pairs"
        verdict = "a difference is shown" if row.ci_low > 0 or row.ci_high < 0 else "no difference shown"
        lines.append(f"* {sentence(two)}: {_interval(row, 'difference')} points, {verdict}.")
    return "\n".join(lines)


def shares_worded(shares: pd.DataFrame) -> pd.DataFrame:
    """`shapley.modality_shares` for people, in points."""
    told = [interval(*row) for row in shares[["value", "ci_low", "ci_high"]].to_numpy(float)]
    clips = shares.num_clips.astype(int)
    return pd.DataFrame({"modality": shares.modality.map(modality_title), "clips": clips, "adds (points)": told})


def sizes(table: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """What more clips and more speakers bring, and which bring more: of `ablations`."""
    lines = []
    for of, rows in table.groupby("of", sort=True):
        few, many = rows.loc[rows.num_train.idxmin()], rows.loc[rows.num_train.idxmax()]
        lines.append(
            f"* From {few.num_train:.0f} to {many.num_train:.0f} training clips, {of}s left out: {_interval(few, 'value')} to "
            f"{_interval(many, 'value')} %."
        )
    for row in pairs.itertuples():
        told = f"{sentence(row.recipe)}, minus {row.baseline}, in pairs"
        lines.append(f"* {told}: {_interval(row, 'difference')} points, {row.verdict} (p after Holm).")
    return "\n".join(lines)


def choices(compared: pd.DataFrame, titles: dict[str, str]) -> str:
    """Which single choices are shown to matter."""
    shown = compared[compared.verdict != "no difference shown"]
    each = ", ".join(
        f"{titles.get(row.recipe, row.recipe)} {_interval(row, 'difference')}" for row in shown.itertuples()
    )
    told = f"{len(shown)} are shown to matter (points, p after Holm < .05)"
    return f"* Of {len(compared)} single choices {told}{': ' if each else ''}{each}."


def varied(compared: pd.DataFrame, network: str, titles: dict[str, str]) -> str:
    """Which ways to vary training clips are shown to help or harm a network."""
    return choices(compared, titles).replace("single choices", f"ways to vary what {network} learns from")


def sizes_worded(sizes: pd.DataFrame) -> pd.DataFrame:
    """`by_size` for people."""
    told = [interval(*row) for row in sizes[["value", "ci_low", "ci_high"]].to_numpy(float)]
    left = {"clip": "single clips", "speaker": "whole speakers"}
    shown = {"left out": sizes.of.map(left), "share kept": [f"{100 * share:.0f} %" for share in sizes.share]}
    num = sizes.num_train.round().astype(int)
    return pd.DataFrame({**shown, "training clips, mean over folds": num, metric_title(sizes.metric.iloc[0]): told})


def _interval(row, value: str) -> str:
    return interval(getattr(row, value), row.ci_low, row.ci_high)
