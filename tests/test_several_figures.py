"""Figures and examples of clips with several labels; of clips with one they are what they were."""

import numpy as np
import pandas as pd
import pytest
import toys
from test_several import corpus, run

from emostudy import examples, figures, metrics, records, tables
from emostudy import predictions as preds
from emostudy.figures.systems import mean_confusion
from emostudy.scores import score
from emostudy.several_metrics import taken

E = toys.EMOTIONS


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Predictions of a network, under a protocol that figures draw, and its folder."""
    folder = tmp_path_factory.mktemp("several")
    return run(folder, corpus(signal=1.0), toys.NET)[0].assign(protocol="random"), folder


def test_what_is_taken_for_what_leaves_out_labels_that_are_there():
    y = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]], bool)
    said = np.array([[1, 1, 1], [0, 1, 0], [0, 0, 1]], bool)
    assert taken(y, said).tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]


def test_of_one_emotion_a_clip_that_is_the_confusion_matrix():
    rows = toys.predictions()
    y, said, _ = preds.arrays(rows, E)
    counts, share = mean_confusion(rows, E)
    expected = metrics.confusion(y, said, 3)
    assert np.array_equal(counts, expected) and np.allclose(share, expected / expected.sum(1, keepdims=True))


def test_confusions_and_roc_curves_are_drawn_and_told(made):
    found, _ = made
    test = found[found.part == "test"]
    fig = figures.confusions(found, E, "net", "clip_id")
    y, said, probabilities = preds.matrices(test, E)
    drawn = np.diag(np.asarray(fig.axes[0].images[0].get_array()))
    assert drawn == pytest.approx((y & said).sum(0) / y.sum(0))
    assert any("need not sum to 100" in text.get_text() for text in fig.texts)
    assert "recognised best" in figures.confusions_alt(found, E, "net")
    areas = figures.roc_curves_alt(found, E, "net")
    assert f"{E[0]} {100 * _area(y[:, 0], probabilities[:, 0]):.0f}" in areas
    assert len(figures.roc_curves(found, E, "net", "clip_id").axes) >= 3


def _area(true: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs that the clip with the label wins."""
    return float((scores[true][:, None] > scores[~true]).mean() + (scores[true][:, None] == scores[~true]).mean() / 2)


def test_learning_curves_show_the_score_that_chose(made):
    found, folder = made
    history = records.curves(folder, [found.run_id.iloc[0]]).assign(protocol="random")
    fig = figures.learning_curves(history, "net", "net", chance=1 / 3)
    assert fig.axes[0].get_ylabel() == "macro F1 (%)" and not any(
        line.get_label() == "_chance" for line in fig.axes[0].lines
    )
    assert "when macro F1 is" in figures.learning_curves_alt(history, "net", "net")


def test_the_table_of_emotions_and_the_examples_know_sets(made):
    found, _ = made
    table = tables.per_class(score(found, corpus()), "net", "face")
    assert table.emotion.tolist() == list(E) and table.notna().all(axis=None)
    picked = examples.right_and_wrong(found, "net", "random", E)
    right = picked.kind == "right"
    assert (
        right.any()
        and (picked.emotion == picked.predicted)[right].all()
        and (picked.emotion != picked.predicted)[~right].all()
    )
    assert "anger|joy" in "".join(found.emotion) and "said" in examples.show_sentences(picked, corpus()).data


def test_what_is_wrong_and_sure_is_sure_of_a_label_that_is_not_there():
    head = {"recipe": "net", "protocol": "random", "part": "test", "seed": 0, "speaker": "", "kind": ""}
    columns = ["clip_id", "emotion", "predicted", *preds.columns_of(E)]
    rows = [
        ("lacks", "anger|joy", "joy", 0.1, 0.0, 0.99),  # says nothing that is wrong
        ("adds", "joy", "anger|joy", 0.6, 0.7, 0.98),  # fear reaches no threshold: it was not said
        ("other", "joy", "fear", 0.1, 0.8, 0.2),
        ("right", "anger|joy", "anger|joy", 0.7, 0.1, 0.9),
    ]
    picked = examples.right_and_wrong(pd.DataFrame(rows, columns=columns).assign(**head), "net", "random", E, num=1)
    told = {row.clip_id: (row.kind, row.label, row.sure) for row in picked.itertuples()}
    sure = {"other": ("wrong and sure", "fear", 0.8), "adds": ("wrong", "anger", 0.6), "right": ("right", "joy", 0.9)}
    assert told == sure
    page = examples.show_sentences(picked.assign(clip_id=corpus().clips.clip_id[:3].tolist()), corpus()).data
    assert "said <b>anger|joy</b> (anger, p = 0.60)" in page and "said <b>fear</b> (p = 0.80)" in page
