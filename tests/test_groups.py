"""Groups of speakers: scores are those of their clips, gaps are tested against speakers dealt at random."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import groups
from emostudy.figures.groups import groups as drawn
from emostudy.figures.groups import groups_alt
from emostudy.figures.speakers import MOST, strip, strip_alt
from emostudy.intervals import overall, pooled


@pytest.fixture
def corpus():
    """Twenty speakers of twelve clips each, every second one a woman."""
    one = toys.corpus()
    clips = pd.concat([one.clips.iloc[: 240 // 3]] * 3, ignore_index=True)
    names = [f"s{number % 20:02}" for number in range(len(clips))]
    gender = ["female" if number % 2 else "male" for number in range(len(clips))]
    told = {"clip_id": [f"c{number:03}" for number in range(len(clips))], "speaker": names, "gender": gender}
    emotions = [toys.EMOTIONS[number // 20 % 3] for number in range(len(clips))]
    return replace(
        one, clips=clips.assign(**told, emotion=emotions), card=one.card | {"cluster": "speaker", "metric": "UAR"}
    )


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
    assert real.group.iloc[0] == "female" and real.p_holm.iloc[0] < 0.05 and real.gap_low.iloc[0] > 0
    assert none.p_holm.iloc[0] > 0.05 and none.gap_low.iloc[0] < 0 < none.gap_high.iloc[0]


def test_without_a_gap_p_is_spread_evenly(corpus):
    rng, found = np.random.default_rng(0), []
    rows = predictions(corpus, 1.5, 1.5)
    for _ in range(60):
        dealt = dict(zip(sorted(corpus.clips.speaker.unique()), rng.permutation(["female", "male"] * 10), strict=True))
        other = replace(corpus, clips=corpus.clips.assign(gender=corpus.clips.speaker.map(dealt)))
        found.append(groups.table(rows, other, num_draws=20).p_value.iloc[0])
    assert 10 <= sum(p < 0.5 for p in found) <= 50 and sum(p < 0.1 for p in found) < 15


def test_what_is_known_of_speakers(corpus):
    assert set(groups.attributes(corpus)) == {"gender"}
    one = replace(corpus, clips=corpus.clips.assign(gender="female"))
    assert groups.attributes(one) == {} and groups.table(predictions(corpus, 1.0, 1.0), one).empty
    some = replace(
        corpus, clips=corpus.clips.assign(gender=corpus.clips.gender.where(corpus.clips.gender == "female", ""))
    )
    assert groups.attributes(some) == {}, "what is not known is no group"
    unknown = replace(
        corpus, clips=corpus.clips.assign(gender=corpus.clips.gender.where(corpus.clips.gender == "female", "Unknown"))
    )
    assert groups.attributes(unknown) == {}


@pytest.mark.parametrize(
    ("years", "said"),
    [("29", "under 30"), (30, "30 to 49"), ("49.5", "30 to 49"), ("50", "50 and over"), ("old", "old")],
)
def test_ages_are_read_in_three_groups(years, said):
    assert groups.age_group(years) == said


def test_skins_in_halves():
    assert (groups.tone_group("0.2"), groups.tone_group(0.5)) == ("lighter", "darker")


def test_too_few_speakers_have_a_score_and_no_interval_gap_or_p(corpus):
    few = sorted(corpus.clips.speaker.unique())[:4]
    rows = predictions(corpus, 2.0, 1.0)
    table = groups.table(rows[rows.speaker.isin(few)], corpus, num_draws=20)
    assert table.value.notna().all() and table[["ci_low", "gap", "gap_low", "p_value", "p_holm"]].isna().all(axis=None)
    assert groups.largest_gap(table) == 0 and "1 could not be tested" in groups.findings(table, groups.spread(rows), {})


def test_a_small_group_is_named_and_takes_no_part_in_the_gap(corpus):
    clips = corpus.clips.assign(gender=corpus.clips.gender.where(corpus.clips.speaker != "s00", "other"))
    table = groups.table(predictions(corpus, 4.0, 0.5), replace(corpus, clips=clips), num_draws=100).set_index("group")
    assert np.isnan(table.ci_low["other"]) and table.gap.iloc[0] == pytest.approx(
        table.value["female"] - table.value["male"]
    )
    assert (
        groups.smallest(table.reset_index())
        == "The smallest group is gender *other*: 1 speaker, 12 clips; too few for an interval."
    )


def test_of_more_than_two_groups_the_gap_has_a_test_and_no_interval(corpus):
    thirds = {name: ("a", "b", "c")[number % 3] for number, name in enumerate(sorted(corpus.clips.speaker.unique()))}
    more = pd.concat(
        [corpus.clips, corpus.clips.assign(speaker="t" + corpus.clips.speaker, clip_id="t" + corpus.clips.clip_id)]
    )
    of = thirds | {f"t{name}": group for name, group in thirds.items()}
    large = replace(corpus, clips=more.assign(gender=more.speaker.map(of)).reset_index(drop=True))
    rows = toys.predictions("a", skill=1.5, protocol="speaker_independent", corpus_=large)
    table = groups.table(rows[rows.part == "test"], large, num_draws=20)
    assert len(table) == 3 and table.gap_low.isna().all() and table.p_value.notna().all() and table.ci_low.notna().all()


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


def test_speakers_of_few_clips_are_left_out_and_counted_unless_all_are(corpus):
    rows = pd.concat(
        [predictions(corpus, 2.0, 1.0).assign(clip_id=lambda one, by=by: one.clip_id + by) for by in ("", "x")]
    )
    lonely = rows[rows.speaker == "s00"].head(1)
    table = groups.spread(pd.concat([rows[rows.speaker != "s00"], lonely]))
    assert table.num_speakers[0] == 19 and table.num_left_out[0] == 1
    assert groups.spread(predictions(corpus, 2.0, 1.0)).num_left_out[0] == 0, "all have twelve"


def test_words_and_figure(corpus):
    rows = predictions(corpus, 4.0, 0.5)
    table = groups.table(rows, corpus, num_draws=100)
    worded = groups.worded(table, {"a": "Model A"})
    assert worded["gap (points)"].tolist()[1] == "" and worded.system.tolist() == ["Model A"] * 2
    assert "Of 1 gaps between groups that could be tested 1 are shown: female best by Model A" in groups.findings(
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


def of_two(shares: dict[str, float], num: int = 40) -> pd.DataFrame:
    """Test predictions of one system: of each speaker `num` clips of two emotions, so many right."""
    rows = []
    for speaker, share in shares.items():
        for at in range(num):
            emotion = ("anger", "joy")[at % 2]
            right = at // 2 < share * num / 2
            rows.append((f"{speaker}_{at}", speaker, emotion, emotion if right else "fear"))
    table = pd.DataFrame(rows, columns=["clip_id", "speaker", "emotion", "predicted"])
    return table.assign(recipe="a", modalities="face", seed=0)


def test_every_speaker_has_an_interval_over_their_own_clips():
    each = groups.each_speaker(of_two({"good": 1.0, "bad": 0.2, "middle": 0.5}))
    assert each.speaker.tolist() == ["bad", "middle", "good"] and each.value.tolist() == [0.2, 0.5, 1.0]
    assert each.num_clips.tolist() == [40] * 3
    good, middle = each.iloc[2], each.iloc[1]
    assert good.ci_low == good.ci_high == 1.0
    assert middle.ci_high - middle.ci_low == pytest.approx(2 * 1.96 * (0.25 / 40) ** 0.5, rel=0.15)
    assert each.equals(groups.each_speaker(of_two({"good": 1.0, "bad": 0.2, "middle": 0.5})))


def test_an_interval_grows_with_fewer_clips_and_seeds_do_not_shrink_it():
    wide = groups.each_speaker(of_two({"a": 0.5}, num=20)).iloc[0]
    one = of_two({"a": 0.5}, num=80)
    narrow, again = (groups.each_speaker(rows).iloc[0] for rows in (one, pd.concat([one, one.assign(seed=1)])))
    assert wide.ci_high - wide.ci_low > 1.5 * (narrow.ci_high - narrow.ci_low)
    assert (narrow.ci_low, narrow.ci_high) == (again.ci_low, again.ci_high)


def test_the_strip_names_both_ends_and_who_is_left_out():
    each = groups.each_speaker(of_two({"good": 1.0, "bad": 0.2, "middle": 0.5}))
    fig = strip(each, "one", 0.5, 3)
    told = [text.get_text() for text in fig.axes[0].texts]
    assert "bad: 20.0" in told and "good: 100.0" in told and "chance 50.0" in told
    assert "3 speakers of too few clips left out" in " ".join(text.get_text() for text in fig.texts).replace("\n", " ")
    assert "worst bad with 20.0 [" in strip_alt(each, "one")


def test_of_groups_of_as_many_speakers_that_of_fewer_clips_is_the_smallest():
    rows = pd.DataFrame(
        {
            "attribute": "gender",
            "group": ["female", "male"],
            "num_speakers": 12,
            "num_clips": [720, 719],
            "ci_low": 0.1,
        }
    )
    assert groups.smallest(rows) == "The smallest group is gender *male*: 12 speakers, 719 clips."
    assert "All groups are of the same size: 12 speakers, 720 clips" in groups.smallest(rows.assign(num_clips=720))


def test_what_cannot_be_tested_is_not_told_as_no_difference():
    rows = {"recipe": "a", "modalities": "face", "attribute": "age", "group": ["old", "young"], "value": [0.4, 0.5]}
    rows |= {"ci_low": np.nan, "ci_high": np.nan, "num_speakers": 1, "num_clips": 9, "gap": np.nan}
    table = pd.DataFrame(rows | {"gap_low": np.nan, "gap_high": np.nan, "p_value": np.nan, "p_holm": np.nan})
    assert "(not testable)" in groups_alt(table, {}) and "no difference shown" not in groups_alt(table, {})
    assert groups.worded(table, {})["p (Holm)"].tolist() == ["not testable", ""]


def test_the_smallest_group_is_that_of_fewest_speakers_then_of_fewest_clips(corpus):
    table = groups.table(predictions(corpus, 2.0, 1.0), corpus, num_draws=20)
    assert groups.smallest(table).startswith("All groups are of the same size: 10 speakers, 120 clips")
    fewer = table.assign(num_clips=np.where(table.group == "female", 119, 120))
    assert groups.smallest(fewer).startswith("The smallest group is gender *female*: 10 speakers, 119 clips")


def test_what_cannot_be_tested_is_called_so_and_has_no_interval_in_the_note(corpus):
    few = sorted(corpus.clips.speaker.unique())[:4]
    rows = predictions(corpus, 2.0, 1.0)
    table = groups.table(rows[rows.speaker.isin(few)], corpus, num_draws=20)
    assert "(not testable)" in groups_alt(table, {}) and "not testable" in groups.worded(table, {})["p (Holm)"].iloc[0]
    note = " ".join(drawn(table, {}, "speaker_independent").get_supxlabel().split())
    assert "95 %" not in note and "–: the gap is not testable" in note and "filled" not in note


def test_each_speaker_has_the_score_of_the_own_clips_within_an_interval(corpus):
    rows = predictions(corpus, 3.0, 0.5)
    each = groups.each_speaker(rows, num_draws=200).set_index("speaker")
    of = groups.of_speakers(rows).droplevel(["recipe", "modalities"])
    assert each.value.to_dict() == pytest.approx(of.to_dict()) and each.value.is_monotonic_increasing
    assert (each.ci_low <= each.value).all() and (each.value <= each.ci_high).all() and (each.num_clips == 12).all()


def test_the_strip_tells_women_from_men_and_how_many_of_many_it_draws(corpus):
    each = groups.each_speaker(predictions(corpus, 3.0, 0.5), num_draws=20)
    fig = strip(each, "Model A", 1 / 3, genders=groups.attributes(corpus)["gender"])
    faces = {bar.get_label(): bar.lines[0].get_markerfacecolor() for bar in fig.axes[0].containers}
    assert set(faces) == {"♀ women", "♂ men"} and faces["♂ men"] == "white" != faces["♀ women"]
    many = pd.concat([each.assign(speaker=each.speaker + str(by)) for by in range(6)])
    assert f"{MOST} of 120 speakers, those of most clips" in " ".join(strip(many, "A", 1 / 3).get_supxlabel().split())
