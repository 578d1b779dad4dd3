"""What the sources claim: every number is a record, and stands beside what ran here."""

from dataclasses import replace

import pandas as pd
import pytest
import toys

from emostudy import claim_tables, overfitting, paths
from emostudy.claims import CLAIMS, MEASURED_ON, subjects
from emostudy.corpora import names
from emostudy.leaks import LEAKS
from emostudy.predictions import arrays
from emostudy.recipes.fusions import HEADS, SCORE_TRANSFORMER
from emostudy.recipes.registry import every
from emostudy.scores import score, score_runs

PROTOCOLS = ("random", "speaker_independent")
MADE = {"speech_mfcc_lstm": ("system F, speech", 2.0), "speech_svm": ("classical line", 3.0)}


@pytest.mark.parametrize(
    "claim", CLAIMS, ids=lambda claim: f"{claim.system}-{claim.subject}-{claim.measured_on}-{claim.of}"
)
def test_every_claim_names_recipes_that_rebuild_it_and_corpora_that_are_known(claim):
    assert 0 < claim.value < 1 and claim.measured_on in MEASURED_ON and set(claim.corpora) <= set(names())
    assert set(claim.mistakes) <= set(LEAKS)
    if "+" in claim.modalities:
        assert set(claim.recipes) <= HEADS | {SCORE_TRANSFORMER.name, "concatenation_raw"}
        return
    known = every(claim.modalities)
    assert claim.recipes and all(known[name].source.startswith(claim.source) for name in claim.recipes)


def test_claims_about_pictures_are_rebuilt_on_stills_too():
    for claims in subjects("face"):
        if "jaffe" in claims[0].corpora:
            assert set(claims[0].recipes) <= set(every("face", "image", True))


def test_no_recipe_rebuilds_two_models():
    for modality in ("face", "speech", "text"):
        for recipe in every(modality).values():
            assert sum(recipe.source.startswith(claims[0].source) for claims in subjects(modality)) <= 1, recipe.name


def test_numbers_are_told_with_the_digits_that_were_printed():
    text, half = (claim_tables.claimed(claims) for claims in (subjects("text")[0], subjects("face")[-1]))
    assert (
        text.startswith("training: first 97.99, second 57.94, third 97.98; validation: first 51.22") and "57.4" in text
    )
    assert half == "validation: over 80"


def run_record(recipe: str, protocol: str, fold: int, source: str, train_uar: float) -> dict:
    head = {"run_id": f"{recipe}-{protocol}-{fold}", "protocol": protocol, "recipe": recipe, "modalities": "speech"}
    return head | {"condition": "none", "title": recipe.upper(), "source": source, "fitted": {"train_uar": train_uar}}


@pytest.fixture(scope="module")
def made():
    """Predictions and run records of a recipe that rebuilds a claim, and of one that does not."""
    frames, runs = [], []
    for recipe, (source, skill) in MADE.items():
        for protocol, loss in zip(PROTOCOLS, (0.0, 1.5), strict=True):
            for fold in range(5):
                runs.append(run_record(recipe, protocol, fold, source, 0.9 if protocol == "random" else 0.7))
                one = toys.predictions(recipe, "speech", skill - loss, protocol, folds=(fold,))
                frames.append(one.assign(run_id=runs[-1]["run_id"]))
    return pd.concat(frames, ignore_index=True), runs


@pytest.fixture(scope="module")
def table(made):
    predictions, runs = made
    return claim_tables.table(score(predictions, toys.corpus()), runs, toys.corpus(), PROTOCOLS, "speech")


def test_a_rebuild_has_its_scores_beside_the_claim(made, table):
    predictions, _ = made
    row = table[table.recipe == "speech_mfcc_lstm"].squeeze()
    test = predictions[(predictions.recipe == "speech_mfcc_lstm") & (predictions.part == "test")]
    for side, protocol in zip(("theirs", "honest"), PROTOCOLS, strict=True):
        y, predicted, _ = arrays(test[test.protocol == protocol], toys.EMOTIONS)
        assert row[f"{side}_WA"] == pytest.approx((y == predicted).mean())
        assert row[f"{side}_WA_low"] < row[f"{side}_WA"] < row[f"{side}_WA_high"]
    assert row.fall == pytest.approx(row.theirs_WA - row.honest_WA) and row.fall > 0
    assert (row.claimed, row.train_UAR) == (0.98, pytest.approx(0.9)) and not row.same_corpus


