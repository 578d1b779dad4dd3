import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import findings, gaps, robust_tables, tables, wording
from emostudy.comparisons import holm

EMOTIONS = ("anger", "neutral")
ENDINGS = ("csv", "md", "tex")
SYSTEMS = {  # recipe, modalities -> UAR on a random split, on new speakers
    ("majority", "none"): (0.5, 0.5),
    ("late", "face+speech"): (0.9, 0.8),
    ("svm", "speech"): (0.8, 0.6),
    ("cnn_a", "face"): (0.7, 0.55),
    ("cnn_b", "face"): (0.75, 0.65),
}
TITLES = {"svm": "SVM & MFCC_40", "cnn_a": "CNN", "majority": "majority class"}


def made_records(protocols=("random", "speaker_independent"), metric="UAR"):
    """Of both protocols, or with one name alone of the second: the better scores belong to the first."""
    rows = []
    for (recipe, modalities), values in SYSTEMS.items():
        for protocol, value in zip(protocols, values[-len(protocols) :], strict=True):
            head = {"protocol": protocol, "recipe": recipe, "modalities": modalities, "condition": "none"}
            head |= {"part": "test", "group": "all", "corpus": "made"}
            counts = {"fold": "all", "seed": "all", "num_clips": 120, "num_clusters": 12}
            for name in (metric, "WA"):
                interval = {"value": value, "ci_low": value - 0.04, "ci_high": value + 0.05}
                rows.append(head | counts | interval | {"metric": name, "emotion": "all"})
            for at, emotion in enumerate(EMOTIONS):
                interval = {"value": value + 0.1 * at, "ci_low": value - 0.1, "ci_high": min(value + 0.2, 1)}
                rows.append(head | counts | interval | {"metric": "recall", "emotion": emotion})
            for fold in range(5):
                for seed in range(1 if recipe == "svm" else 3):
                    run = {"fold": fold, "seed": seed, "metric": metric, "emotion": "all", "value": value}
                    rows.append(head | run | {"ci_low": np.nan, "ci_high": np.nan, "num_clips": 24, "num_clusters": 3})
    return pd.DataFrame(rows)


def made_comparisons():
    rows = [
        ("late", "face+speech", "random", 0.15, 0.1, 0.2, 0.0004, "better"),
        ("late", "face+speech", "speaker_independent", 0.02, -0.01, 0.05, 0.21, "no difference shown"),
        ("svm", "speech", "random", -0.1, np.nan, np.nan, 0.03, "worse"),
    ]
    columns = ["recipe", "modalities", "protocol", "difference", "ci_low", "ci_high", "p_holm", "verdict"]
    return pd.DataFrame(rows, columns=columns).assign(baseline="cnn_a", metric="UAR", num_clips=120, num_clusters=12)


def test_systems_put_protocols_side_by_side_best_first_and_reference_lines_last():
    table = tables.systems(made_records())
    assert table.recipe.tolist() == ["cnn_b", "cnn_a", "svm", "late", "majority"]
    late = table.set_index("recipe").loc["late"]
    assert late[["flattering", "honest"]].tolist() == [0.9, 0.8]
    assert late.fall == pytest.approx(0.1)
    assert late.honest_low == pytest.approx(0.76)


def test_side_by_side_is_worded_in_percent():
    table = tables.side_by_side(made_records(), "UAR", TITLES)
    assert table.columns.tolist() == ["modalities", "system", "random split", "new speakers", "fall (points)"]
    assert table.iloc[2].tolist() == ["speech", "SVM & MFCC_40", "80.0 [76.0, 85.0]", "60.0 [56.0, 65.0]", "20.0"]
    assert table.modalities.iloc[-1] == "reference lines"


def test_a_missing_protocol_and_a_missing_interval_are_dashes():
    records = made_records()
    records = records[~((records.recipe == "svm") & (records.protocol == "random"))]
    records.loc[records.recipe == "late", ["ci_low", "ci_high"]] = np.nan
    cells = tables.side_by_side(records).set_index("system")
    assert cells.loc["svm", ["random split", "fall (points)"]].tolist() == ["-", "-"]
    assert cells.loc["late", "new speakers"] == "80.0 [-]"
    assert "[-]: too few speakers" in tables.note(records)
    assert "[-]" not in tables.note(made_records())


