"""The README says what is so: its table of notebooks, its commands, its picture of the package, its links."""

import json
import re
from math import log

import pandas as pd

from emostudy.cli import parser
from emostudy.graph import NOTEBOOKS, markdown
from emostudy.paths import ROOT
from emostudy.recipes.heads import WAYS
from emostudy.recipes.rules import RULES
from emostudy.wording import interval

TEXT = (ROOT / "README.md").read_text("utf-8")


def test_table_of_notebooks_is_the_graphs():
    assert markdown() in TEXT, "put the output of emostudy.graph.markdown() into the README"


def test_commands_are_understood():
    commands = re.findall(r"\.venv/bin/python -m emostudy (\w+[^#`\n&]*)", TEXT)
    assert len(commands) >= 4
    for command in commands:
        parser().parse_args(command.split())


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_modules_in_the_picture_are_there_and_all_are_in_it():
    picture = TEXT.split("## How it is built")[1].split("```")[1]
    drawn = set(re.findall(r"\w+\.py", picture)) | {name + "/" for name in re.findall(r"(\w+)/", picture)}
    package = ROOT / "emostudy"
    there = {path.name for path in package.glob("*.py")} | {
        path.name + "/" for path in package.iterdir() if path.is_dir()
    }
    there -= {"__init__.py", "__pycache__/"}
    assert there <= drawn, f"not in the README's picture: {sorted(there - drawn)}"


def test_rules_and_heads_are_as_many_as_it_says():
    number = {10: "ten", 11: "eleven", 18: "eighteen", 19: "nineteen", 20: "twenty"}
    assert (
        f"**{number[len(RULES)].capitalize()} fusion rules from predictions alone, and {number[len(WAYS)]} heads"
        in TEXT
    )


MEASURED = pd.read_csv(ROOT / "results" / "machines" / "class_seconds.csv", index_col="what")


def test_how_long_the_study_takes_is_what_was_measured():
    cold, warm = MEASURED.loc["nothing cached"], MEASURED.loc["nothing changed"]
    told = f"took {cold.seconds / 60:.0f} minutes and at most {cold.peak_mb / 1000:.1f} GB on two cores with nothing cached, and"
    assert f"{told} {warm.seconds:.0f} seconds with nothing changed" in TEXT


def test_minutes_of_notebooks_are_what_was_measured():
    for notebook in NOTEBOOKS:
        if notebook.slug in MEASURED.index:
            assert abs(notebook.minutes - MEASURED.seconds[notebook.slug] / 60) <= 0.25, notebook.slug


def test_how_far_heads_trained_together_are_from_those_trained_alone_is_what_was_measured():
    measured = pd.read_csv(ROOT / "results" / "machines" / "speeds.csv", index_col="what").value
    alone, single, double = (
        measured[measured.index.str.endswith(f"largest difference {how}")]
        for how in ("from itself alone", "from a plain loop", "in double precision")
    )
    assert set(alone.index) == {f"{way.name}, largest difference from itself alone" for way in WAYS}
    assert (alone == 0).all() and len(single) == len(double) == 3 and double.max() < 1e-14
    words = " ".join(TEXT.split())
    assert "each becomes, to the last bit, what it becomes alone" in words
    assert f"{single.max():.1f}" == "0.1" and "grow over 30 epochs to a tenth of a logit in single precision" in words
    together, loops = (measured[measured.index.str.endswith(how)].to_numpy() for how in ("one program", "one by one"))
    saved = 100 * (1 - together / loops)
    assert f"takes {saved.min():.0f} to {saved.max():.0f} % less of the processor" in words


def test_what_system_r_s_three_vectors_reach_is_what_their_table_says():
    table = pd.read_csv(ROOT / "results" / "ravdess" / "paper" / "tables" / "05_vectors.csv")
    rows, words = table[table.recipe == "entropy_trust"].set_index("baseline"), " ".join(TEXT.split())
    for name, told in (
        ("trust", "are worse than weights that are the same for all clips of a fold (trust alone), {}"),
        ("entropy_trust_less", "The picture, which hears nothing that the voice does not, adds {}"),
    ):
        row = rows.loc[name]
        assert told.format(interval(row.difference, row.ci_low, row.ci_high)) in words
    assert rows.verdict["trust"] == "worse" and rows.verdict["mean"] == "no difference shown"
    assert rows.verdict["entropy_trust_less"] == "better"


def test_how_long_the_strong_lines_of_speech_take_is_what_was_measured():
    measured = pd.read_csv(ROOT / "results" / "machines" / "speeds.csv", index_col="what").value
    files = (ROOT / "results" / "ravdess" / "paper" / "runs").glob("*.json")
    runs = [json.loads(path.read_text("utf-8")) for path in files]
    minutes = [run["seconds"] / 60 for run in runs if run["recipe"] == "speech_crnn_nested"]
    told = f"takes {measured['strong speech line, one fold of RAVDESS'] / 60:.1f} minutes a fold of RAVDESS on one core"
    words = " ".join(TEXT.split())
    assert told in words and f"whose settings dev chooses {min(minutes):.0f} to {max(minutes):.0f} (" in words