def test_what_rebuilds_nothing_is_left_out_and_what_did_not_run_stands_below(table):
    assert set(table.recipe) == {"speech_mfcc_lstm", ""}
    shown = claim_tables.worded(table, toys.corpus(), "speech")
    assert shown["rebuilt by"].tolist() == ["SPEECH_MFCC_LSTM", "not run here"]
    assert shown.on.tolist() == ["TESS; here toy", "100 clips of MELD"]
    assert shown.columns[-4:].tolist() == [
        "random split, WA",
        "new speakers, WA",
        "new speakers, UAR",
        "fall (points of WA)",
    ]
    assert shown.iloc[1, -4:].tolist() == ["-"] * 4
    told = claim_tables.not_run(table, "speech")
    assert (
        "M, MLP on 13 x 401 MFCCs: `python -m emostudy run --only 03 --corpus meld --protocols as_published:100_clips,official -p "
        """systems='["speech_mlp_raw", """ in told
    )
    assert "F, LSTM" not in told and claim_tables.not_run(table, "physio").startswith(
        "A rebuild of each of these models ran"
    )


def test_protocols_are_those_that_ran_and_one_alone_has_no_fall(made):
    predictions, runs = made
    known = predictions[predictions.protocol == "speaker_independent"]
    table = claim_tables.table(score(known, toys.corpus()), runs, toys.corpus(), PROTOCOLS, "speech")
    row = table[table.recipe != ""].squeeze()
    assert (row.protocol_theirs, row.protocol_honest) == (
        "",
        "speaker_independent",
    )  # nobody says that it is the authors' way
    assert row.train_UAR == pytest.approx(0.7) and pd.isna([row.fall, row.theirs_WA]).all()
    shown = claim_tables.worded(table, toys.corpus(), "speech")
    assert shown.columns[4:].tolist() == ["training, UAR", "new speakers, WA", "new speakers, UAR"]


def test_of_several_labels_the_scores_are_called_what_they_are(made):
    predictions, runs = made
    several = replace(toys.corpus(), card=toys.corpus().card | {"multi_label": True, "metric": "macro_F1"})
    runs = [run | {"fitted": {"train_macro_f1": 0.6}} for run in runs]
    scored = score(predictions, several)
    table = claim_tables.table(scored, runs, several, PROTOCOLS, "speech")
    row = table[table.recipe != ""].squeeze()
    assert row.train_macro_F1 == pytest.approx(0.6) and 0 < row.honest_macro_F1 < 1
    assert row.fall == pytest.approx(row.theirs_subset_accuracy - row.honest_subset_accuracy)
    shown = claim_tables.worded(table, several, "speech")
    assert shown.columns[4:].tolist() == [
        "training, macro F1",
        "random split, subset accuracy",
        "new speakers, subset accuracy",
        "new speakers, macro F1",
        "fall (points of subset accuracy)",
    ]
    assert "-" not in set(shown.iloc[0, 4:])


def test_how_a_rebuild_was_read_is_told_as_its_recipe_says_today(table):
    (told,) = claim_tables.rebuilt(table)
    assert told == f"SPEECH_MFCC_LSTM: {every('speech')['speech_mfcc_lstm'].reading}"
    assert claim_tables.note("speech", table=table).endswith(f" Rebuilt: {told}.")
    assert "Rebuilt" not in claim_tables.note("speech") and claim_tables.rebuilt(table[table.recipe == ""]) == []
    two = pd.concat([table, table[table.recipe != ""].assign(recipe="other", title="OTHER")])
    assert claim_tables.rebuilt(two) == [told.replace(":", ", OTHER:", 1)]


