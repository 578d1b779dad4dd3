"""The published systems on pictures and films, as records: what they say, that they are built, run and learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision
import toys
from PIL import Image

from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.experiments import check_names, identity_of, run
from emostudy.features.clips import byte_pixels
from emostudy.features.fitted import pixels
from emostudy.models.faces import CHANGES, Jitter
from emostudy.profiles import Profile
from emostudy.provenance import describe
from emostudy.recipes import for_corpus, pictures
from emostudy.recipes.faces import FACE_CNN_STATED, FACES, STATED
from emostudy.recipes.pictures import image_cnn, jaffe_cnn, middle_frame, resnet50, vgg16_frozen
from emostudy.recipes.videos import FACE_FLOW_MLP, FILMS, pretrained_films, pretrained_gru, r3d18, vgg19_frames
from emostudy.recipes.vision import faces_of, weights_name

STILLS = (*pictures.from_scratch("image"), *pictures.pretrained("image"))
MOVING = (*pictures.from_scratch("video"), *pictures.pretrained("video"), *FILMS, *pretrained_films())
LEARN = [
    recipe
    for recipe in pictures.from_scratch("image")
    if not recipe.name.endswith(("88", "plain", "upright", "pooled"))
]


@pytest.mark.parametrize("recipes", [STILLS, (*MOVING, *FACES, *STATED)])
def test_names_differ_and_every_record_has_an_identity(recipes):
    check_names(recipes)
    identities = [str(identity_of(recipe)) for recipe in dict.fromkeys(r.name for r in recipes) and recipes]
    assert len({recipe.name for recipe in recipes}) == len(set(identities))
    assert all(recipe.source and recipe.reading for recipe in recipes if recipe not in FACES)


def test_a_corpus_takes_the_recipes_of_its_medium():
    clips = toys.corpus().clips
    stills = Corpus("stills", toys.EMOTIONS, {}, clips.assign(image="x.png"))
    films = Corpus("films", toys.EMOTIONS, {}, clips.assign(video="x.mp4"))
    assert for_corpus((*STILLS, *MOVING), stills) == STILLS and for_corpus((*STILLS, *MOVING), films) == MOVING
    with pytest.raises(ValueError, match="medium is 'audio'; faces are in 'video' or 'image'"):
        image_cnn("audio")


def test_system_f_as_the_source_states_it():
    assert image_cnn("video") is FACE_CNN_STATED
    for recipe in (
        image_cnn("image"),
        image_cnn("image", 88),
        image_cnn("video", 88),
        image_cnn("image", pool_first=True),
    ):
        learner = recipe.learner
        assert (learner.epochs, learner.batch, learner.optimiser) == (15, 32, "Adam")
        size = recipe.features["face"].settings["size"]
        model = learner.build({"face": size}, 7)
        assert [each.out_channels for each in model.modules() if isinstance(each, torch.nn.Conv2d)] == [64, 128, 256]
        assert model(torch.rand(2, 1, 3, size, size)).shape == (2, 7)
    assert image_cnn("image", 88).features["face"].settings == {"size": 88}
    assert (jaffe_cnn("image").learner.epochs, pictures.ck48_cnn("image").learner.epochs) == (20, 10)


def test_one_section_of_system_f_starts_with_a_pooling():
    torch.manual_seed(0)
    model = image_cnn("image", pool_first=True).learner.build({"face": 48}, 7).eval()
    rough = torch.rand(1, 1, 3, 24, 24)
    fine = rough.repeat_interleave(2, 3).repeat_interleave(2, 4)  # of each square of four pixels the largest is seen
    dimmed = fine * (1 - 0.5 * (torch.arange(48) % 2))
    assert model(fine).detach().numpy() == pytest.approx(model(dimmed).detach().numpy(), abs=1e-6)
    assert image_cnn("image", pool_first=True).name == "face_cnn_stated_pooled"


def test_the_ablation_differs_in_its_flips_alone():
    stated, upright, plain = (image_cnn("image", augmentation=which) for which in ("stated", "upright", "plain"))
    assert upright.learner == replace(stated.learner, augment=Jitter(CHANGES[:-1]))
    assert plain.learner == replace(stated.learner, augment=None)
    assert stated.features == upright.features == plain.features and stated.prepare == upright.prepare
    with pytest.raises(ValueError, match="augmentation is 'upside'"):
        image_cnn("image", augmentation="upside")


def test_stills_already_cut_out_are_not_searched_for_a_face():
    assert faces_of("image").function.__name__ == "image_face"
    assert {r.features["face"].function.__name__ for r in pictures.from_scratch("image", cropped=True)} == {
        "face_pixels"
    }
    assert {r.features["face"].function.__name__ for r in pictures.pretrained("image", cropped=True)} == {"face_pixels"}


def test_system_i_looks_at_the_face_or_the_half_of_the_middle_frame():
    face, half = middle_frame("resnet18"), middle_frame("resnet18", "half")
    assert face.features["face"].settings == half.features["face"].settings == {"num_frames": 1, "size": 224}
    assert half.features["face"].function.__name__ == "half_frames" and face.name != half.name
    with pytest.raises(ValueError, match="halves of frames are in 'video'"):
        middle_frame("resnet18", "half", medium="image")
    with pytest.raises(ValueError, match="no 'vgg16' on the 'face'"):
        middle_frame("vgg16")


def patches(num_clips: int, seed: int, size: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Noise (N, 1, size, size, 3) with a bright patch whose place and colour tell the class, 0 to 2."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 90, (num_clips, 1, size, size, 3)), np.arange(num_clips) % 3
    for image, label in zip(images, labels, strict=True):
        at = (2 + label * size // 3) + rng.integers(0, 3)
        image[0, at : at + 12, at : at + 12] = 40 + 180 * np.eye(3)[label] + 60 * (label == 1)
    return images.astype(np.uint8), labels


def fit(recipe, epochs: int, num_clips: int = 36, make=patches, **more):
    parts = {part: make(num_clips, seed, **more) for seed, part in enumerate(("train", "dev", "test"))}
    inputs = {part: {"face": images} for part, (images, _) in parts.items()}
    labels = {part: found for part, (_, found) in parts.items()}
    fitted = recipe.learner.fit(recipe, inputs, labels, 3, 0, max_epochs=epochs)
    return fitted, float((fitted.test.argmax(1) == labels["test"]).mean())


@pytest.mark.parametrize("recipe", LEARN, ids=lambda recipe: recipe.name)
def test_the_small_networks_learn_a_toy_corpus(recipe):
    fitted, accuracy = fit(recipe, epochs=6)
    assert accuracy > 0.6 and fitted.test.shape == (36, 3)


def test_training_is_repeatable():
    one, two = (fit(pictures.generator_cnn("image"), epochs=1, num_clips=12)[0].test for _ in range(2))
    assert np.array_equal(one, two)


def test_bytes_and_numbers_lead_to_the_same_network():
    recipe = jaffe_cnn("image")
    one, _ = fit(recipe, epochs=1, num_clips=12)
    two, _ = fit(replace(recipe, prepare={"face": pixels}), epochs=1, num_clips=12)
    assert one.test == pytest.approx(two.test, abs=1e-6)
    assert byte_pixels(patches(2, 0)[0])(patches(2, 0)[0]).shape == (2, 1, 3, 48, 48)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Small files of weights as torchvision lays them out; of VGG16 its convolutions alone."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    torch.save(torchvision.models.resnet18().state_dict(), folder / "resnet18.pth")
    features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
    torch.save({f"features.{key}": value for key, value in features.state_dict().items()}, folder / "vgg16.pth")
    return folder


def test_pretrained_weights_are_loaded_and_named_by_content(weights, tmp_path):
    recipe = middle_frame("resnet18", weights=str(weights / "resnet18.pth"), size=64)
    assert recipe.name == "middle_face_resnet18" and recipe.pretrained.startswith("resnet18.pth@")
    loaded = recipe.learner.build({"face": 64}, 3).images.trunk.conv1.weight
    assert torch.equal(loaded, torch.load(weights / "resnet18.pth", weights_only=True)["conv1.weight"])
    moved = tmp_path / "resnet18.pth"
    moved.write_bytes((weights / "resnet18.pth").read_bytes())
    again = middle_frame("resnet18", weights=str(moved), size=64)
    assert describe(again) == describe(recipe) and str(tmp_path) not in str(describe(again))
    assert weights_name(str(tmp_path)) == recipe.pretrained  # a folder that holds it
    torch.save({}, moved)
    assert describe(middle_frame("resnet18", weights=str(moved), size=64)) != describe(recipe)


def test_a_start_from_scratch_is_in_name_and_record():
    for make in (lambda w: resnet50("image", w), r3d18, lambda w: middle_frame("resnet18", weights=w)):
        named, scratch = make("IMAGENET1K_V1"), make("")
        assert named.pretrained == "IMAGENET1K_V1 (torchvision)" and scratch.pretrained == "none"
        assert scratch.name == f"{named.name}_scratch"
    for recipe in (vgg16_frozen("image", ""), vgg19_frames("")):
        with pytest.raises(ValueError, match="frozen, but without weights"):
            recipe.learner.build({"face": 48}, 3)
    assert vgg19_frames("", frozen=False).name == "frames_vgg19_scratch"


def test_frozen_vgg16_trains_its_head_on_the_convolutions_of_the_file(weights):
    recipe = vgg16_frozen("image", str(weights / "vgg16.pth"))
    fitted, _ = fit(recipe, epochs=1, num_clips=6)
    assert fitted.test.shape == (6, 3)
    model = recipe.learner.build({"face": 48}, 3)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trained == 512 * 256 + 256 + 256 * 3 + 3


def test_a_gru_stands_on_pretrained_frames(weights):
    recipe = pretrained_gru(str(weights / "resnet18.pth"), size=48)
    model = recipe.learner.build({"face": 48}, 3).train()
    assert model(torch.rand(2, 3, 3, 48, 48)).shape == (2, 3) and not model.pictures.trunk.training
    assert recipe.name == "face_resnet18_gru"


def speeds(num_clips: int, seed: int):
    rng = np.random.default_rng(seed)
    labels = np.arange(num_clips) % 3
    return rng.normal(size=(num_clips, 162)) + 2 * np.eye(3)[labels].repeat(54, 1), labels


@pytest.mark.parametrize("recipe", [r for r in FILMS if "flow" in r.name], ids=lambda recipe: recipe.name)
def test_motion_is_learned(recipe):
    _, accuracy = fit(recipe, epochs=20, make=speeds)
    assert accuracy > 0.9 and recipe.features == FACE_FLOW_MLP.features


def stills(folder, num_clips: int = 60) -> Corpus:
    """Pictures on disk, in a corpus of ten speakers."""
    images, labels = patches(num_clips, 0)
    clips = toys.corpus().clips.iloc[:num_clips].assign(emotion=[toys.EMOTIONS[label] for label in labels])
    for name, image in zip(clips.clip_id, images, strict=True):
        Image.fromarray(image[0]).save(folder / f"{name}.png")
    return Corpus("toy", toys.EMOTIONS, {}, clips.assign(image=[str(folder / f"{name}.png") for name in clips.clip_id]))


def test_from_pictures_on_disk_to_predictions(tmp_path, empty_cache):
    folder = tmp_path / "results"
    recipes = (
        jaffe_cnn("image", cropped=True),
        middle_frame("resnet18", weights="", medium="image", size=64, cropped=True),
    )
    found = run(stills(tmp_path), recipes, ["random"], Profile("quick", (0,), (0,), 1, "one"), folder, jobs=1)
    assert set(found.recipe) == {"face_cnn_jaffe", "middle_face_resnet18_scratch"} and set(found.part) == {
        "dev",
        "test",
    }
    assert found[[f"p_{emotion}" for emotion in toys.EMOTIONS]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-3)
    assert len(toys.finished(folder)) == 2 and preds.is_finished(folder, found.run_id.iloc[0])