def test_how_near_the_ceiling_emosynth_comes_is_what_its_tables_say():
    folder = ROOT / "results" / "emosynth" / "paper" / "tables"
    table = pd.read_csv(folder / "05_ceilings.csv")
    single, best = table.reads.dropna(), table.iloc[-1]  # dev's choice, not the highest on test
    assert best.modalities == "face+speech+text"
    told = (
        f"reads {100 * single.min():.0f} to {100 * single.max():.0f} % of what it shows, and the rule that dev prefers"
    )
    assert f"{told} on all three reaches {100 * best.reached:.1f} % UAR" in TEXT
    assert f"leaves {100 * best.adjusted:.1f} of the ceiling's {100 * best.ceiling:.1f} (" in " ".join(TEXT.split())


def test_how_far_apart_the_seeds_of_the_lstm_as_stated_lie_is_what_its_records_say():
    records = pd.read_csv(ROOT / "results" / "tess" / "paper" / "records.csv", dtype={"fold": str})
    runs = records[(records.recipe == "speech_lstm_raw") & (records.protocol == "as_published:80_20")]
    runs = runs[(runs.metric == "WA") & (runs.part == "test") & (runs.fold != "all")]
    seeds = 100 * runs.groupby("seed").value.mean()
    told = f"single seeds reach {seeds.min():.1f} to {seeds.max():.1f} % on 80/20"
    assert told in TEXT and len(seeds) > 1


def test_what_settings_chosen_in_the_fold_reach_is_what_the_records_say():
    scored = pd.read_csv(ROOT / "results" / "ravdess" / "paper" / "records.csv", dtype={"fold": str, "seed": str})
    whole = scored[
        (scored.fold == "all") & (scored.seed == "all") & (scored.group == "all") & (scored.emotion == "all")
    ]
    rows = whole[(whole.metric == "UAR") & (whole.condition == "none")].set_index(["recipe", "protocol"]).value
    pairs = (
        ("face_units_nested", "face_units_discriminant"),
        ("speech_functionals_nested", "speech_functionals_mlp"),
        ("speech_crnn_nested", "speech_crnn"),
        ("speech_strong_nested", "speech_strong"),
    )
    rows["speech_crnn", "speaker_independent"] = reached("07_augmented", "own_value", recipe="speech_crnn")
    told = [[f"{100 * rows[name, 'speaker_independent']:.1f}" for name in pair] for pair in pairs]
    units, *voices, both = (f"{one} for {other}" for one, other in told)
    first = units.replace(" for", " % UAR for")
    assert f"reach {', '.join([first, *voices])} and {both}, which are not tested" in TEXT
    compare, three = (100 * rows[name, "speaker_independent"] for name in ("speech_crnn_compare", "speech_three"))
    known = 100 * reached("03_by_speaker", "value", recipe="speech_functionals_compare", condition="by_speaker")
    assert f"reach {compare:.1f} % together, and with our functionals {three:.1f}; measured by speaker, the" in TEXT
    assert f"and our functionals {known:.1f}\n" in TEXT
    assert f"reads {100 * rows['face_units_nested', 'random']:.1f} %." in TEXT


def reached(table: str, column: str, **asked) -> float:
    """One UAR of a table of RAVDESS."""
    rows = pd.read_csv(ROOT / "results" / "ravdess" / "paper" / "tables" / f"{table}.csv")
    for name, value in ({"metric": "UAR"} | asked).items():
        rows = rows[rows[name] == value]
    return rows[column].item()


def test_what_the_tuned_crnn_chose_is_what_its_records_say():
    files = (ROOT / "results" / "ravdess" / "paper" / "runs").glob("*.json")
    runs = [
        json.loads(path.read_text("utf-8"))
        for path in files
        if '"recipe": "speech_crnn_nested"' in path.read_text("utf-8")
    ]
    chosen = [run["fitted"]["chosen"] for run in runs]
    plain, mixed, masked = (
        sum(one["setting"] == name for one in chosen) for name in ("as they are", "mixed", "mixed and masked")
    )
    last = sum(one["epochs"] == 20 for one in chosen)
    counts = f"chose clips as they are in {plain}, mixup in {mixed} and masks in {masked or 'none'}"
    assert f"Of the {len(runs)} trainings of that CRNN dev {counts}, and the last of 20 epochs in {last}:" in TEXT


