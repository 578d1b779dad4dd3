"""Learning curves: every protocol has its panel, every network its own, and one run that leaps does not flatten the rest."""

import io

import numpy as np
import pandas as pd
import pytest
from test_figures import made_curves, words

from emostudy import figures
from emostudy.figures import style
from emostudy.figures.curves import MOST_NETWORKS, MOST_PROTOCOLS


def under(*protocols):
    """The curves of one protocol under others, with other folds."""
    rows = made_curves().query("protocol == 'random'")
    each = [rows.assign(protocol=name, run_id=f"{name} " + rows.run_id) for name in protocols]
    return pd.concat([*each, each[0].query("fold == 0").assign(protocol="as_published:80_20")], ignore_index=True)


def networks(num):
    """As many networks, each better on dev than the one before."""
    rows = made_curves()
    return pd.concat(
        [
            rows.assign(recipe=f"net{at}", run_id=f"{at} " + rows.run_id, dev_uar=rows.dev_uar / 2 + at / 50)
            for at in range(num)
        ]
    )


def test_every_protocol_that_ran_has_a_column_the_honest_one_last():
    curves = under("random", "speaker_independent")
    fig = figures.learning_curves(curves, "cnn", "CNN", 0.5)
    top = [ax.get_title(loc="left") for ax in fig.axes[:3]]
    assert top == ["random split", "80/20 as published", "new speakers"] and fig.get_size_inches()[0] == style.FULL
    assert any(word.startswith("2 and 1 folds, 1 seed") for word in words(fig))
    assert "80/20 as published: kept after 2 epochs" in figures.learning_curves_alt(curves, "cnn", "CNN")
    many = under("random", "official", "sentence_independent", "leave_one_speaker_out", "speaker_independent")
    titles = [ax.get_title(loc="left") for ax in figures.learning_curves(many, "cnn", "CNN").axes[:MOST_PROTOCOLS]]
    assert titles[0] == "random split" and titles[-1] == "new speakers" and all(titles)


def test_a_run_that_leaps_does_not_flatten_the_rest():
    rows = made_curves()
    calm = pd.concat([rows.assign(run_id=f"{at} " + rows.run_id) for at in range(20)], ignore_index=True)
    leaping = calm.assign(dev_loss=calm.dev_loss.where(calm.index != 2, 9.0))  # mean of 40 runs: from 0.75 to about 1
    (bottom, top), (low, high) = (
        figures.learning_curves(one, "cnn", "CNN").axes[2].get_ylim() for one in (calm, leaping)
    )
    assert top - bottom < high - low < 1.5 * (top - bottom)


def test_names_of_lines_that_end_together_stand_a_line_apart():
    curves = made_curves().assign(train_uar=lambda t: t.dev_uar + 0.001, train_loss=lambda t: t.dev_loss)
    fig = figures.learning_curves(curves, "cnn", "CNN", 0.1)
    fig.savefig(io.BytesIO(), dpi=style.DPI)
    for ax in fig.axes:
        train, dev = (text.get_window_extent() for text in ax.texts if text.get_text() in ("train", "dev"))
        assert abs(train.y0 - dev.y0) >= 7 * style.DPI / 72
    chance = next(text for text in fig.axes[0].texts if text.get_text() == "chance")
    assert chance.get_window_extent().y1 <= fig.axes[0].transData.transform((0, 10))[1]
    assert chance.get_window_extent().y0 >= fig.axes[0].get_window_extent().y0


def test_every_network_has_a_panel_the_best_on_dev_first():
    fig = figures.all_curves(networks(3), {"net2": "the best"}, 0.1)
    drawn = [ax for ax in fig.axes if ax.lines]
    assert [ax.get_title(loc="left") for ax in drawn] == ["the best", "net1", "net0"]
    assert [ax.get_xlabel() for ax in drawn] == ["", "epoch", "epoch"]  # below the lowest of each of two columns
    lines = {line.get_label(): line for line in drawn[0].lines}
    assert lines["_dev mean"].get_ydata()[0] == pytest.approx(100 * ((0.3 + 0.32) / 4 + 0.04))
    assert lines["_kept"].get_xdata().tolist() == [2, 3] and "_train mean" in lines
    kept = 100 * (np.mean([0.8 - 0.25, 0.8 - 0.5 / 3 + 0.02]) / 2 + 0.04)
    assert f"{kept:.1f} at 2 to 3" in words(fig) and any(
        word.startswith("New speakers; 2 folds") for word in words(fig)
    )
    told = figures.all_curves_alt(networks(3), {"net2": "the best"})
    assert (
        told.startswith("UAR in percent on dev clips of 3 networks on new speakers")
        and f": the best {kept:.1f} after 2 to 3 epochs" in told
    )


def test_of_many_networks_the_best_are_drawn_and_one_alone_gets_a_sentence():
    fig, told = figures.all_curves(networks(14), {}), figures.all_curves_alt(networks(14), {})
    assert sum(bool(ax.lines) for ax in fig.axes) == MOST_NETWORKS
    assert "12 of 14 networks" in told and "net13" in told and "net1 " not in told
    assert any("12 of 14 networks, those that dev likes best" in " ".join(word.split()) for word in words(fig))
    assert figures.all_curves_alt(made_curves(), {"cnn": "CNN"}).startswith("CNN is the one network here")
    with pytest.raises(ValueError, match="no learning curve"):
        figures.all_curves(made_curves()[:0], {})