def test_results_table_is_numeric_and_counts_seeds():
    table = tables.results_table(made_records(), ("UAR", "WA"), TITLES)
    assert len(table) == 2 * 2 * len(SYSTEMS)
    assert table.metric.tolist()[:10] == ["UAR"] * 10
    assert table[table.recipe == "svm"].num_seeds.tolist() == [1] * 4
    assert table[table.recipe == "late"].num_seeds.tolist() == [3] * 4
    assert table.value.between(0, 1).all()
    assert table.modalities.iloc[-1] == "none"


def test_results_table_believes_a_given_number_of_seeds():
    pooled = made_records().query("fold == 'all'").assign(num_seeds=7)
    assert set(tables.results_table(pooled, ("UAR",)).num_seeds) == {7}


def test_unknown_metric_and_system_are_refused():
    with pytest.raises(ValueError, match="no record of 'kappa'"):
        tables.results_table(made_records(), ("kappa",))
    with pytest.raises(ValueError, match="'svm' with 'text'"):
        tables.per_class(made_records(), "svm", "text")


def test_per_class_has_both_protocols_of_a_metric_side_by_side():
    table = tables.per_class(made_records(), "svm", "speech", ("recall",))
    assert table.columns.tolist() == ["emotion", "recall, random split", "recall, new speakers"]
    assert table.to_numpy().tolist() == [["anger", "80.0", "60.0"], ["neutral", "90.0", "70.0"]]


def test_no_fall_is_told_from_a_protocol_that_tested_a_handful():
    records = made_records()
    few = records.assign(num_clips=records.num_clips.where(records.protocol != "random", 10))
    assert "fall (points)" in tables.side_by_side(records)
    shown = tables.side_by_side(few)
    assert "random split" in shown and "fall (points)" not in shown
    assert list(tables.per_class(few, "svm", "speech", ("recall",))) == ["emotion", "recall, new speakers"]
    told, untold = (findings.unimodal(one, TITLES, "svm", "svm") for one in (records, few))
    assert "a fall of 20.0 points" in told and "fall of" not in untold and "no fall" not in untold
    assert "Not told of: random split, of 10 test clips (fewer than 100)." in untold


def test_comparisons_are_worded():
    table = tables.comparisons_table(made_comparisons(), TITLES)
    assert table.system.tolist() == ["SVM & MFCC_40", "late", "late"]
    assert table["difference (points)"].tolist() == ["-10.0 [-]", "15.0 [10.0, 20.0]", "2.0 [-1.0, 5.0]"]
    assert table["p (Holm)"].tolist() == ["0.030", "< 0.001", "0.210"]
    assert set(table["compared with"]) == {"CNN"}


def test_gaps_add_up_to_the_ceiling():
    recipes = {"face+speech": "late", "face": "cnn_b"}
    ceilings, adjusted = {"face": 0.8, "face+speech": 0.95}, {"face": 0.7, "face+speech": 0.85}
    table = gaps.gaps(made_records(), recipes, ceilings, adjusted)
    assert table.modalities.tolist() == ["face", "face+speech"]
    assert table.lost_in_fusion.to_numpy() == pytest.approx([np.nan, 0.05], nan_ok=True)  # one alone fuses nothing
    assert gaps.worded(table)["lost in fusion"].tolist() == ["-", "5.0"]
    whole = table[1:]
    assert (whole.reached + whole.lost_in_fusion + whole.lost_in_recognition).to_numpy() == pytest.approx(whole.ceiling)
    with pytest.raises(ValueError, match="no UAR of 'bert'"):
        gaps.gaps(made_records(), {"text": "bert"}, ceilings, adjusted)


def test_saved_files_are_whole_escaped_and_repeat(tmp_path):
    numbers = tables.results_table(made_records(), ("UAR",), TITLES)
    shown = tables.side_by_side(made_records(), titles=TITLES)
    given = (numbers, tmp_path, "05_uar", "UAR in 100 % of cases_x", shown, "5 folds & 3 seeds.")
    paths = tables.save(*given)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [f"tables/05_uar.{end}" for end in ENDINGS]
    first = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in tables.save(*given)] == first
    back = pd.read_csv(paths[0])
    assert back.value.to_numpy() == pytest.approx(numbers.value.to_numpy(), rel=1e-4)
    tex = first[2].decode()
    assert r"SVM \& MFCC\_40" in tex and r"UAR in 100 \% of cases\_x. 5 folds \& 3 seeds." in tex
    assert r"\toprule" in tex and r"\label{tab:05_uar}" in tex and r"\begin{tabular}{llrrr}" in tex
    markdown = first[1].decode()
    assert "| speech | SVM & MFCC_40 | 80.0 [76.0, 85.0] | 60.0 [56.0, 65.0] | 20.0 |" in markdown
    assert "| :--- | :--- | ---: | ---: | ---: |" in markdown
    assert not list((tmp_path / "tables").glob(".*"))


