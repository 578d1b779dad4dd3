"""Systems by name, which of them a corpus can feed, and the table of all of them."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest
import toys

from emostudy import corpora, stamps, systems
from emostudy.cli import main
from emostudy.corpora.catalogue import cards
from emostudy.corpora.kept import reopen
from emostudy.experiments import identity_of
from emostudy.graph import NOTEBOOKS
from emostudy.meant import corpus_for
from emostudy.paths import ROOT
from emostudy.recipes import heads
from emostudy.recipes.registry import KINDS, every, further, usual
from emostudy.systems import NOTEBOOK, markdown, matrix, ran


def corpus(**media):
    return replace(toys.corpus(), clips=toys.corpus().clips.assign(**media))


@pytest.mark.parametrize("medium", ["video", "image"])
@pytest.mark.parametrize("modality", KINDS)
def test_every_system_has_a_name_a_source_and_an_identity_of_its_own(modality, medium):
    known = every(modality, medium)
    assert all(
        name == recipe.name and recipe.modalities == (modality,) and recipe.source for name, recipe in known.items()
    )
    assert len({str(identity_of(recipe)) for recipe in known.values()}) == len(known)


def test_only_systems_on_weights_name_weights():
    for modality, kind in KINDS.items():
        needing = {recipe.name for make in kind.pretrained("video", False, "") for recipe in make()}
        assert needing == {name for name, recipe in every(modality).items() if recipe.pretrained != "none"}


def test_a_corpus_gets_what_it_can_feed_and_stills_their_own():
    films, stills, units = corpus(video="x.mp4"), corpus(image="x.png"), corpus(action_units="x.csv")
    assert [recipe.name for recipe in usual("face", films)] == ["face_hog_svm", "face_hog_mlp", "face_cnn"]
    assert [recipe.name for recipe in usual("face", units)] == ["face_units_discriminant", "face_units_mlp"]
    for some in (stills, films):
        medium = some.media[0]
        assert {f.medium for recipe in usual("face", some) for f in recipe.features.values()} == {medium}
    cropped = replace(stills, card=stills.card | {"faces": "cropped"})
    functions = [next(iter(usual("face", one)[-1].features.values())).function.__name__ for one in (stills, cropped)]
    assert functions == ["image_face", "face_pixels"]


def test_systems_are_asked_for_by_name_once_and_usual_ones_are_there_anyway():
    heard = corpus(audio="x.wav")
    asked = ["speech_cnn", "speech_svm", "speech_cnn"]
    assert [recipe.name for recipe in further("speech", asked, heard)] == ["speech_cnn"]
    assert further("speech", [], heard) == ()
    both = further("speech", ["face_gru", "speech_cnn", "text_bert"], heard)  # one list serves a run of all notebooks
    assert [recipe.name for recipe in both] == ["speech_cnn"]


def test_a_wrong_name_and_a_corpus_without_the_medium_are_told():
    with pytest.raises(ValueError, match="unknown system 'speech_cn'; did you mean speech_cnn"):
        further("speech", ["speech_cn"], corpus(audio="x.wav"))
    with pytest.raises(ValueError, match="speech_cnn reads audio; toy has text: leave it out"):
        further("speech", ["speech_cnn"], corpus(text="hello"))


def test_weights_that_are_given_take_the_place_of_those_by_name():
    (found,) = further("speech", ["speech_mine_probe"], corpus(audio="x.wav"), "someone/mine")
    assert found.pretrained == "someone/mine"


def test_a_name_may_ask_for_any_number_of_turns():
    talk = corpus(text="hello")
    talk.clips["dialogue"] = "d1"
    names = ["text_mine_tuned_history_7", "text_mine_regression_history_1", "text_mine_tuned"]
    found = further("text", names, talk, "someone/mine")
    assert [recipe.features["text"].medium for recipe in found] == ["history_7", "history_1", "text"]
    with pytest.raises(ValueError, match="unknown system"):
        further("text", ["text_mine_tuned_history_0"], talk, "someone/mine")


def test_weights_of_one_kind_do_not_stop_systems_of_another(tmp_path):
    (tmp_path / "resnet18-f37072fd.pth").write_bytes(b"weights")
    (found,) = further("speech", ["speech_resnet18_picture"], corpus(audio="x.wav"), str(tmp_path))
    assert found.pretrained.startswith("resnet18-f37072fd.pth@")
    with pytest.raises(ValueError, match="holds no"):
        further("text", ["text_mine_tuned"], corpus(text="hello"), str(tmp_path))


def test_the_table_says_where_a_system_ran_and_how_to_run_the_others(tmp_path):
    (tmp_path / "tess" / "paper").mkdir(parents=True)
    (tmp_path / "tess" / "smoke").mkdir()
    for profile, recipes in (("paper", ["speech_cnn", "speech_mine_probe", "mean"]), ("smoke", ["speech_mlp"])):
        told = {"recipe": recipes, "run_id": recipes, "modalities": ["speech", "speech", "face+speech"][: len(recipes)]}
        pd.DataFrame(told).to_csv(tmp_path / "tess" / profile / "records.csv")
    record = {"features": {"speech": {"medium": "audio"}}, "learner": {"type": "Estimator"}}
    about = {
        "fitted": {"trials": [1, 2, 3]},
        "history": [],
        "record": record,
        "source": "mine",
        "pretrained": "mine@1",
        "modalities": "speech",
        "corpus": "tess",
    }
    (tmp_path / "tess" / "paper" / "runs").mkdir()
    (tmp_path / "tess" / "paper" / "runs" / "speech_mine_probe.json").write_text(json.dumps(about))
    rows = matrix(tmp_path).set_index("name")
    assert list(ran(tmp_path).index) == ["speech_cnn", "speech_mine_probe"] and rows.ran_on["speech_cnn"] == "tess"
    told = "--only 03 --corpus meld -p systems='[\"speech_mlp\"]'"
    assert rows.ran_on["speech_mlp"] == "" and rows.command["speech_mlp"] == told
    names = ["speech_mine_probe", "speech_svm", "speech_mfcc_lstm", "speech_strong", "text_tree"]
    told = ["3 settings", "4 settings", "epoch, of 100", "nothing", "nothing; 6 settings within train"]
    assert rows.chosen[names].tolist() == told
    assert (
        rows.weights["speech_mine_probe"] == "mine@1"
        and "--corpus tess -p weights=FOLDER" in rows.command["speech_mine_probe"]
    )
    assert "| not here | `--only 03 --corpus meld -p systems='[\"speech_mlp\"]'` |" in markdown(rows.reset_index())
    assert rows.weights["face_resnet50"] == "IMAGENET1K_V2 (torchvision)"
    assert set(rows.modality) == set(KINDS)


@pytest.mark.parametrize(
    ("learner", "told"),
    [
        ({"epochs": 3}, "epoch, of 3"),
        ({"learner": {"epochs": 3}, "type": "Adjusted"}, "epoch, of 3"),
        ({"epochs": 3, "keep": "last"}, "nothing"),
    ],
)
def test_what_dev_chose_is_read_from_a_record(learner, told):
    """A record leaves out what is as usual, such as keeping the best epoch."""
    fitted = {"epochs": 3, "best_epoch": 2}
    assert systems._chosen({"record": {"learner": learner}, "fitted": fitted, "history": [{"epoch": 1}]}) == told
    assert systems._chosen({"record": {"learner": learner}, "fitted": fitted, "history": []}) == "nothing"


def test_every_command_runs_its_system_on_a_corpus_that_can_feed_it():
    commands = re.findall(
        r"`--only (\d\d) --corpus (\w+) (-p .*)systems='\[\"(.*)\"\]'`", markdown(matrix(ROOT / "results"))
    )
    modality_of = {number: modality for modality, number in NOTEBOOK.items()}
    assert {modality_of[number] for number, *_ in commands} == set(KINDS) and len(commands) > 60
    for number, name, _, system in commands:
        told = corpora.card(name)
        notebook = next(one for one in NOTEBOOKS if one.slug.startswith(number))
        assert set(notebook.needs) <= set(told["modalities"]), (system, name)
        given = {} if "all-MiniLM" not in system else {"weights": "all-MiniLM-L6-v2"}
        media = dict.fromkeys(told["media"], "x")
        clips = toys.corpus().clips.assign(**media)
        whole = replace(toys.corpus(), name=name, card=told, clips=clips)
        asked = further(modality_of[number], [system], whole, **given)  # raises where it cannot
        assert asked or system in {one.name for one in usual(modality_of[number], whole)}


def test_systems_are_run_on_the_corpus_that_they_are_meant_for():
    known = {name: recipe for kind in KINDS for name, recipe in every(kind).items()}
    told = {name: corpus_for(recipe, ["across", "ravdess"]) for name, recipe in known.items()}
    meant = {
        "face_cnn_jaffe": "jaffe",
        "face_cnn_ck48": "ck48",
        "middle_half_resnet18": "iemocap_9",
        "text_tree": "sentences",
    }
    meant |= {
        "face_units_mlp": "ravdess",
        "face_cnn_stated": "face_mix",
        "speech_mlp": "meld",
        "speech_lstm_raw": "tess",
    }
    meant |= {"speech_svm": "ravdess", "face_cnn": "ravdess"}  # on stills there is no such network; where it ran
    assert {name: told[name] for name in meant} == meant
    assert corpus_for(known["face_gru"]) == "emosynth"
    with pytest.raises(ValueError, match="mine reads video, which no card's media name"):
        corpus_for(replace(known["face_gru"], name="mine"))


def test_cards_tell_the_media_that_a_whole_copy_has():
    assert all(set(card["media"]) <= {*corpora.corpus.MODALITY_OF, "dialogue"} for card in cards().values())
    for folder in ROOT.glob("results/*/paper"):
        if (folder / "corpus.json").is_file():
            here = reopen(folder)
            assert set(here.media) - {"votes"} <= set(here.card["media"]), folder


def test_where_no_notebook_wrote_records_the_stamps_say_what_ran(tmp_path):
    folder = tmp_path / "across" / "paper"
    told = {
        "run_id": "r1",
        "protocol": "random",
        "seed": 0,
        "title": "t",
        "recipe": "speech_svm",
        "modalities": "speech",
    }
    for name in stamps.run_files("r1"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(json.dumps(told | {"condition": "none"}))
    stamps.write(folder, "14_across_corpora", {"corpus": "c", "runs": ["r1"], "reads": [], "files": {}})
    assert ran(tmp_path).ran_on.to_dict() == {"speech_svm": "across"}


def test_a_system_of_stills_reads_stills():
    (found,) = further("face", ["face_cnn_stated"], corpus(image="x.png"))
    assert [feature.medium for feature in found.features.values()] == ["image"]


def test_the_notebooks_that_the_table_names_are_those_of_the_modality():
    needs = {notebook.slug[:2]: notebook.needs for notebook in NOTEBOOKS}
    assert all(needs[number] == (modality,) for modality, number in NOTEBOOK.items())


def test_the_readme_has_the_table_of_the_committed_results():
    assert markdown(matrix(ROOT / "results")) in (ROOT / "README.md").read_text("utf-8"), (
        "put the output of `emostudy systems --markdown` between the marks <!-- systems --> of the README"
    )


def test_the_command_lists_every_system(capsys):
    assert main(["systems"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for modality in KINDS for name in every(modality))


def test_corpora_of_faces_cut_out_say_so_in_their_cards():
    assert {name for name, card in corpora.cards().items() if card.get("faces") == "cropped"} == {
        "ck48",
        "face_mix",
        "fer2013",
    }


def test_cards_name_known_systems_as_flattered():
    named = {name for card in cards().values() for name in card.get("flattered_systems", [])}
    assert named and named <= {name for kind in KINDS for name in every(kind)}


def test_cards_name_further_systems_that_are_known_and_that_their_corpus_can_feed():
    named = {name: one["further_systems"] for name, one in cards().items() if "further_systems" in one}
    assert named
    for name, known in named.items():
        for kind, names in known.items():
            if kind == "fusion":
                assert set(names) <= {
                    one.name for one in heads.asked(names, False, corpora.load(name, profile="smoke"))
                }
                continue
            usual_media = {"face": "action_units", "speech": "audio", "text": "text"}
            assert len(further(kind, names, corpus(**{usual_media[kind]: "x"}))) == len(names), name