def test_seeds_that_lie_apart_are_told_beside_the_interval(made):
    predictions, runs = made
    own = predictions[predictions.recipe == "speech_mfcc_lstm"]
    worse = own.assign(seed=1, predicted=own.predicted.where(own.protocol != "random", "anger"))
    apart = pd.concat([own, worse.assign(run_id=worse.run_id + "-1")], ignore_index=True)
    scored = pd.concat([score(apart, toys.corpus()), score_runs(apart, toys.corpus())])
    table = claim_tables.table(scored, runs, toys.corpus(), PROTOCOLS, "speech")
    row = table[table.recipe != ""].squeeze()
    tested = apart[(apart.part == "test") & (apart.protocol == "random")]
    right = (tested.emotion == tested.predicted).groupby([tested.seed, tested.fold]).mean().groupby("seed").mean()
    assert (row.theirs_WA_least, row.theirs_WA_most) == (pytest.approx(right[1]), pytest.approx(right[0]))
    shown = claim_tables.worded(table, toys.corpus(), "speech").iloc[0]
    assert shown["random split, WA"].endswith(f"]; seeds {100 * right[1]:.1f} to {100 * right[0]:.1f}")
    assert "seeds" not in shown["new speakers, WA"]  # both the same there
    assert "seeds" not in "".join(claim_tables.worded(made_of_one(made), toys.corpus(), "speech").iloc[0])


def made_of_one(made):
    """The table of one seed."""
    scored = pd.concat([score(made[0], toys.corpus()), score_runs(made[0], toys.corpus())])
    return claim_tables.table(scored, made[1], toys.corpus(), PROTOCOLS, "speech")


def test_no_fall_is_told_from_authors_who_tested_a_handful_of_clips(made):
    predictions, runs = made
    scored = score(predictions, toys.corpus())
    larger = scored.assign(num_clips=scored.num_clips.where(scored.protocol == "random", 2610))
    table = claim_tables.table(larger, runs, toys.corpus(), PROTOCOLS, "speech")
    row = table[table.recipe != ""].squeeze()
    assert row.theirs_WA > row.honest_WA and pd.isna(row.fall)  # of 90 test clips and of 2610
    shown = claim_tables.worded(table, toys.corpus(), "speech")
    assert shown["fall (points of WA)"][0] == "-" and "No fall from fewer than 100" in claim_tables.note("speech")


def test_every_doubt_stands_once_under_the_table():
    note = claim_tables.note("face")
    assert note.count("sessions and speakers are in train and in test.") == 1  # of the two models of which it is all
    assert "I, small CNN on faces and ResNet-18 on half the frame: sessions" in note


def test_a_reading_of_a_corpus_is_that_corpus():
    (tess,) = (claim for claim in CLAIMS if claim.on == "TESS")
    assert tess.measured_here("tess") and tess.measured_here("tess_common6") and not tess.measured_here("ravdess")
    assert not any(claim.measured_here("jaffe") for claim in CLAIMS)  # one of three that were mixed


@pytest.mark.parametrize(
    ("run", "score"),
    [
        ({"fitted": {"train_uar": 0.5}}, 0.5),
        (
            {"fitted": {"best_epoch": 2}, "history": [{"epoch": 1, "train_uar": 0.3}, {"epoch": 2, "train_uar": 0.6}]},
            0.6,
        ),
        ({"fitted": {"members": {}}, "history": []}, float("nan")),
    ],
)
def test_training_scores_are_of_the_fit_that_dev_chose(run, score):
    assert overfitting.train_score(run) == pytest.approx(score, nan_ok=True)


def test_training_beside_test_has_the_means_over_runs_the_most_overfitted_first(made):
    predictions, runs = made
    table = overfitting.table(predictions, runs, toys.corpus(), "speaker_independent")
    assert table.recipe.tolist() == ["speech_mfcc_lstm", "speech_svm"]  # less skill, the same training score
    assert table.train.tolist() == pytest.approx([0.7, 0.7]) and table.num_runs.tolist() == [5, 5]
    assert (table.dev > 1 / 3).all() and table.test.is_monotonic_increasing
    shown = overfitting.worded(table, {"speech_svm": "SVM"})
    assert shown.system.tolist() == ["speech_mfcc_lstm", "SVM"] and shown.training.tolist() == ["70.0", "70.0"]
    assert shown["training - test (points)"].tolist() == [
        f"{100 * (row.train - row.test):.1f}" for row in table.itertuples()
    ]
    with pytest.raises(
        ValueError, match=r"no prediction under 'official'; there are \['random', 'speaker_independent'\]"
    ):
        overfitting.table(predictions, runs, toys.corpus(), "official")


