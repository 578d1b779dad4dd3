import io
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_tables import EMOTIONS, TITLES, made_comparisons, made_records

from emostudy import figures, gaps
from emostudy.figures import style, systems
from emostudy.figures.speakers import FEWEST, speaker_uar

CEILINGS, ADJUSTED = {"face": 0.8, "face+speech": 0.95}, {"face": 0.72, "face+speech": 0.88}
GENDERS = {f"s{n}": "female" if n < 6 else "male" for n in range(12)}
CORPUS = SimpleNamespace(clips=pd.DataFrame({"speaker": list(GENDERS), "gender": list(GENDERS.values())}))


def made_predictions(num_seeds=2, protocols=("random", "speaker_independent")):
    """Each of 12 speakers shows each emotion 5 times; on new speakers every second "anger" is taken for "neutral"."""
    rows = []
    for protocol in protocols:
        for seed in range(num_seeds):
            for number in range(120):
                emotion = EMOTIONS[number % 2]
                missed = protocol != "random" and emotion == "anger" and (number // 2) % 2
                right = 0.2 if missed else 0.8
                p = (right, 1 - right) if emotion == "anger" else (1 - right, right)
                clip = (f"c{number:03d}", f"s{number // 10}", emotion, EMOTIONS[np.argmax(p)])
                rows.append((protocol, seed, *clip, *np.round(p, 4)))
    columns = ["protocol", "seed", "clip_id", "speaker", "emotion", "predicted", "p_anger", "p_neutral"]
    return pd.DataFrame(rows, columns=columns).assign(fold=0, part="test", modalities="face", recipe="cnn")


def made_curves():
    rows = [
        {"run_id": f"{protocol}{fold}", "protocol": protocol, "recipe": "cnn", "modalities": "face", "fold": fold,
         "seed": 0, "condition": "none", "epoch": epoch, "train_loss": 1 / epoch, "dev_loss": 1.5 / epoch, "train_uar": 1 - 1 / epoch,
         "dev_uar": 0.8 - 0.5 / epoch + 0.02 * fold, "chosen": epoch == 2 + fold}
        for protocol in ("random", "speaker_independent") for fold in range(2) for epoch in range(1, 5 + fold)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def points(ax, label):
    """x positions of the artist called `_label`: of a line, or of an interval's marker."""
    lines = [line for line in ax.lines if line.get_label() == f"_{label}"]
    bars = [bar.lines[0] for bar in ax.containers if bar.get_label() == f"_{label}"]
    (found,) = lines or bars
    return found.get_xdata()


def whisker(ax, label):
    (bar,) = [bar for bar in ax.containers if bar.get_label() == f"_{label}"]
    return [float(x) for x in bar.lines[2][0].get_segments()[0][:, 0]]


def words(fig):
    return [text.get_text() for text in fig.findobj(plt.Text) if text.get_text()]


def test_protocols_draw_values_intervals_falls_chance_and_ceilings():
    fig = figures.protocols(made_records(), TITLES, CEILINGS, ADJUSTED)
    (ax,) = fig.axes
    assert points(ax, "late random") == pytest.approx([90])
    assert points(ax, "late speaker_independent") == pytest.approx([80])
    assert points(ax, "late fall") == pytest.approx([90, 80])
    assert whisker(ax, "late speaker_independent") == pytest.approx([76, 85])
    assert points(ax, "chance") == pytest.approx([50, 50])
    assert points(ax, "face+speech ceiling") == pytest.approx([95])
    assert points(ax, "face+speech adjusted") == pytest.approx([88])
    said = words(fig)
    assert {"20.0", "15.0", "10.0", "chance 50.0", "SVM & MFCC_40", "reference lines"} <= set(said)
    note = "120 clips of 12 speakers, 5 folds, 3 seeds. Whiskers: 95 % interval over speakers."
    assert any(note in " ".join(word.split()) for word in said)
    headings = [tick.get_text() for tick in ax.get_yticklabels() if tick.get_fontweight() == "bold"]
    assert headings == ["face", "speech", "face + speech", "reference lines"]


def test_hollow_means_random_and_colour_means_modality():
    ax = figures.protocols(made_records(), TITLES).axes[0]
    marks = {bar.get_label(): bar.lines[0] for bar in ax.containers}
    assert marks["_svm random"].get_markerfacecolor() == "white"
    assert marks["_svm speaker_independent"].get_markerfacecolor() == style.LOOKS["speech"].colour
    assert marks["_late random"].get_marker() == style.FUSION.marker
    assert marks["_majority random"].get_markeredgecolor() == style.GREY


def test_no_interval_no_whisker():
    records = made_records().assign(ci_low=np.nan, ci_high=np.nan)
    ax = figures.protocols(records, TITLES).axes[0]
    assert all(not bar.has_xerr for bar in ax.containers)


def test_protocols_alt_tells_the_finding():
    alt = figures.protocols_alt(made_records(), TITLES)
    assert "4 systems" in alt and "4 of them fall" in alt
    assert "most SVM & MFCC_40 (speech), from 80.0 to 60.0" in alt
    assert "Best on new speakers is late (face + speech) with 80.0 [76.0, 85.0]" in alt


def test_where_chance_is_not_one_number_it_is_said():
    records = made_records(metric="macro_F1")
    note = " ".join(words(figures.protocols(records, TITLES, metric="macro_F1")))
    told = "Chance in macro F1 is not one number, it depends on the clips; see the reference lines."
    assert told in " ".join(note.split()) and told in figures.protocols_alt(records, TITLES, "macro_F1")
    assert "not one number" not in figures.protocols_alt(made_records(), TITLES)


def test_what_rises_is_said_to_rise():
    records = made_records()
    random, fewer = records.protocol == "random", records.value.where(records.protocol != "random", records.value / 2)
    risen = records.assign(value=fewer)
    alt = figures.protocols_alt(risen, TITLES)
    assert "4 of them rise, in the median by" in alt and "-" not in alt.partition("points")[0] and "fall" not in alt
    fig = figures.protocols(risen, TITLES)
    assert "How much is gained on new speakers?" in words(fig)
    one = records.assign(value=records.value.where(~(random & (records.recipe == "svm")), 0.1))
    alt = figures.protocols_alt(one, TITLES)
    assert "3 of them fall and 1 rise, in the median a fall of" in alt
    assert "the highest rise SVM & MFCC_40 (speech), from 10.0 to 60.0" in alt


def test_gap_to_ceiling_draws_both_losses():
    lost = gaps.gaps(made_records(), {"face": "cnn_b", "face+speech": "late"}, CEILINGS, ADJUSTED)
    fig = figures.gap_to_ceiling(lost, TITLES, "120 clips.")
    drawn = [line.get_xdata() for line in fig.axes[0].lines if line.get_label() == "_lost"]
    assert np.ravel(drawn) == pytest.approx([65, 72, 72, 80, 80, 88, 88, 95])
    assert {"7.0", "8.0"} <= set(words(fig))
    assert "face: 65.0 reached of 80.0 possible, 8.0 points lost in recognition. face" in figures.gap_alt(lost)
    assert "7.0 points lost in recognition, 8.0 in fusion." in figures.gap_alt(lost)


def test_fusion_has_a_panel_per_protocol_and_the_best_single_modality():
    best = {"random": "svm", "speaker_independent": "cnn_b"}
    random, new = figures.fusion(made_records(), TITLES, best, CEILINGS).axes
    assert points(random, "svm") == pytest.approx([80, 80])
    assert points(new, "cnn_b") == pytest.approx([65, 65])
    assert points(random, "late random") == pytest.approx([90])
    assert whisker(new, "late speaker_independent") == pytest.approx([76, 85])
    assert random.get_xlim() == new.get_xlim()
    alt = figures.fusion_alt(made_records(), TITLES, best)
    assert "the best single modality, SVM & MFCC_40 (speech), reaches 80.0; 1 of 1 fusions lie above" in alt


def test_differences_are_hollow_where_none_is_shown():
    comparisons = made_comparisons()
    with pytest.raises(ValueError, match="2 protocols"):
        figures.differences(comparisons, TITLES)
    rows = comparisons[comparisons.protocol == "speaker_independent"]
    ax = figures.differences(rows, TITLES).axes[0]
    (mark,) = [bar.lines[0] for bar in ax.containers]
    assert mark.get_markerfacecolor() == "white"
    assert whisker(ax, "late") == pytest.approx([-1, 5])
    filled = figures.differences(comparisons[comparisons.verdict == "better"], TITLES).axes[0]
    assert filled.containers[0].lines[0].get_markerfacecolor() == style.FUSION.colour
    learned = figures.differences(rows, TITLES, learned=", learned from 33 % of the training clips")
    assert any("learned from 33 %" in line for line in words(learned))
    told = figures.differences_alt(rows, TITLES)
    assert f"of {len(rows)} systems " in told and "late (face + speech), 2.0 [-1.0, 5.0]." in told
    assert f"{(rows.verdict == 'no difference shown').sum()} no difference shown" in told


def test_a_long_name_has_two_lines_and_leaves_the_chart_its_room():
    long = "an encoder with a long name, fine-tuned at 1e-4"
    fig = figures.protocols(made_records(), TITLES | {"cnn_b": long})
    fig.draw_without_rendering()
    ax = fig.axes[0]
    (label,) = [tick.get_text() for tick in ax.get_yticklabels() if "encoder" in tick.get_text()]
    assert label.count("\n") == 1 and label.replace("\n", " ") == long
    assert ax.get_window_extent().width > 0.35 * fig.bbox.width
    ticks = np.sort(ax.get_yticks())
    assert np.diff(ticks).min() >= 1 and np.diff(ticks).max() < 2.5


def test_verdicts_shade_what_is_shown_and_name_every_difference():
    comparisons = made_comparisons().query("protocol == 'speaker_independent'")
    other = comparisons.assign(recipe="cnn_b", modalities="face+text", difference=-0.05, verdict="worse")
    rows = pd.concat([comparisons, other])
    fig = figures.verdicts(rows, TITLES)
    ax = fig.axes[0]
    shades = {patch.get_facecolor() for patch in ax.patches}
    lacking = [patch for patch in ax.patches if patch.get_hatch()]  # each of the two ran on one of both sets
    assert len(lacking) == 2 and "Hatched: not run." in " ".join(fig.get_supxlabel().split())
    told = {text.get_position() for text in ax.texts}
    assert not told & {(round(patch.get_x() + 0.48), round(patch.get_y() + 0.46)) for patch in lacking}
    assert len(ax.patches) == len(rows) + 2 and (1, 1, 1, 1) in shades and len(shades) == 2
    (dark,) = shades - {(1, 1, 1, 1)}
    (better,) = figures.verdicts(other.assign(verdict="better"), TITLES).axes[0].patches
    assert sum(dark[:3]) < 1 < 1.5 < sum(better.get_facecolor()[:3])  # worse is dark, better light
    unknown = figures.verdicts(other.assign(difference=np.nan, verdict="no difference shown"), TITLES)
    assert [text.get_text() for text in unknown.axes[0].texts] == ["–"]
    assert {"+2.0", "−5.0"} <= {text.get_text() for text in ax.texts}
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["face\n+ speech", "face\n+ text"]
    told = figures.verdicts_alt(rows, TITLES)
    assert "face + text: 0 of 1 shown better, 1 worse, most cnn_b by -5.0 points" in told
    assert told.startswith("Fused systems against ") and " on new speakers, UAR. " in told


def test_confusion_matrix_has_row_percentages_and_counts():
    fig = figures.confusions(made_predictions(), EMOTIONS, "CNN")
    random, new = fig.axes
    assert [text.get_text() for text in random.texts] == ["100", "60", "100", "60"]
    assert [text.get_text() for text in new.texts] == ["50", "30", "50", "30", "100", "60"]
    assert new.images[0].get_array()[0, 1] == pytest.approx(0.5)
    assert new.texts[4].get_color() == "black"  # on the light end of the colour map
    alt = figures.confusions_alt(made_predictions(), EMOTIONS, "CNN", 1)
    assert "worst anger (50 %); taken: anger for neutral (50 %)" in alt


def test_what_is_never_confused_is_not_said_to_be():
    alt = figures.confusions_alt(made_predictions(), EMOTIONS, "CNN")
    assert "Random split: nothing is taken for anything else. New speakers:" in alt  # neither zeros nor the diagonal
    assert alt.endswith("taken: anger for neutral (50 %).") and "neutral for anger" not in alt
    assert [systems._whole(share) for share in (0, 0.002, 0.5, 0.996, 1)] == ["0", "0.2", "50", "99.6", "100"]


def test_a_protocol_that_tested_a_handful_of_clips_is_not_drawn_of_one_system():
    predictions = made_predictions()
    few = predictions[(predictions.protocol != "random") | predictions.clip_id.isin(predictions.clip_id.unique()[:20])]
    out = "Not drawn: random split, of 20 test clips (fewer than 100)."
    confusion, roc = figures.confusions(few, EMOTIONS, "CNN"), figures.roc_curves(few, EMOTIONS, "CNN")
    assert len(confusion.axes) == 1
    for fig in (confusion, roc, figures.per_speaker(few, CORPUS, "CNN")):
        said = " ".join(" ".join(words(fig)).split())
        assert out in said and "random" not in said.replace(out, "")
    for alt in (
        figures.confusions_alt(few, EMOTIONS, "CNN"),
        figures.roc_curves_alt(few, EMOTIONS, "CNN"),
        figures.per_speaker_alt(few, CORPUS, "CNN"),
    ):
        assert alt.endswith(out) and "Random" not in alt


def test_captions_count_what_is_drawn_and_nothing_else():
    """A third protocol of another number of clips stays out of figures that draw two, and out of what stands below them."""
    predictions = made_predictions(protocols=("random", "official", "speaker_independent"))
    predictions = predictions[
        (predictions.protocol != "official") | predictions.clip_id.isin(predictions.clip_id.unique()[:110])
    ]
    records = made_records()
    other = records[records.protocol == "random"].assign(protocol="official", num_clips=110)
    three = pd.concat([records, other], ignore_index=True)
    drawn = (
        figures.confusions(predictions, EMOTIONS, "CNN"),
        figures.roc_curves(predictions, EMOTIONS, "CNN"),
        figures.protocols(three, TITLES),
        figures.class_recall(three, "svm", "speech", "SVM"),
    )
    for fig in drawn:
        said = " ".join(" ".join(words(fig)).split())
        assert "120 clips of 12 speakers" in said and "110" not in said and "official" not in said


def test_uar_over_some_of_the_emotions_is_said_to_be_that():
    predictions = made_predictions()
    few = predictions[(predictions.speaker != "s3") | (predictions.emotion == "anger")]
    few = pd.concat([few, few[few.speaker == "s3"].assign(clip_id=lambda t: t.clip_id + "b")])  # 10 clips, one emotion
    told = "ach over the 1 to 2 of 2 emotions that a speaker shows"
    assert told in " ".join(" ".join(words(figures.per_speaker(few, CORPUS, "CNN"))).split())
    assert f"E{told}." in figures.per_speaker_alt(few, CORPUS, "CNN")
    assert "emotions that" not in " ".join(words(figures.per_speaker(predictions, CORPUS, "CNN")))
    assert "emotions that" not in figures.per_speaker_alt(predictions, CORPUS, "CNN")


def test_a_long_name_of_an_emotion_finds_room_above_its_panel():
    emotions = ("pleasant surprise", "neutral")
    predictions = made_predictions().replace({"anger": emotions[0]}).rename(columns={"p_anger": f"p_{emotions[0]}"})
    assert "pleasant\nsurprise" in words(figures.roc_curves(predictions, emotions, "CNN"))


def test_learning_curves_average_only_epochs_that_all_runs_reached():
    fig = figures.learning_curves(made_curves(), "cnn", "CNN", 0.5)
    ax = fig.axes[0]
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["_dev mean"].get_xdata().tolist() == [1, 2, 3, 4]
    assert lines["_dev mean"].get_ydata()[1] == pytest.approx(100 * (0.8 - 0.25 + 0.01))
    assert lines["_kept"].get_xdata().tolist() == [2, 3]
    assert lines["_chance"].get_ydata() == pytest.approx([50, 50])
    with pytest.raises(ValueError, match="0 sets of modalities of 'svm'"):
        figures.learning_curves(made_curves(), "svm", "SVM")
    assert "New speakers: kept after 2 epochs" in figures.learning_curves_alt(made_curves(), "cnn", "CNN")


def test_class_recall_and_roc():
    ax = figures.class_recall(made_records(), "svm", "speech", "SVM").axes[0]
    assert points(ax, "neutral fall") == pytest.approx([90, 70])
    assert "anger 80.0 and 60.0" in figures.class_recall_alt(made_records(), "svm", "speech", "SVM")
    fig = figures.roc_curves(made_predictions(), EMOTIONS, "CNN")
    assert {"random 100", "new 75"} <= set(words(fig))
    assert "New speakers: anger 75, neutral 75" in figures.roc_curves_alt(made_predictions(), EMOTIONS, "CNN")


@pytest.mark.parametrize("draw", [figures.confusions, figures.roc_curves])
def test_a_title_of_two_lines_keeps_off_square_panels(draw):
    emotions = tuple("abcdefg")
    shares = pd.DataFrame(np.random.default_rng(0).random((70, 7)), columns=[f"p_{name}" for name in emotions]).round(4)
    head = {"protocol": "official", "seed": 0, "fold": 0, "part": "test", "modalities": "text", "recipe": "bert"}
    clips = {"clip_id": [f"c{at}" for at in range(70)], "speaker": [f"s{at % 9}" for at in range(70)]}
    labels = {"emotion": list(emotions) * 10, "predicted": [emotions[at % 5] for at in range(70)]}
    fig = draw(shares.assign(**head, **clips, **labels), emotions, "an encoder with a long name, fine-tuned at 1e-4")
    fig.savefig(io.BytesIO(), dpi=style.DPI)
    title, *words = (text.get_window_extent() for text in (fig._suptitle, *(ax._left_title for ax in fig.axes)))
    assert fig._suptitle.get_text().count("\n") == 1 and not [word for word in words if word.overlaps(title)]
    note = fig._supxlabel.get_window_extent()
    assert not [ax for ax in fig.axes if ax.get_visible() and ax.xaxis.label.get_window_extent().overlaps(note)]


@pytest.mark.filterwarnings("error")
def test_an_emotion_without_a_clip_has_no_curve():
    lacking = made_predictions().query("protocol == 'random' or emotion == 'anger'")
    for number, ax in enumerate(figures.roc_curves(lacking, EMOTIONS, "CNN").axes[: len(EMOTIONS)]):
        assert [line.get_label() for line in ax.lines if line.get_label() in ("_random", "_speaker_independent")] == [
            "_random"
        ]
        assert {"random 100", "new -"} == {text.get_text() for text in ax.texts}, number
    assert "New speakers: anger -, neutral -" in figures.roc_curves_alt(lacking, EMOTIONS, "CNN")


def test_speakers_stand_by_gender_best_first():
    predictions = made_predictions()
    hard = (predictions.speaker == "s0") & (predictions.protocol != "random")
    predictions.loc[hard, "predicted"] = "neutral"
    table = speaker_uar(predictions, CORPUS)
    assert table.gender.tolist() == ["female"] * 6 + ["male"] * 6
    assert table.speaker[5] == "s0" and table.honest[5] == pytest.approx(0.5)
    assert table.honest[:5].is_monotonic_decreasing
    fig = figures.per_speaker(predictions, CORPUS, "CNN")
    assert fig.axes[0].lines[-1].get_ydata() == pytest.approx(100 * table.honest)
    assert "from 50.0 (speaker s0)" in figures.per_speaker_alt(predictions, CORPUS, "CNN")


def fewer(predictions, protocol, speakers, clips):
    """Of these speakers only so many clips under a protocol."""
    rank = predictions.groupby(["protocol", "seed", "speaker"]).cumcount()
    lost = (predictions.protocol == protocol) & predictions.speaker.isin(speakers) & (rank >= clips)
    return predictions[~lost]


def test_speakers_of_few_clips_are_left_out_and_counted():
    many = pd.concat([made_predictions(), made_predictions().assign(clip_id=lambda t: t.clip_id + "b")])
    few = fewer(many, "speaker_independent", ["s0", "s7"], FEWEST - 1)
    fig, alt = (draw(few, CORPUS, "CNN") for draw in (figures.per_speaker, figures.per_speaker_alt))
    assert (
        np.isnan(fig.axes[0].lines[-1].get_ydata()).sum() == 2
    )  # their hollow marks are drawn, the filled ones are not
    out = f"Left out, for each has fewer than {FEWEST} clips: 2 speakers with {2 * FEWEST - 2} clips on new speakers."
    assert out in alt and out in " ".join(fig._supxlabel.get_text().split())
    means = speaker_uar(few[~few.speaker.isin(["s0", "s7"])], CORPUS).groupby("gender").honest.mean()
    assert (
        "new speakers: from" in alt.lower() and f"female {100 * means.female:.1f}, male {100 * means.male:.1f}" in alt
    )
    gone = figures.per_speaker(fewer(few, "random", GENDERS, 1), CORPUS, "CNN")  # nobody is left under one protocol
    assert "New speakers. 200 clips of 10 speakers" in " ".join(gone._supxlabel.get_text().split())
    assert "Not drawn: random split, of 12 test clips" in " ".join(gone._supxlabel.get_text().split())


def test_speakers_stand_beside_chance_with_their_numbers_of_clips():
    fig = figures.per_speaker(made_predictions(), CORPUS, "CNN")
    ax = fig.axes[0]
    assert points(ax, "chance") == pytest.approx([0, 1]) and ax.get_ylim()[0] < 50 and "chance 50.0" in words(fig)
    note = " ".join(fig._supxlabel.get_text().split())
    assert "10 clips a speaker (fewer than 20: 12 speakers)." in note
    some = fewer(
        pd.concat([made_predictions(), made_predictions().assign(clip_id=lambda t: t.clip_id + "b")]),
        "speaker_independent",
        ["s3"],
        15,
    )
    note = " ".join(figures.per_speaker(some, CORPUS, "CNN")._supxlabel.get_text().split())
    assert "15 to 20 clips a speaker (fewer than 20: s3)." in note
    alt = figures.per_speaker_alt(made_predictions(), CORPUS, "CNN")
    assert "Random split: 100.0 for all; mean" in alt and "from 100.0" not in alt


def test_where_every_speaker_has_few_clips_all_are_drawn_and_it_is_said():
    few = fewer(made_predictions(), "speaker_independent", GENDERS, FEWEST - 1)
    fig, alt = (draw(few, CORPUS, "CNN") for draw in (figures.per_speaker, figures.per_speaker_alt))
    assert len(fig.axes[0].lines[-1].get_ydata()) == 12 and f"No speaker has {FEWEST} clips on new speakers" in alt


def test_names_of_narrow_groups_do_not_overprint():
    genders = {name: "female" if name in ("s1", "s2") else ("male" if name == "s3" else "") for name in GENDERS}
    corpus = SimpleNamespace(clips=pd.DataFrame({"speaker": list(genders), "gender": list(genders.values())}))
    fig = figures.per_speaker(made_predictions(), corpus, "CNN")
    fig.savefig(io.BytesIO(), dpi=style.DPI)
    boxes = [text.get_window_extent() for text in fig.axes[0].texts]
    assert len(boxes) == 4 and not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[:at])


def test_emotion_counts_add_up():
    clips = made_predictions(1).query("protocol == 'random'").assign(gender=lambda t: t.speaker.map(GENDERS))
    bars, grid = figures.emotion_counts(clips, EMOTIONS).axes
    assert [patch.get_width() for patch in bars.patches] == [30, 30, 30, 30]
    assert grid.images[0].get_array().shape == (2, 12)
    assert "anger 60, neutral 60" in figures.emotion_counts_alt(clips, EMOTIONS)


def test_contact_sheet_keeps_pixels_and_leaves_holes_white():
    images = {(row, column): np.full((48, 48), 7, np.uint8) for row in "ab" for column in "xyz" if row + column != "bz"}
    sheet = np.asarray(figures.contact_sheet(images, "ab", "xyz").axes[0].images[0].get_array())
    assert sheet.shape == (2 * 48 + 2, 3 * 48 + 4, 3)
    assert (sheet[:48, :48] == 7).all() and (sheet[-48:, -48:] == 255).all()
    assert "5 pictures" in figures.contact_sheet_alt(images, "ab", "xyz")
    ax = figures.crops(np.zeros((2, 3, 8, 8, 3), np.uint8), ["fear", "fear"]).axes[0]
    assert ax.images[0].get_array().shape == (3 * 9 - 1, 2 * 9 - 1, 3)


def test_confusion_tables_sounds_and_dialogue_draw_what_they_get():
    table = np.array([[0.9, 0.1], [0.3, 0.7]])
    ax = figures.confusion_tables({"face": table, "text": table}, EMOTIONS).axes[1]
    assert [text.get_text() for text in ax.texts] == ["90", "10", "30", "70"]
    assert "face shows anger most clearly (90 %)" in figures.confusion_tables_alt({"face": table}, EMOTIONS)

    wave = 0.5 * np.sin(2 * np.pi * 200 * np.arange(8000) / 16000)
    fig = figures.sounds({"calm": wave, "loud": np.zeros(4000)}, 16000)
    assert np.nanmedian(fig.axes[4].lines[0].get_ydata()) == pytest.approx(200, rel=0.02)
    assert fig.axes[0].get_xlim() == (0, 0.5)
    alt = figures.sounds_alt({"calm": wave, "none": np.zeros(4000)}, 16000)
    assert "calm 0.5 s, -9 dB, F0 20" in alt and "no voice found" in alt

    turns = pd.DataFrame({"turn": [2, 1], "speaker": ["a", "b"], "gender": ["female", "male"], "text": ["Yes.", "No?"],
                          "emotion": ["anger", "fear"], "shows_face": ["anger", "anger"]})  # fmt: skip
    ax = figures.dialogue(turns, ["face"]).axes[0]
    filled = [patch.get_facecolor()[:3] != (1, 1, 1) for patch in ax.patches]
    assert filled == [True, True, True, False]  # turn 1: fear, shows anger; turn 2: anger, shows it
    assert "emotions: fear, anger. Another is shown by face in 1" in figures.dialogue_alt(turns, ["face"])


def test_saved_files_repeat_byte_for_byte_whatever_the_notebook_has_set(tmp_path):
    paths = style.save(figures.protocols(made_records(), TITLES), tmp_path, "02_protocols", "All\n fall.")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == sorted(path.name for path in paths)
    first = [path.read_bytes() for path in paths]
    with plt.rc_context({"font.size": 20, "xtick.major.pad": 20, "svg.fonttype": "none", "savefig.dpi": 30}):
        style.save(figures.protocols(made_records(), TITLES), tmp_path, "02_protocols", "All\n fall.")
    assert [path.read_bytes() for path in paths] == first
    assert paths[3].read_text() == "All fall.\n"
    assert Image.open(paths[0]).width == round(style.HALF * style.DPI)
    assert b"Date" not in first[2] and len(first[0]) < style.MAX_BYTES


def test_a_large_picture_is_reduced_and_a_figure_needs_words(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (4, 96, 96, 3), dtype=np.uint8)
    pictures = {(row, "x"): picture for row, picture in zip("abcd", noise, strict=True)}
    fig = figures.contact_sheet(pictures, "abcd", "x")
    assert Image.open(style.save(fig, tmp_path, "noise", "Noise.")[0]).mode == "P"
    with pytest.raises(ValueError, match="no alt text"):
        style.save(fig, tmp_path, "noise", " ")


def test_drawing_leaves_no_open_figure_and_no_setting_behind():
    before = dict(plt.rcParams)
    figures.protocols(made_records(), TITLES)
    assert not plt.get_fignums() and dict(plt.rcParams) == before


def test_all_text_is_at_least_seven_points_and_inside():
    fig = figures.protocols(made_records(), TITLES, CEILINGS, ADJUSTED)
    fig.draw_without_rendering()
    for text in fig.findobj(plt.Text):
        if text.get_text() and text.get_visible():
            assert text.get_fontsize() >= 7
    boxes = [text.get_window_extent() for text in fig.axes[0].texts + fig.axes[0].get_yticklabels()]
    assert all(box.x0 >= 0 and box.x1 <= fig.bbox.x1 for box in boxes)


@pytest.mark.filterwarnings("error")
def test_a_smoke_run_without_intervals_and_with_one_protocol_is_drawn():
    records = made_records().query("protocol == 'random'").assign(ci_low=np.nan, ci_high=np.nan)
    figures.protocols(records, TITLES, CEILINGS, ADJUSTED)
    figures.class_recall(records, "svm", "speech", "SVM")
    both = made_records().assign(ci_low=np.nan, ci_high=np.nan)
    figures.fusion(both, TITLES, {"random": "svm", "speaker_independent": "svm"})
    lost = gaps.gaps(both, {"face": "cnn_b"}, CEILINGS, ADJUSTED)
    figures.gap_to_ceiling(lost, TITLES, "No interval.")
    predictions, curves = made_predictions(1).query("protocol == 'random'"), made_curves().query("epoch < 3")
    figures.confusions(predictions, EMOTIONS, "CNN")
    figures.roc_curves(predictions, EMOTIONS, "CNN")
    figures.learning_curves(curves.query("protocol == 'random'"), "cnn", "CNN")
    figures.per_speaker(predictions, CORPUS).draw_without_rendering()


WRONG = ("random split", "new speakers", "fall", "chance", "UAR")  # words that have no place beside the official split


def test_one_protocol_alone_is_filled_and_nothing_falls():
    records = made_records(["official"], "weighted_F1")
    fig = figures.protocols(records, TITLES, cluster="dialogue", metric="weighted_F1")
    (ax,) = fig.axes
    assert points(ax, "late official") == pytest.approx([80]) and not [
        one for one in ax.lines if "fall" in one.get_label()
    ]
    assert {bar.lines[0].get_markerfacecolor() for bar in ax.containers}.isdisjoint({"white"})
    said = [*words(fig), figures.protocols_alt(records, TITLES, "weighted_F1")]
    assert {"What is reached on the official split?", "weighted F1 (%)"} <= set(said)
    assert said[-1].startswith(
        "Weighted F1 in percent of 4 systems on the official split. Best on the official split is late"
    )
    assert any("Official split. 120 clips of 12 dialogues" in " ".join(word.split()) for word in said)
    assert not [word for word in said for wrong in WRONG if wrong in word]


def test_a_random_split_beside_the_official_one_is_drawn_and_told_so():
    records, best = made_records(["random", "official"]), {"random": "svm", "official": "cnn_b"}
    fig = figures.protocols(records, TITLES)
    assert points(fig.axes[0], "late fall") == pytest.approx([90, 80])
    assert {"How much is lost on the official split?", "random split", "official split"} <= set(words(fig)) | {
        text.get_text() for text in fig.axes[0].get_legend().get_texts()
    }
    alt = figures.protocols_alt(records, TITLES)
    assert "on a random split and on the official split. 4 of them fall" in alt and "new speakers" not in alt
    random, official = figures.fusion(records, TITLES, best).axes
    assert random.get_title(loc="left") == "random split" and points(official, "late official") == pytest.approx([80])
    assert "Official split: the best single modality, cnn_b" in figures.fusion_alt(records, TITLES, best)


@pytest.mark.filterwarnings("error")
def test_every_figure_of_results_knows_one_protocol_alone():
    records, predictions = made_records(["official"]), made_predictions(2, ["official"])
    best, curves = {"official": "cnn_b"}, made_curves().query("protocol == 'random'").assign(protocol="official")
    drawn = {
        "protocols": (figures.protocols(records, TITLES), figures.protocols_alt(records, TITLES)),
        "fusion": (figures.fusion(records, TITLES, best), figures.fusion_alt(records, TITLES, best)),
        "recall": tuple(
            draw(records, "svm", "speech", "SVM") for draw in (figures.class_recall, figures.class_recall_alt)
        ),
        "curves": tuple(draw(curves, "cnn", "CNN") for draw in (figures.learning_curves, figures.learning_curves_alt)),
        "confusions": tuple(
            draw(predictions, EMOTIONS, "CNN") for draw in (figures.confusions, figures.confusions_alt)
        ),
        "roc": tuple(draw(predictions, EMOTIONS, "CNN") for draw in (figures.roc_curves, figures.roc_curves_alt)),
        "speakers": tuple(draw(predictions, CORPUS, "CNN") for draw in (figures.per_speaker, figures.per_speaker_alt)),
    }
    for name, (fig, alt) in drawn.items():
        fig.draw_without_rendering()
        said = " ".join(" ".join(word.split()) for word in (*words(fig), alt))
        assert "fficial split" in said, name
        assert not [wrong for wrong in ("random split", "new speakers", "fall") if wrong in said.lower()], name


def test_confusions_of_one_protocol_take_half_the_page():
    assert figures.confusions(made_predictions(1, ["official"]), EMOTIONS).get_size_inches()[0] == style.FULL / 2
    assert figures.confusions(made_predictions(1), EMOTIONS).get_size_inches()[0] == style.FULL