def test_markdown_escapes_bars_and_latex_escapes_headers(tmp_path):
    paths = tables.save(pd.DataFrame({"a_b": ["x|y"], "share": [0.123456]}), tmp_path, "t", "Why?")
    assert "| x\\|y | 0.12346 |" in paths[1].read_text()
    assert r"a\_b" in paths[2].read_text()
    assert r"\caption{Why?}" in paths[2].read_text()


def test_words():
    assert wording.percent(-0.0001) == "0.0"
    assert wording.percent(-0.105) == "-10.5"
    assert wording.interval(0.4567, 0.419, 0.495) == "45.7 [41.9, 49.5]"
    assert wording.number(12345) == "12 345"
    order = ["none", "speech+text", "face+speech+text", "text", "face", "face+text", "speech"]
    expected = ["face", "speech", "text", "face+text", "speech+text", "face+speech+text", "none"]
    assert sorted(order, key=wording.modality_rank) == expected


def test_sample_counts_records_and_predictions():
    assert wording.sample(made_records()) == "120 clips of 12 speakers, 5 folds, 3 seeds"
    pooled = made_records().query("fold == 'all'")
    assert wording.sample(pooled) == "120 clips of 12 speakers"
    assert wording.sample(pooled.assign(num_seeds=3, num_folds=1)) == "120 clips of 12 speakers, 1 fold, 3 seeds"
    clips = pd.DataFrame({"clip_id": ["a", "b"] * 2, "speaker": ["x", "y"] * 2, "fold": 0, "seed": [0, 0, 1, 1]})
    fewer = pd.concat([pooled, pooled.assign(recipe="b", num_clips=pooled.num_clips - 2)])
    assert wording.sample(fewer) == "118 to 120 clips of 12 speakers", "some clips lack what another system reads"
    assert wording.sample(clips) == "2 clips of 2 speakers, 1 fold, 2 seeds"
    assert wording.sample(clips, "clip_id") == "2 clips, 1 fold, 2 seeds"
    uneven = pd.concat([clips.assign(protocol="random"), clips.head(1).assign(protocol="speaker_independent")])
    told = "random split: 2 clips of 2 speakers; new speakers: 1 clip of 1 speaker, 1 fold, 2 and 1 seeds"
    assert wording.sample(uneven) == told  # never the union of what two protocols tested
    folds = pd.concat([made_records(), made_records().query("fold != 4").assign(protocol="official")])
    assert wording.sample(folds) == "120 clips of 12 speakers, 4 and 5 folds, 3 seeds"


def test_conditions_stand_beside_the_recipe_as_it_is():
    records = made_records()
    changed = records[records.recipe == "svm"].assign(condition="by_speaker", value=0.75)
    shown = tables.by_condition(pd.concat([records, changed]), "speaker_independent", TITLES)
    assert shown.to_dict("records") == [
        {"system": "SVM & MFCC_40", "as it is": "60.0 [56.0, 65.0]", "by speaker": "75.0 [56.0, 65.0]"}
    ]


def test_the_pair_is_the_usual_one_or_that_which_keeps_least_and_most_apart_or_one_alone():
    assert wording.pair(["speaker_independent", "official", "random"]) == ("random", "speaker_independent")
    assert wording.pair(["official", "random"]) == ("random", "official")
    assert wording.pair(["official", "speaker_independent:six"]) == ("official", "speaker_independent:six")
    assert wording.pair(["random", "as_published:80_20"]) == ("as_published:80_20", "random")
    assert wording.pair(pd.Series(["official"] * 3)) == ("", "official")
    assert wording.roles(["official"]) == {"honest": "official"}
    with pytest.raises(ValueError, match="no protocol"):
        wording.pair([])


def test_protocols_are_ordered_with_the_honest_one_of_the_pair_last():
    assert wording.ordered(["speaker_independent", "random"]) == ["random", "speaker_independent"]
    three = wording.ordered(["official", "speaker_independent", "random"])
    assert three == ["random", "official", "speaker_independent"] and three[-1] == wording.pair(three)[1]
    assert wording.ordered(["official", "official"]) == ["official"]


def test_protocols_and_metrics_in_words():
    protocols = ("random", "speaker_independent", "official")
    assert [wording.on(p) for p in protocols] == ["on a random split", "on new speakers", "on the official split"]
    assert wording.alone(["official"]) == "Official split. " and wording.alone(["official", "random"]) == ""
    titles = [wording.metric_title(metric) for metric in ("UAR", "weighted_F1", "WA")]
    assert titles == ["UAR", "weighted F1", "weighted accuracy"]