def test_no_difference_is_told_between_a_score_before_and_one_after_logits_are_adjusted(made):
    predictions, runs = made
    adjusted = [run | {"fitted": {"train_uar": 0.7, "logit_adjustment": 0.5}} for run in runs]
    both = [after if after["recipe"] == "speech_svm" else run for run, after in zip(runs, adjusted, strict=True)]
    table = overfitting.table(predictions, both, toys.corpus(), "speaker_independent")
    shown = overfitting.worded(table, {}).set_index("system")["training - test (points)"]
    assert shown["speech_svm"] == "-" and float(shown["speech_mfcc_lstm"]) > 0
    assert " Of SVM the training score is the learner's before" in overfitting.note(table, {"speech_svm": "SVM"})
    plain = overfitting.table(predictions, runs, toys.corpus(), "speaker_independent")
    assert overfitting.note(plain, {}) == overfitting.NOTE and "-" not in set(overfitting.worded(plain, {}).iloc[:, -1])


def test_a_claims_own_way_to_split_stands_for_its_authors(made):
    predictions, runs = made
    way = "as_published:80_20"
    theirs = predictions[predictions.protocol == "random"].assign(protocol=way)
    runs = [*runs, *(run | {"protocol": way, "fitted": {"train_uar": 0.8}} for run in runs)]
    scored = score(pd.concat([predictions, theirs]), toys.corpus())
    found = claim_tables.table(scored, runs, toys.corpus(), ("random", way, "speaker_independent"), "speech")
    row = found[found.recipe == "speech_mfcc_lstm"].squeeze()
    assert row.protocol_theirs == way and row.train_UAR == pytest.approx(0.8)
    assert set(found[found.system != "F"].protocol_theirs) == {"random"}  # of theirs nothing ran
    shown = claim_tables.worded(found, toys.corpus(), "speech")
    assert shown["their way, WA"][0].endswith("(80/20 as published)") and "new speakers, WA" in shown
    alone = claim_tables.table(scored[scored.protocol == way], runs, toys.corpus(), (way,), "speech")
    assert set(alone.protocol_theirs) == {""} and set(alone.protocol_honest) == {way}


def test_no_other_authors_way_stands_for_theirs(made):
    predictions, runs = made
    ways = ("as_published:100_clips", "official")
    moved = predictions.assign(protocol=predictions.protocol.map(dict(zip(PROTOCOLS, ways, strict=True))))
    runs = [run | {"protocol": dict(zip(PROTOCOLS, ways, strict=True))[run["protocol"]]} for run in runs]
    found = claim_tables.table(score(moved, toys.corpus()), runs, toys.corpus(), ways, "speech")
    row = found[found.recipe == "speech_mfcc_lstm"].squeeze()  # system F's; the 100 clips are M's
    assert (row.protocol_theirs, row.protocol_honest) == ("", "official") and pd.isna([row.theirs_WA, row.fall]).all()
    assert row.train_UAR == pytest.approx(0.7) and set(found[found.system == "M"].protocol_theirs) == {ways[0]}
    shown = claim_tables.worded(found, toys.corpus(), "speech")
    assert shown[shown["rebuilt by"] == "SPEECH_MFCC_LSTM"]["100 clips as published, WA"].tolist() == ["-"]
    assert shown.columns[5:].tolist() == [  # their way before the honest one, whichever system has none
        "100 clips as published, WA",
        "official split, WA",
        "official split, UAR",
        "fall (points of WA)",
    ]
    for notebook in sorted((paths.ROOT / "notebooks").glob("0[234]_*.ipynb")):
        text = notebook.read_text("utf-8")
        assert "else on a random split" in text and "else under the first protocol" not in text