def test_what_it_says_of_turned_faces_is_what_the_tables_say():
    folder = ROOT / "results" / "emosynth" / "paper"
    tables, curves = folder / "tables", pd.read_csv(folder / "curves.csv")
    stated = curves[(curves.recipe == "face_cnn_stated") & (curves.condition == "once")]
    assert stated.fold.nunique() == 2 and (stated.train_loss / log(6) - 1).abs().max() < 0.01  # of a guess among six
    reached = pd.read_csv(tables / "02_once.csv").query("metric == 'UAR'").set_index(["protocol", "recipe"]).value
    assert reached["random"].face_cnn_stated_88 < 0.25 and "not at all in the one random split" in " ".join(
        TEXT.split()
    )
    reached = reached["speaker_independent"]
    assert reached.face_cnn_stated < 0.2 < 0.5 < min(reached.face_cnn_stated_upright, reached.face_cnn_stated_88)
    beside = pd.read_csv(tables / "02_once_compared.csv").set_index("recipe")
    readings = beside[beside.index.str.startswith("face_cnn_stated")]
    assert set(beside.baseline) == {"face_gru"} and len(readings) == 5
    assert list(readings.index[readings.verdict == "no difference shown"]) == ["face_cnn_stated_plain"]
    varied = pd.read_csv(tables / "07_augmented.csv").set_index("recipe").verdict
    assert varied.face_cnn_all == "worse" and {varied.face_cnn_all_but_flip, varied.face_cnn_flip} == {
        "no difference shown"
    }
    blocks = pd.read_csv(tables / "07_blocks.csv").set_index("recipe").verdict
    assert blocks.two_stages_less == "better" and not (blocks.drop("two_stages_less") == "worse").any()
    assert "it is the one reading that is not shown to be worse than the [GRU over frames]" in " ".join(TEXT.split())


def test_what_fusion_is_shown_to_beat_is_what_the_tables_say():
    told, better = " ".join(TEXT.split()), {}
    for place in ("emosynth", "ravdess"):
        tables = ROOT / "results" / place / "paper" / "tables"
        both = [pd.read_csv(tables / f"06_comparisons{name}.csv").verdict == "better" for name in ("", "_second")]
        better[place] = [(int(verdicts.sum()), len(verdicts)) for verdicts in both]
    (first, num), (second, _) = better["emosynth"]
    assert (
        f"{first} of {num} fusions are shown better than the single system that dev prefers, and {second} than the one"
        in told
    )
    first, second = (
        "[{} of {}]({})".format(*counts, f"results/ravdess/paper/tables/06_comparisons{name}.md")
        for name, counts in zip(("", "_second"), better["ravdess"], strict=True)
    )
    assert (
        f"on RAVDESS {first} than the mean of three lines of voices" in told
        and f"and {second} than the best face" in told
    )
    sizes = pd.read_csv(ROOT / "results" / "ravdess" / "paper" / "tables" / "07_sizes.csv")
    few = 100 * sizes[sizes.share == sizes.share.min()].set_index("of").value
    assert f"teaches a head {few['clip']:.1f} % UAR if they are of all speakers and {few['speaker']:.1f} % if" in told


def test_what_dev_cannot_tell_on_tess_is_what_its_records_say():
    scored = pd.read_csv(ROOT / "results" / "tess" / "paper" / "records.csv", dtype={"fold": str, "seed": str})
    rows = scored[(scored.protocol == "speaker_independent") & (scored.metric == "UAR") & (scored.condition == "none")]
    on_dev = rows[rows.part == "dev"].groupby("recipe").value.min()
    tested = rows[(rows.part == "test") & (rows.fold == "all") & (rows.seed == "all") & (rows.emotion == "all")]
    kept = tested.set_index("recipe").value[on_dev.index[on_dev == 1]].sort_values()
    assert len(kept) == 2 and f"one of them keeps {100 * kept.iloc[1]:.1f} % on the other actress" in " ".join(
        TEXT.split()
    )
    assert f"and the other {100 * kept.iloc[0]:.1f} %;" in TEXT


def test_what_networks_on_spectrogram_pictures_read_is_what_their_table_says():
    resnet, alexnet = (
        100 * reached("03_once", "value", recipe=f"speech_{name}_picture_scratch", protocol="speaker_independent")
        for name in ("resnet18", "alexnet")
    )
    assert f"with {resnet:.1f} % UAR (ResNet-18) and {alexnet:.1f} % (AlexNet;" in TEXT


def test_what_saying_rare_emotions_more_often_is_worth_is_what_its_tables_say():
    tables = ROOT / "results" / "meld" / "paper" / "tables"
    name, words = "text_all-MiniLM-L6-v2_tuned_small", " ".join(TEXT.split())
    worth, cost = (pd.read_csv(tables / f"04_adjusted{end}.csv").set_index("recipe").loc[name] for end in ("_UAR", ""))
    assert f"is worth {100 * worth.difference:.1f} points of [UAR]" in words and worth.verdict == "better"
    assert cost.verdict == "no difference shown" and cost.metric == "weighted_F1"
    without = pd.read_csv(tables / "04_per_class_unadjusted.csv")
    fear = without[(without.emotion == "fear") & (without.metric == "recall")].value.item()
    assert fear == 0 and "without it the encoder finds [no fear at all]" in words
    counts = pd.read_csv(tables.parent / "clips.csv").query("split == 'train'").emotion.value_counts()
    assert f"{counts.neutral / counts.fear:.0f} times as frequent" in words
