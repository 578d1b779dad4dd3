"""One training, many fates: each condition is what it says, and clean predictions are those of the head itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from test_batched import head_recipe

from emostudy import experiments, figures, robust_tables, robust_words, robustness
from emostudy import predictions as preds
from emostudy.areas import areas
from emostudy.corruptions import CLEAN, Corruption, missing
from emostudy.features import Feature
from emostudy.features.extract import extract
from emostudy.features.fitted import standardised
from emostudy.features.media import BadMedia
from emostudy.figures.robustness import STYLES
from emostudy.outlying import outlying
from emostudy.protocols import splits
from emostudy.recipes.rules import MEAN, PRODUCT
from emostudy.severity import ends_compared, places


def louder(feature: Feature) -> Feature:
    return replace(feature, name="louder", settings={"scale": 50.0})


def fragile(value, start, end, scale=1.0):
    """A feature that cannot be computed of every third clip."""
    if round(1000 * float(value.split()[0])) % 3 == 0:
        raise BadMedia("nothing is left")
    return toys.numbers(value, start, end)


def sometimes_unreadable(feature: Feature) -> Feature:
    return replace(feature, name="fragile", function=fragile, settings={})


CORRUPTIONS = (*missing("speech"), Corruption("speech_loud_1", "speech", "loud", 1.0, "times", spoils=louder))


def alone(modality):
    learner = head_recipe().learner
    feature = {"face": toys.SEEN, "speech": toys.HEARD}[modality]
    return replace(
        head_recipe(), name="alone", modalities=(modality,), features={modality: feature},
        prepare={modality: standardised}, learner=learner,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder, corpus = tmp_path_factory.mktemp("robust"), toys.corpus(num_speakers=20)
    hidden = replace(head_recipe(hide=0.3), name="head_hidden")
    recipes = tuple(
        replace(one, learner=replace(one.learner, epochs=12, lr=1e-2))
        for one in (head_recipe(), hidden, alone("face"), alone("speech"))
    )
    found = robustness.run(corpus, recipes, CORRUPTIONS, ["speaker_independent"], toys.QUICK, folder, jobs=1)
    return corpus, recipes, folder, found


def test_every_condition_has_every_test_clip_once(study):
    _, _, folder, found = study
    assert set(found[found.recipe == "head"].condition) == {CLEAN, *(one.name for one in CORRUPTIONS)}
    assert set(found[(found.recipe == "alone") & (found.modalities == "face")].condition) == {CLEAN}
    assert set(found[found.part == "dev"].condition) == {CLEAN}
    counts = found[found.part == "test"].groupby(["run_id", "condition"]).clip_id.nunique()
    assert counts.groupby("run_id").nunique().eq(1).all()
    records = preds.read_records(folder, list(found.run_id.unique()))
    assert {record["condition"] for record in records} == {"corrupted"}
    assert records[0]["corruptions"] == sorted(one.name for one in CORRUPTIONS)


def test_clean_predictions_are_those_of_the_head_in_the_usual_study(study, tmp_path):
    corpus, recipes, _, found = study
    usual = experiments.run(corpus, recipes[:1], ["speaker_independent"], toys.QUICK, tmp_path, jobs=1)
    clean = found[(found.recipe == "head") & (found.condition == CLEAN)]
    keys, numbers = ["fold", "part", "clip_id"], preds.columns_of(toys.EMOTIONS)
    one, other = (rows.sort_values(keys)[numbers].to_numpy() for rows in (usual, clean))
    assert np.array_equal(one, other)


def test_it_is_read_back_and_trained_anew_where_a_corruption_is_added(study, capsys):
    corpus, recipes, folder, found = study
    again = robustness.run(corpus, recipes, CORRUPTIONS, ["speaker_independent"], toys.QUICK, folder, jobs=1)
    assert "8 runs: 0 trained, 8 read back" in capsys.readouterr().out and again.equals(found)
    robustness.run(corpus, recipes, CORRUPTIONS[:2], ["speaker_independent"], toys.QUICK, folder, jobs=1)
    assert "8 runs: 6 trained, 2 read back" in capsys.readouterr().out  # the face alone has none of them


def scored(study, frame):
    from emostudy.scores import score

    return robustness.curves(score(frame, study[0]), CORRUPTIONS, "UAR")


def test_what_is_missing_costs_and_being_told_helps(study):
    table = scored(study, study[3])
    head = table[table.recipe == "head"].set_index("condition").value
    assert table[table.recipe == "head"].condition.tolist() == [CLEAN, *(one.name for one in CORRUPTIONS)]
    assert head[CLEAN] > head["speech_absent"] > head["speech_swapped"]
    face = table[(table.recipe == "alone") & (table.modalities == "face")].value.iloc[0]
    assert head["speech_absent"] == pytest.approx(face, abs=0.1)


def test_a_rule_leaves_out_what_is_absent_and_believes_what_is_not(study):
    found = study[3]
    single = found[found.recipe == "alone"]
    joined = robustness.joined(single, MEAN, CORRUPTIONS, toys.EMOTIONS)
    numbers = preds.columns_of(toys.EMOTIONS)

    def of(rows, condition, **wanted):
        rows = rows[(rows.part == "test") & (rows.condition == condition)]
        for name, value in wanted.items():
            rows = rows[rows[name] == value]
        return rows.sort_values(["fold", "clip_id"])[numbers].to_numpy()

    face = of(single, CLEAN, modalities="face")
    assert np.allclose(of(joined, "speech_absent"), face, atol=1e-4)
    swapped = (face + of(single, "speech_swapped", modalities="speech")) / 2
    assert np.allclose(of(joined, "speech_swapped"), swapped, atol=1e-4)
    assert set(robustness.joined(single, PRODUCT, CORRUPTIONS, toys.EMOTIONS).modalities) == {"face+speech"}


def fates(values: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Predictions of 10 speakers with 15 clips of three emotions each, of which the named share is right under each condition."""
    rows = []
    for recipe, shares in values.items():
        for condition, share in shares.items():
            for speaker in range(10):
                for clip in range(15):
                    y, right = clip % 3, clip // 3 < round(5 * share)
                    said = y if right else (y + 1) % 3
                    told = {
                        "recipe": recipe,
                        "condition": condition,
                        "speaker": f"s{speaker}",
                        "clip_id": f"{speaker} {clip}",
                    }
                    names = dict(zip(preds.columns_of(toys.EMOTIONS), np.eye(3)[said], strict=True))
                    rows.append(told | names | {"emotion": toys.EMOTIONS[y], "predicted": toys.EMOTIONS[said]})
    return pd.DataFrame(rows).assign(seed=0, fold=0, protocol="speaker_independent", modalities="face+speech")


