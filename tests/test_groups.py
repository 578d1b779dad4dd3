"""Groups of speakers: scores are those of their clips, gaps are tested against speakers dealt at random."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import groups
from emostudy.figures.groups import groups as drawn
from emostudy.figures.groups import groups_alt
from emostudy.intervals import overall, pooled


@pytest.fixture
def corpus():
    corpus = toys.corpus()
    corpus.card.update(cluster="speaker", metric="UAR")
    speakers = sorted(corpus.clips.speaker.unique())
    gender = {name: ("female", "male")[number % 2] for number, name in enumerate(speakers)}
    return replace(corpus, clips=corpus.clips.assign(gender=corpus.clips.speaker.map(gender)))


def predictions(corpus, women: float, men: float) -> pd.DataFrame:
    """Test rows of a model that reads women and men as well as these skills say."""
    of = dict(zip(corpus.clips.clip_id, corpus.clips.gender, strict=True))
    parts = []
    for gender, skill in (("female", women), ("male", men)):
        rows = toys.predictions("a", skill=skill, protocol="speaker_independent", corpus_=corpus)
        parts.append(rows[rows.clip_id.map(of) == gender])
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows.part == "test"]


def test_a_groups_score_is_that_of_its_clips_alone(corpus):
    rows = predictions(corpus, 2.0, 1.0)
    table = groups.table(rows, corpus, num_draws=200).set_index("group")
    for gender in ("female", "male"):
        own = rows[rows.speaker.map(dict(zip(corpus.clips.speaker, corpus.clips.gender, strict=True))) == gender]
        pool = pooled(own, corpus.emotions, "speaker")
        assert table.value[gender] == pytest.approx(overall(pool, np.ones((1, pool.num_clusters)), "UAR")[0])
        assert table.num_speakers[gender] == own.speaker.nunique() and table.num_clips[gender] == len(own)
    assert table.gap.iloc[0] == pytest.approx(np.ptp(table.value))


def test_a_real_gap_is_shown_and_none_where_there_is_none(corpus):
    real, none = (
        groups.table(predictions(corpus, *skills), corpus, num_draws=500) for skills in ((4.0, 0.5), (1.5, 1.5))
    )
    assert real.group.iloc[0] == "female" and real.p_holm.iloc[0] < 0.05
    assert none.p_holm.iloc[0] > 0.05


def test_without_a_gap_p_is_spread_evenly(corpus):
    rng, below = np.random.default_rng(0), 0
    for _ in range(60):
        speakers = sorted(corpus.clips.speaker.unique())
        dealt = dict(
            zip(speakers, rng.permutation(["female", "male"] * (len(speakers) // 2 + 1))[: len(speakers)], strict=True)
        )
        other = replace(corpus, clips=corpus.clips.assign(gender=corpus.clips.speaker.map(dealt)))
        below += groups.table(predictions(corpus, 1.5, 1.5), other, num_draws=20).p_value.iloc[0] < 0.1
    assert below < 15, "about six of sixty"


def test_what_is_known_of_speakers(corpus):
    assert set(groups.attributes(corpus)) == {"gender"}
    one = replace(corpus, clips=corpus.clips.assign(gender="female"))
    assert groups.attributes(one) == {} and groups.table(predictions(corpus, 1.0, 1.0), one).empty
    some = replace(
        corpus, clips=corpus.clips.assign(gender=corpus.clips.gender.where(corpus.clips.gender == "female", ""))
    )
    assert groups.attributes(some) == {}, "what is not known is no group"


@pytest.mark.parametrize(
    ("years", "said"),
    [("29", "under 30"), (30, "30 to 49"), ("49.5", "30 to 49"), ("50", "50 and over"), ("old", "old")],
)
def test_ages_are_read_in_three_groups(years, said):
    assert groups.age_group(years) == said


def test_skins_in_halves():
    assert (groups.tone_group("0.2"), groups.tone_group(0.5)) == ("lighter", "darker")


def test_too_few_speakers_have_a_score_and_no_interval_or_p(corpus):
    few = sorted(corpus.clips.speaker.unique())[:4]
    rows = predictions(corpus, 2.0, 1.0)
    table = groups.table(rows[rows.speaker.isin(few)], corpus, num_draws=20)
    assert table.value.notna().all() and table[["ci_low", "gap_low", "p_value", "p_holm"]].isna().all(axis=None)
    assert "too few for an interval" in groups.smallest(table)


def test_no_p_where_speakers_are_not_what_is_resampled(corpus):
    corpus.card["cluster"] = "clip_id"
    assert groups.table(predictions(corpus, 4.0, 0.5), corpus, num_draws=20).p_value.isna().all()


def test_single_speakers_from_the_worst_to_the_best(corpus):
    rows = predictions(corpus, 3.0, 0.5)
    table = groups.spread(rows)
    of = groups.of_speakers(rows)
    assert table.worst[0] == of.min() and table.best[0] == of.max() and table.num_speakers[0] == len(of)
    assert groups.range_of(table, "a") == pytest.approx(100 * np.ptp(of))
    assert groups.num_below(rows, "a", 0.5) == (of < 0.5).sum()


def test_words_and_figure(corpus):
    rows = predictions(corpus, 4.0, 0.5)
    table = groups.table(rows, corpus, num_draws=100)
    worded = groups.worded(table, {"a": "Model A"})
    assert worded["gap (points)"].tolist()[1] == "" and worded.system.tolist() == ["Model A"] * 2
    assert "Of 1 gaps between groups 1 are shown: female best by Model A" in groups.findings(
        table, groups.spread(rows), {"a": "Model A"}
    )
    assert groups.largest_gap(table) == pytest.approx(100 * table.gap[0]) and groups.largest_gap(table[:0]) == 0
    fig = drawn(table, {"a": "Model A"}, "speaker_independent", chance=1 / 3)
    labels = {box.get_label() for box in fig.axes[0].containers}
    assert labels == {"_a gender female", "_a gender male"} and "female" in groups_alt(table, {})
    assert (
        groups.smallest(table[:0]).startswith("Nothing is known")
        and len(groups.spread_worded(groups.spread(rows), {})) == 1
    )
