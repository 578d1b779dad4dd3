"""One training, many fates: each condition is what it says, and clean predictions are those of the head itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toys
from test_batched import head_recipe

from emostudy import experiments, figures, robustness, tables
from emostudy import predictions as preds
from emostudy.corruptions import CLEAN, Corruption, missing
from emostudy.features import Feature
from emostudy.features.fitted import standardised
from emostudy.recipes.rules import MEAN, PRODUCT


def louder(feature: Feature) -> Feature:
    return replace(feature, name="louder", settings={"scale": 50.0})


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


def test_areas_are_shares_of_what_is_above_chance():
    values = {"a": (0.8, 0.5, 0.2), "b": (0.5, 0.5, 0.35)}
    kinds = (("clean", ""), ("noise", "speech"), ("noise", "speech"))
    rows = [(name, *kind[:1], v, kind[1]) for name, some in values.items() for v, kind in zip(some, kinds, strict=True)]
    table = pd.DataFrame(rows, columns=["recipe", "kind", "value", "modality"])
    table = table.assign(protocol="speaker_independent", modalities="face+speech")
    found = robustness.areas(table, "a", chance=0.2).set_index("recipe")
    assert found.relative["a"] == pytest.approx(0.25) and found.effective["a"] == 0
    assert found.relative["b"] == pytest.approx(0.75) and found.effective["b"] == pytest.approx(0.5)


def test_comparisons_figures_and_tables_tell_each_condition(study):
    corpus, _, _, found = study
    table = scored(study, found)
    full = table[table.modalities == "face+speech"]
    compared = robustness.compared(found, corpus, [("head_hidden", "head")])
    assert compared.condition.tolist() == [CLEAN, *(one.name for one in CORRUPTIONS)]
    assert (compared.p_holm >= compared.p_value).all()
    shown = tables.befallen_table(compared, full)
    assert shown["what befell the clips"].tolist()[-1] == "speech loud 1 times"
    wide = tables.under_conditions(table, {})
    assert len(wide) == 4 and "-" in wide.to_numpy() and "speech absent" in wide
    titles = {"head": "Head"}
    assert "Head" in figures.missing_alt(full, titles) and "speech absent" in figures.missing_alt(full, titles)
    assert "from clean to the worst level: Head" in figures.spoilt_alt(full, titles)
    for draw in (figures.missing, figures.spoilt):
        drawn = draw(full, titles, chance=1 / 3)
        assert drawn.axes and drawn.get_suptitle()