def test_one_protocol_alone_has_neither_fall_nor_a_second_column():
    records = made_records(["official"], "weighted_F1")
    table = tables.systems(records, "weighted_F1")
    assert list(table) == ["recipe", "modalities", "honest", "honest_low", "honest_high"]
    assert table.recipe.tolist() == ["cnn_b", "cnn_a", "svm", "late", "majority"]
    shown = tables.side_by_side(records, "weighted_F1", TITLES)
    assert list(shown) == ["modalities", "system", "official split"]
    assert shown.iloc[2].tolist() == ["speech", "SVM & MFCC_40", "60.0 [56.0, 65.0]"]
    assert list(tables.per_class(records, "svm", "speech", ("recall",))) == ["emotion", "recall, official split"]


def test_a_random_split_beside_the_official_one():
    records = made_records(["random", "official"])
    shown = tables.side_by_side(records)
    assert list(shown) == ["modalities", "system", "random split", "official split", "fall (points)"]
    assert shown.iloc[2].tolist()[2:] == ["80.0 [76.0, 85.0]", "60.0 [56.0, 65.0]", "20.0"]
    found = gaps.gaps(records, {"face": "cnn_b"}, {"face": 0.8}, {"face": 0.7}, "official")
    assert found.reached.tolist() == [0.65]


def test_a_note_names_the_metric_and_what_is_resampled():
    note = tables.comparisons_note(made_comparisons().assign(metric="weighted_F1"), "clip_id")
    assert note.startswith("Weighted F1 on the same 120 clips") and "permutation test over clips;" in note
    assert note.endswith("p is corrected after Holm over comparisons made together, the brackets are not.")


def corrected(by):
    """Comparisons of two protocols, two baselines and two of who is left out, corrected over the rows alike in `by`."""
    names = ("random", "official"), ("cnn_a", "svm"), ("face", "speech")
    table = pd.DataFrame(list(itertools.product(*names)) * 2, columns=["protocol", "baseline", "left_out"])
    table = table.assign(p_value=np.linspace(1e-4, 0.01, 16), metric="UAR", num_clips=90, num_seeds=1)
    groups = table.p_value.groupby([table[name] for name in by] or np.zeros(16))
    return table.assign(p_holm=groups.transform(lambda p: holm(p.to_numpy())))


def test_a_note_says_over_which_rows_p_was_corrected():
    words = {
        (): "over all rows,",
        ("protocol",): "over rows of one protocol,",
        ("protocol", "baseline"): "over rows of one protocol and baseline,",
    }
    for by, told in words.items():
        assert told in tables.comparisons_note(corrected(by))
    apart = corrected(["left_out"])
    families = {"left_out": "rows that leave out the same systems"}
    assert "over rows that leave out the same systems," in tables.comparisons_note(apart, families=families)
    assert "over comparisons made together," in tables.comparisons_note(apart)


def test_notes_say_where_one_seed_alone_ran():
    one = "One seed: how far another would move what depends on it is not known."
    assert one in tables.comparisons_note(corrected([])) and one not in tables.note(made_records())
    assert one not in tables.comparisons_note(corrected([]).assign(num_seeds=[1, 3] * 8))
    pooled = made_records().query("fold == 'all'")
    assert one in tables.note(pooled.assign(num_seeds=1)) and one not in tables.note(pooled.assign(num_seeds=3))
    assert one in robust_tables.note(pooled.assign(num_seeds=1, num_folds=5))


def test_the_highest_fusion_is_told_beside_the_one_that_was_derived():
    records = made_records()
    other = records[records.recipe == "late"].assign(recipe="vote")
    lesson = SimpleNamespace(score=lambda _: pd.concat([records, other.assign(value=other.value - 0.3)]))
    lesson.corpus, lesson.titles = toys.corpus(), {"late": "late fusion", "vote": "majority vote"}
    adjusted, honest = {"face": 0.6, "face+speech": 0.85}, "speaker_independent"
    told = gaps.nearest(lesson, records, adjusted, honest, "vote")
    assert told.startswith(
        "Highest is late fusion, 80.0 [76.0, 85.0] % UAR, the adjusted ceiling 85.0; majority vote, 50.0 ["
    )
    assert "None of these 2 is tested" in told
    assert "; " not in gaps.nearest(lesson, records, adjusted, honest, "late")