def levels_of(kind: str, unit: str, *levels: float) -> tuple[Corruption, ...]:
    return tuple(Corruption(f"speech_{kind}_{level}", "speech", kind, level, unit) for level in levels)


def test_areas_begin_clean_and_levels_that_are_no_shares_are_counted():
    noise = levels_of("noise", "dB", 10, 0)  # 0 dB is loud, and not the origin
    first, second = (one.name for one in noise)
    values = {"x": {CLEAN: 1.0, first: 0.8, second: 0.6}, "y": {CLEAN: 0.8, first: 0.8, second: 0.6}}
    found = areas(fates(values), noise, toys.corpus(), "x", 200).set_index("recipe")
    assert found.area.tolist() == pytest.approx([0.8, 0.75])  # (1 + 2 * .8 + .6) / 4 and (.8 + 2 * .8 + .6) / 4
    assert found.relative["x"] == pytest.approx(0.7) and found.effective["x"] == 0
    kept = (0.75 - 1 / 3) / (0.8 - 1 / 3)
    assert found.relative["y"] == pytest.approx(kept) and found.effective["y"] == pytest.approx(kept - 0.7)
    assert found.relative_low["x"] == pytest.approx(0.7) == found.relative_high["x"]  # all speakers are alike
    assert found.levels.eq("clean, 10, 0 dB").all() and found.clean.tolist() == pytest.approx([1.0, 0.8])
    assert found[["num_clips", "num_clusters", "num_folds", "num_seeds"]].iloc[0].tolist() == [150, 10, 1, 1]


def test_levels_that_are_shares_stand_at_their_share():
    gaps = levels_of("gaps", "of the clip", 0.2, 0.8)
    values = {"x": {CLEAN: 1.0, gaps[0].name: 0.8, gaps[1].name: 0.6}}
    found = areas(fates(values), gaps, toys.corpus(), "x", 200)
    assert found.area[0] == pytest.approx((0.2 * 0.9 + 0.6 * 0.7) / 0.8)
    assert places([1, 2], "of 3").tolist() == [0, 1, 2] == places([20, -5], "dB").tolist()


