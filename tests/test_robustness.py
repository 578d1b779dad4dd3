"""One training, many fates: each condition is what it says, and clean predictions are those of the head itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from test_batched import head_recipe

from emostudy import experiments, figures, robust_tables, robustness
from emostudy import predictions as preds
from emostudy.areas import areas
from emostudy.corruptions import CLEAN, Corruption, missing
from emostudy.features import Feature
from emostudy.features.fitted import standardised
from emostudy.features.media import BadMedia
from emostudy.recipes.rules import MEAN, PRODUCT


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
    from emostudy.records import score

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


def test_areas_are_shares_of_what_is_above_chance():
    noise = tuple(Corruption(f"speech_noise_{level}", "speech", "noise", level, "dB") for level in (1, 2))
    first, second = (one.name for one in noise)
    values = {"x": {CLEAN: 1.0, first: 0.8, second: 0.6}, "y": {CLEAN: 0.8, first: 0.8, second: 0.6}}
    found = areas(fates(values), noise, toys.corpus(), "x", 200).set_index("recipe")
    assert found.relative["x"] == pytest.approx(0.55) and found.effective["x"] == 0
    assert found.relative["y"] == pytest.approx(11 / 14) and found.effective["y"] == pytest.approx(11 / 14 - 0.55)
    assert found.relative_low["x"] == pytest.approx(0.55) == found.relative_high["x"]  # all speakers are alike
    assert found.num_levels.eq(2).all() and found.clean.tolist() == pytest.approx([1.0, 0.8])


def test_a_system_at_chance_keeps_nothing_that_can_be_told():
    noise = (Corruption("speech_noise_1", "speech", "noise", 1, "dB"),)
    frame = fates({"x": {CLEAN: 1.0, noise[0].name: 0.8}, "y": {CLEAN: 0.2, noise[0].name: 0.4}})
    found = areas(frame, noise, toys.corpus(), "x", 200).set_index("recipe")
    assert (
        np.isnan(found.relative["y"])
        and np.isnan(found.relative_low["y"])
        and found.relative["x"] == pytest.approx(0.7)
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
    assert len(wide) == 4 and "-" in wide.to_numpy() and "speech absent" in wide
    titles = {"head": "Head"}
    assert "Head" in figures.missing_alt(full, titles) and "speech absent" in figures.missing_alt(full, titles)
    assert "from clean to the worst level: Head" in figures.spoilt_alt(full, titles)
    for draw in (figures.missing, figures.spoilt):
        drawn = draw(full, titles, chance=1 / 3)
        assert drawn.axes and drawn.get_suptitle()
