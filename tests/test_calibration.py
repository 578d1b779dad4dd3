"""What confidence is worth: known temperatures are found, diagrams and curves are what a plain loop gives."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import calibration
from emostudy.chosen import chosen
from emostudy.figures import calibration as figures
from emostudy.metrics import NUM_BINS
from emostudy.predictions import columns_of
from emostudy.scores import score
from emostudy.wording import not_drawn, too_few

COLUMNS = columns_of(toys.EMOTIONS)


@pytest.fixture
def corpus():
    corpus = toys.corpus()
    corpus.card.update(cluster="speaker", metric="UAR")
    return corpus


def sharpened(rows: pd.DataFrame, by: float, part: str = "") -> pd.DataFrame:
    """The same decisions, `by` times as sure in logits; of one part, or of both."""
    logits = np.log(rows[COLUMNS].to_numpy(float).clip(1e-12)) * (
        by if not part else np.where(rows.part == part, by, 1.0)[:, None]
    )
    values = np.exp(logits - logits.max(1, keepdims=True))
    return rows.assign(**pd.DataFrame(values / values.sum(1, keepdims=True), columns=COLUMNS, index=rows.index))


def honest_rows(**told) -> pd.DataFrame:
    """A model whose probabilities are true: labels are drawn from them."""
    rows = toys.predictions("true", skill=1.5, **told)
    rng = np.random.default_rng(0)
    drawn = [rng.choice(len(COLUMNS), p=row / row.sum()) for row in rows[COLUMNS].to_numpy(float)]
    return rows.assign(emotion=np.array(toys.EMOTIONS)[drawn])


@pytest.mark.parametrize("by", [0.5, 1.0, 3.0])
def test_a_temperature_undoes_what_made_a_model_too_sure_or_not_sure_enough(by):
    rows = honest_rows()
    found = calibration.at_temperatures(sharpened(rows, by), toys.EMOTIONS)
    assert found.groupby("fold").temperature.first().mean() == pytest.approx(by, rel=0.35)
    before = rows[rows.part == "test"].sort_values(["fold", "clip_id"])
    after = found.sort_values(["fold", "clip_id"])
    assert (after.predicted.to_numpy() == before.predicted.to_numpy()).all() and set(after.condition) == {"calibrated"}


def test_temperatures_come_from_dev_of_the_same_run_and_runs_without_dev_are_left_out():
    rows = honest_rows()
    other_test = rows.assign(emotion=np.where(rows.part == "test", toys.EMOTIONS[0], rows.emotion))
    same = calibration.at_temperatures(other_test, toys.EMOTIONS).temperature.unique()
    assert set(same) == set(calibration.at_temperatures(rows, toys.EMOTIONS).temperature.unique())
    assert len(same) == 5, "one for each fold"
    assert calibration.at_temperatures(rows[rows.part == "test"], toys.EMOTIONS).empty


def test_reliability_is_a_plain_count(corpus):
    rows = toys.predictions("a", skill=1.0).query("part == 'test'")
    table = calibration.reliability(rows, corpus, num_draws=50)
    assert table.num_clips.sum() == len(rows)
    sure, right = rows[COLUMNS].max(axis=1), rows.emotion == rows.predicted
    for row in table.itertuples():
        inside = (sure > row.bin / NUM_BINS) & (sure <= (row.bin + 1) / NUM_BINS)
        assert row.right == pytest.approx(right[inside].mean()) and row.sure == pytest.approx(sure[inside].mean())
        assert np.isnan(row.ci_low) or row.ci_low <= row.right <= row.ci_high


def test_the_surest_first_and_all_at_the_end():
    rows = toys.predictions("a", skill=1.0).query("part == 'test'")
    curve = calibration.coverage(rows, toys.EMOTIONS)
    assert curve.right.iloc[-1] == pytest.approx((rows.emotion == rows.predicted).mean())
    surest = rows.assign(sure=rows[COLUMNS].max(axis=1)).nlargest(len(rows) // 2, "sure")
    at_half = np.interp(0.5, curve.answered, curve.right)
    assert at_half == pytest.approx((surest.emotion == surest.predicted).mean(), abs=0.03)
    assert np.all(
        np.diff(calibration.coverage(rows.assign(**dict.fromkeys(COLUMNS, 1 / 3)), toys.EMOTIONS).right)
        == pytest.approx(0)
    )


def test_knowing_nothing_of_ones_own_errors_gains_nothing_and_knowing_all_gains_most():
    rows = toys.predictions("a", skill=1.0).query("part == 'test'").copy()
    right = (rows.emotion == rows.predicted).to_numpy()
    told = np.where(right, 0.9, 0.5)
    others = (1 - told) / 2
    values = np.where(rows.predicted.to_numpy()[:, None] == np.array(toys.EMOTIONS), told[:, None], others[:, None])
    knows = rows.assign(**pd.DataFrame(values, columns=COLUMNS, index=rows.index))
    curve = calibration.coverage(knows, toys.EMOTIONS)
    assert np.interp(right.mean() * 0.95, curve.answered, curve.right) == pytest.approx(1.0)


@pytest.fixture
def tables(corpus):
    rows = pd.concat(
        [toys.predictions("a", skill=2.0, protocol=name) for name in ("random", "speaker_independent")],
        ignore_index=True,
    )
    rows = sharpened(rows, 8.0)
    test, cooled = rows[rows.part == "test"], calibration.at_temperatures(rows, toys.EMOTIONS)
    covered = calibration.coverage(test, toys.EMOTIONS)
    table = calibration.table(score(test, corpus), score(cooled, corpus), covered, cooled)
    return table, covered, calibration.reliability(test, corpus, num_draws=50)


def test_the_table_has_both_sides_and_its_words(tables):
    table, covered, _ = tables
    assert len(table) == 2 and (table.ECE_calibrated < table.ECE).all() and (table.Brier_calibrated < table.Brier).all()
    assert calibration.num_worsened(table, "random") == 0 and calibration.least_calibrated(table, "random") == "a"
    assert calibration.right_of(covered, "a", "random", 1.0) == pytest.approx(100 * table.right_100.iloc[0])
    worded = calibration.worded(table, {"a": "Model A"})
    assert worded.system.tolist() == ["face: Model A"] * 2 and worded.protocol.tolist() == [
        "random split",
        "new speakers",
    ]
    assert "Right of all clips, and of the surer half: a" in calibration.findings(table, "random", {})
    assert worded["temperature"].str.fullmatch(r"\d+\.\d\d( \(bound\))?").all()


def test_the_diagram_and_ece_are_of_the_same_bins(tables):
    table, _, reliability = tables
    for row in table.itertuples():
        of = reliability[reliability.protocol == row.protocol]
        assert pytest.approx((np.abs(of.right - of.sure) * of.num_clips).sum() / of.num_clips.sum()) == row.ECE


def test_figures_have_a_panel_per_protocol_and_say_what_they_show(tables):
    _, covered, reliability = tables
    for fig in (figures.reliability(reliability), figures.coverage(covered)):
        assert [ax.get_title(loc="right").strip() for ax in fig.axes] == ["random split", "new speakers"]
        assert all(any(line.get_label() == "_face" for line in ax.lines) for ax in fig.axes)
    assert "Random split: face" in figures.reliability_alt(reliability) and "of the surer half" in figures.coverage_alt(
        covered
    )


def test_what_stands_for_each_modality_and_for_all_together_is_chosen_by_dev(corpus):
    made = [
        ("a", "face", 1.0),
        ("b", "face", 3.0),
        ("c", "speech", 1.0),
        ("late", "face+speech", 2.0),
        ("line", "none", 9.0),
    ]
    rows = pd.concat([toys.predictions(*one) for one in made], ignore_index=True)
    found = chosen(rows, corpus, "random")
    assert set(found.recipe) == {"b", "c", "late"} and set(found.part) == {"dev", "test"}
    with pytest.raises(ValueError, match="no system ran under 'random'"):
        chosen(rows[rows.recipe == "line"], corpus, "random")


def test_protocols_of_a_handful_of_test_clips_are_left_out_and_named():
    counts = {"as_published:100_clips": 10, "official": 2610}
    records = pd.DataFrame({"protocol": list(counts), "num_clips": list(counts.values())})
    clips = pd.DataFrame([(name, number) for name, count in counts.items() for number in range(count)])
    for frame in (records, clips.set_axis(["protocol", "clip_id"], axis=1)):
        assert too_few(frame) == {"as_published:100_clips": 10}
    assert not_drawn(too_few(records)) == " Not drawn: 100 clips as published, of 10 test clips (fewer than 100)."
    assert too_few(records[:1]) == {} and not_drawn({}) == "", "never all"


def test_a_protocol_of_few_test_clips_is_left_out_and_named_unless_it_is_the_honest_one():
    many, few = (toys.predictions("a", protocol=name).query("part == 'test'") for name in ("official", "random"))
    many = pd.concat([many.assign(clip_id=many.clip_id + by) for by in "xyz"])
    small = too_few(pd.concat([many, few[few.clip_id.isin(few.clip_id.unique()[:10])]]))
    assert (
        small == {"random": 10} and not_drawn(small) == " Not drawn: random split, of 10 test clips (fewer than 100)."
    )
    honest = few.assign(protocol="speaker_independent").groupby("emotion").head(3)
    assert too_few(pd.concat([many, honest])) == {} and not_drawn({}) == ""


def test_how_sure_and_how_often_right_is_told_with_its_interval_and_of_how_many(corpus):
    rows = toys.predictions("net", skill=1.5, protocol="random")
    kept = {}
    lesson = SimpleNamespace(
        corpus=corpus,
        cluster="speaker",
        protocols=["random"],
        titles={"net": "a net"},
        table=lambda *told: kept.update(numbers=told[0], worded=told[3], note=told[4]),
    )
    calibration.sureness(lesson, pd.concat([rows, rows.assign(protocol="other", predicted="fear")]), "How sure")
    test, (row,) = rows[rows.part == "test"], kept["numbers"].to_dict("records")
    assert row["sure"] == pytest.approx(test[COLUMNS].max(axis=1).mean())
    assert row["right"] == pytest.approx((test.emotion == test.predicted).mean())
    assert row["too_sure"] == pytest.approx(row["sure"] - row["right"])
    assert (row["num_clips"], row["num_clusters"]) == (test.clip_id.nunique(), test.speaker.nunique())
    assert kept["worded"].recipe.tolist() == ["a net"] and f"{test.clip_id.nunique()} clips of" in kept["note"]