def test_what_is_all_or_nothing_has_its_score_for_an_area():
    (absent, *_) = missing("speech")
    found = areas(fates({"x": {CLEAN: 1.0, absent.name: 0.6}}), (absent,), toys.corpus(), "x", 200)
    assert found.area[0] == pytest.approx(0.6) and found["levels"][0] == "no levels"
    worded = robust_tables.areas_table(found.assign(kind="zeroed"), {})
    assert worded["what befell the clips"][0] == "speech average"
    assert "150 clips of 10 speakers, 1 fold, 1 seed." in robust_tables.note(found)


def test_who_keeps_more_is_said_where_the_interval_shows_it_and_not_else():
    row = {"modality": "speech", "kind": "noise", "levels": "clean, 10 dB", "baseline": "x"}
    numbers = ["recipe", "relative", "relative_low", "relative_high", "effective", "effective_low", "effective_high"]
    told = [
        ("x", 0.5, 0.4, 0.6, 0.0, 0.0, 0.0),
        ("y", 0.6, 0.5, 0.7, 0.1, 0.02, 0.2),
        ("z", 0.7, 0.3, 0.9, 0.2, -0.1, 0.4),
    ]
    (line,) = robust_words.kept(pd.DataFrame(told, columns=numbers).assign(**row), {"z": "Zed, hidden"})
    assert "x keeps 50.0 [40.0, 60.0] % of what is above chance" in line
    assert (
        "more (points): y 10.0 [2.0, 20.0]; no difference shown: Zed with hidden." in line
        and "less" not in line
        and "* speech noise (clean, 10 dB): " in line
    )


def test_a_curve_that_rises_again_is_found_between_its_ends():
    noise = levels_of("noise", "dB", 20, 10, 0)
    mild, middle, loud = (one.name for one in noise)
    values = {"x": {mild: 0.4, middle: 0.4, loud: 0.8}, "y": {mild: 0.8, middle: 0.2, loud: 0.6}}
    frame = fates(values).assign(corpus="toys", run_id="r", part="test")
    ends = ends_compared(frame, toys.corpus(num_speakers=20), noise)
    assert ends.recipe.tolist() == ["x", "y"] and ends.verdict.tolist() == ["better", "worse"]
    assert ends.difference.tolist() == pytest.approx([0.4, -0.2])
    words = robust_words.rising(ends, {})
    assert "Of 2 curves 1 are shown" in words and "better at 0 dB than at 20 dB, by points: x 40.0." in words
    assert robust_tables.ends_table(ends, {}).iloc[0].tolist()[:4] == ["x", "speech noise", "0 dB", "20 dB"]


def test_how_far_spoilt_inputs_lie_is_told_in_training_deviations():
    corpus = toys.corpus(num_speakers=20)
    loud = Corruption("speech_loud_1", "speech", "loud", 1.0, "times", spoils=louder)
    recipes = alone("face"), alone("speech")
    far = outlying(corpus, recipes, (*missing("speech"), loud), "speaker_independent", 1)
    assert far.kind.tolist() == [CLEAN, "loud"] and far.modality.eq("speech").all()  # the face cannot be spoilt
    split = splits(corpus, "speaker_independent")[0]
    heard, spoilt = (extract(corpus, feature, 1) for feature in (toys.HEARD, louder(toys.HEARD)))
    train, test = heard.rows(split.train), spoilt.rows(split.test)
    furthest = np.abs((test - train.mean(0)) / train.std(0)).max(1)
    assert far["median"][1] == pytest.approx(np.median(furthest), rel=1e-4)
    assert far.largest[1] == pytest.approx(furthest.max(), rel=1e-4) and far.largest[1] > far.largest[0]
    assert far.num_clips.eq(len(split.test)).all()
    off = np.abs((test - train.mean(0)) / train.std(0))
    assert far.share[1] == pytest.approx((off > 5).mean())
    assert far.which[1] == f"number {np.bincount(off.argmax(1)).argmax() + 1} of {test.shape[1]}"
    assert robust_tables.outlying_table(far)["what befell the clips"].tolist() == ["clean", "loud 1 times"]
    words = robust_words.outlying(far)
    assert f"median clip {far['median'][0]:.0f} clean, {far['median'][1]:.0f} at 1 times" in words


def test_a_system_at_chance_keeps_nothing_that_can_be_told():
    noise = (Corruption("speech_noise_1", "speech", "noise", 1, "dB"),)
    frame = fates({"x": {CLEAN: 1.0, noise[0].name: 0.8}, "y": {CLEAN: 0.2, noise[0].name: 0.4}})
    found = areas(frame, noise, toys.corpus(), "x", 200).set_index("recipe")
    assert (
        np.isnan(found.relative["y"])
        and np.isnan(found.relative_low["y"])
        and found.relative["x"] == pytest.approx(0.85)
    )


def test_being_told_is_compared_on_the_same_clips(study):
    corpus, _, _, found = study
    told = robustness.told_or_not(found, corpus, ["head", "head_hidden"], ("speech",))
    assert told.recipe.tolist() == ["head", "head", "head_hidden", "head_hidden"]
    assert told.befallen.tolist() == ["zeroed", "swapped"] * 2 and told.against.tolist() == ["absent", "zeroed"] * 2
    worded = robust_tables.told_table(told, {"head": "Head"})
    assert worded.iloc[1].tolist()[:4] == ["Head", "speech", "another clip's", "average"]
    values = scored(study, found).query("recipe == 'head'").set_index("condition").value
    assert told.difference[1] == pytest.approx(values["speech_swapped"] - values["speech_zeroed"])


def test_a_clip_that_is_unreadable_only_when_spoilt_counts_as_absent(tmp_path, capsys):
    corpus = toys.corpus(num_speakers=20)
    broken = Corruption("speech_broken_1", "speech", "broken", 1.0, "times", spoils=sometimes_unreadable)
    study = corpus, (head_recipe(),), (*missing("speech"), broken), ["speaker_independent"], toys.QUICK, tmp_path
    found = robustness.run(*study, jobs=1)
    assert "speech_broken_1: " in capsys.readouterr().out
    rows = {
        name: some.set_index(["fold", "clip_id"]) for name, some in found[found.part == "test"].groupby("condition")
    }
    numbers, clean, spoilt = preds.columns_of(toys.EMOTIONS), rows[CLEAN], rows["speech_broken_1"]
    same = np.isclose(spoilt[numbers], clean.loc[spoilt.index, numbers]).all(1)
    lost = np.isclose(spoilt[numbers], rows["speech_absent"].loc[spoilt.index, numbers]).all(1)
    assert (same | lost).all() and 0 < lost.sum() < len(lost)


def test_comparisons_figures_and_tables_tell_each_condition(study):
    corpus, _, _, found = study
    table = scored(study, found)
    full = table[table.modalities == "face+speech"]
    compared = robustness.compared(found, corpus, [("head_hidden", "head")])
    assert compared.condition.tolist() == [CLEAN, *(one.name for one in CORRUPTIONS)]
    assert (compared.p_holm >= compared.p_value).all()
    shown = robust_tables.befallen_table(compared, full)
    assert shown["what befell the clips"].tolist()[-1] == "speech loud 1 times"
    wide = robust_tables.under_conditions(table, {})
    assert len(wide) == 4 and "-" in wide.to_numpy() and {"speech absent", "speech average"} <= set(wide)
    assert "speech zeroed" not in wide and f"{table.num_clips.max()} clips of" in robust_tables.note(table)
    titles = {"head": "Head"}
    assert "Head" in figures.missing_alt(full, titles) and "speech absent" in figures.missing_alt(full, titles)
    assert "from clean to the worst level: Head" in figures.spoilt_alt(full, titles)
    for draw in (figures.missing, figures.spoilt):
        drawn = draw(full, titles, chance=1 / 3)
        assert drawn.axes and drawn.get_suptitle()


def test_zero_decibels_are_not_drawn_as_clean():
    levels = [("", CLEAN, 0.0, ""), ("speech", "noise", 10.0, "dB"), ("speech", "noise", 0.0, "dB")]
    table = pd.DataFrame(levels, columns=["modality", "kind", "severity", "unit"]).assign(
        value=[0.8, 0.5, 0.6], ci_low=0.4, ci_high=0.9, recipe="head", modalities="face+speech", metric="UAR",
        protocol="speaker_independent", num_clips=30, num_clusters=10,
    )  # fmt: skip
    ax = figures.spoilt(table, {"head": "Head"}, chance=0.2).axes[0]
    drawn = next(line for line in ax.lines if len(line.get_xdata()) == 3)
    assert drawn.get_ydata().tolist() == pytest.approx([80, 50, 60])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["clean", "10", "0"]
    assert "Head" in [text.get_text() for text in ax.texts]
    assert "Head 80.0 to 60.0 % (lowest 50.0 at 10 dB)" in figures.spoilt_alt(table, {"head": "Head"})
    same = table.assign(value=[0.7541, 0.7539, 0.7542])
    assert figures.spoilt_alt(same, {"head": "Head"}).endswith("worst level: Head 75.4 % at both.")


def test_no_curve_is_dotted_as_chance_is():
    assert not [line for line, _ in STYLES if line == ":"] and len(dict.fromkeys(STYLES)) == len(STYLES)
