"""Pretrained speech encoders, tiny ones with random weights saved as the hub keeps them: what is read, refused and trained."""

import shutil

import numpy as np
import pytest
import soundfile
import torch
import toys
import transformers
from torch import nn

from emostudy.features.extract import extract
from emostudy.features.fitted_speech import each_standardised
from emostudy.features.media import BadMedia
from emostudy.features.speech_encoders import Weights, _encoder, layer_means, padded_wave
from emostudy.models.waves import LayerProbe, SpeechEncoder, WaveClassifier, mean_over_frames, without_padding
from emostudy.provenance import describe, hash_of
from emostudy.recipes.waves import FineTuned, finetuned_encoder, probed_encoder, weights_of

RATE = 16_000
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
CONVOLUTIONS = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}
WHISPER |= {"encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "num_mel_bins": 80, "vocab_size": 60, "pad_token_id": 0}
WHISPER |= {"bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "max_target_positions": 8}
FAMILIES = {
    "wav2vec2": lambda: transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**SMALL, **CONVOLUTIONS)),
    "hubert": lambda: transformers.HubertModel(transformers.HubertConfig(**SMALL, **CONVOLUTIONS)),
    "wavlm": lambda: transformers.WavLMModel(
        transformers.WavLMConfig(**SMALL, **CONVOLUTIONS, feat_extract_norm="layer", do_stable_layer_norm=True)
    ),
    "whisper": lambda: transformers.WhisperModel(transformers.WhisperConfig(**WHISPER)),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folders by family."""
    torch.manual_seed(0)
    parent = tmp_path_factory.mktemp("hub")
    for name, build in FAMILIES.items():
        build().save_pretrained(parent / name)
        masked = {"return_attention_mask": name == "wavlm"}  # as the hub has it for encoders with layer normalisation
        made = (
            transformers.WhisperFeatureExtractor()
            if name == "whisper"
            else transformers.Wav2Vec2FeatureExtractor(**masked)
        )
        made.save_pretrained(parent / name)
    return parent


@pytest.fixture
def clip(tmp_path) -> str:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.normal(size=12_345), RATE)
    return str(tmp_path / "a.wav")


def waves(*samples: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=num).astype(np.float32) for num in samples]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_layers_mean_over_time(saved, clip, name):
    means = layer_means(clip, None, None, weights=weights_of(str(saved / name)))
    assert means.shape == (3, 16) and means.dtype == np.float32 and np.isfinite(means).all()
    assert np.abs(means[0] - means[1]).max() > 1e-4
    assert np.array_equal(means, layer_means(clip, None, None, weights=weights_of(str(saved / name))))


def test_the_means_are_those_of_transformers_itself(saved, clip):
    model = transformers.Wav2Vec2Model.from_pretrained(saved / "wav2vec2").eval()
    wave, _ = soundfile.read(clip, dtype="float32")
    scaled = torch.tensor((wave - wave.mean()) / np.sqrt(wave.var() + 1e-7))[None]
    with torch.no_grad():
        states = model(scaled, output_hidden_states=True).hidden_states
    expected = torch.stack([state[0].mean(0) for state in states]).numpy()
    assert layer_means(clip, None, None, weights_of(str(saved / "wav2vec2"))) == pytest.approx(expected, abs=1e-4)


def test_the_last_layer_is_what_the_encoder_gives(saved):
    encoder = SpeechEncoder(str(saved / "wavlm")).eval()
    (wave,) = waves(5_000)
    with torch.no_grad():
        states, _ = encoder([wave])
        given = encoder.extractor([wave], sampling_rate=RATE, return_tensors="pt")
        assert torch.equal(states[-1], encoder.encoder(**given).last_hidden_state)


def test_whispers_padding_to_30_seconds_is_left_out(saved, clip):
    model = transformers.WhisperModel.from_pretrained(saved / "whisper").eval()
    wave, _ = soundfile.read(clip, dtype="float32")
    heard = transformers.WhisperFeatureExtractor()(wave, sampling_rate=RATE, return_tensors="pt").input_features
    with torch.no_grad():
        state = model.encoder(heard).last_hidden_state[0]
    frames = -(-12_345 // 320)
    found = layer_means(clip, None, None, weights_of(str(saved / "whisper")))[-1]
    assert found == pytest.approx(state[:frames].mean(0).numpy(), abs=1e-4)
    assert np.abs(found - state.mean(0).numpy()).max() > 1e-3


@pytest.mark.parametrize("name", FAMILIES)
def test_the_number_of_frames_is_what_comes_out(saved, name):
    encoder = SpeechEncoder(str(saved / name)).eval()
    for samples in (400, 5_000, 16_001):
        with torch.no_grad():
            states, num_frames = encoder(waves(samples))
        assert len(states) == 3 and states[0].shape[2] == encoder.width == 16
        assert num_frames.item() == states[0].shape[1] if name != "whisper" else num_frames.item() == -(-samples // 320)
    assert encoder.num_frames([10]).item() <= 1


def test_a_clip_of_a_few_samples_is_bad_media(saved, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.1, -0.1] * 40), RATE)
    with pytest.raises(BadMedia, match="80 samples are too few for wav2vec2@"):
        layer_means(str(tmp_path / "a.wav"), None, None, weights_of(str(saved / "wav2vec2")))
    with pytest.raises(BadMedia, match="80 samples of sound; need 400"):
        padded_wave(str(tmp_path / "a.wav"), None, None)


def test_only_the_first_seconds_are_heard(saved, clip, tmp_path):
    wave, _ = soundfile.read(clip, dtype="float32")
    soundfile.write(tmp_path / "start.wav", wave[:8000], RATE)
    known = weights_of(str(saved / "hubert"))
    expected = layer_means(str(tmp_path / "start.wav"), None, None, known)
    assert layer_means(clip, None, None, known, seconds=0.5) == pytest.approx(expected, abs=1e-6)


def test_waves_are_padded_and_cut_to_one_length(clip):
    wave, _ = soundfile.read(clip, dtype="float32")
    padded = padded_wave(clip, None, None, seconds=1.0)
    assert padded.shape == (RATE,) and np.array_equal(padded[:12_345], wave) and (padded[12_345:] == 0).all()
    assert np.array_equal(padded_wave(clip, None, None, seconds=0.5), wave[:8000])
    assert [len(one) for one in without_padding(torch.tensor(np.stack([padded, padded[::-1].copy()])))] == [
        12_345,
        RATE,
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_fine_tuning_reaches_all_but_the_convolutions(saved, name):
    torch.manual_seed(0)
    model = WaveClassifier(SpeechEncoder(str(saved / name)), 3).eval()
    x = torch.zeros(3, 9_000)
    for row, wave in enumerate(waves(9_000, 6_000, 3_000)):
        x[row, : len(wave)] = torch.tensor(wave)
    logits = model(x)
    assert logits.shape == (3, 3)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
    fixed = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    allowed = ("encoder.encoder.feature_extractor.", "encoder.encoder.embed_positions.")
    unused = ("encoder.encoder.masked_spec_embed",)
    assert [key for key in fixed if not key.startswith(allowed + unused)] == []
    assert sum(parameter.grad is not None for parameter in model.encoder.parameters()) > 20


def test_padding_does_not_reach_the_logits_where_the_encoder_takes_a_mask(saved):
    model = WaveClassifier(SpeechEncoder(str(saved / "wavlm")), 3).eval()
    short, long = (torch.tensor(wave) for wave in waves(5_000, 9_000))
    together = torch.stack([nn.functional.pad(short, (0, 4_000)), long])
    with torch.no_grad():
        assert model(together)[:1].numpy() == pytest.approx(model(short[None]).numpy(), abs=1e-3)


def test_training_does_not_mask_at_random(saved):
    model = WaveClassifier(SpeechEncoder(str(saved / "wav2vec2")), 3)
    assert model.encoder.encoder.config.apply_spec_augment is False
    assert torch.isfinite(model.train()(torch.tensor(np.stack(waves(800))))).all()  # shorter than a mask would be


def test_missing_weights_are_told_with_the_remedy(tmp_path):
    with pytest.raises(ValueError, match=r"cannot load how .*hub name .*or a folder with preprocessor_config\.json"):
        SpeechEncoder(str(tmp_path / "nothing"))


def test_weights_that_lack_some_are_refused(saved, tmp_path):
    import safetensors.torch

    folder = shutil.copytree(saved / "hubert", tmp_path / "hubert")
    state = safetensors.torch.load_file(folder / "model.safetensors")
    gone = next(key for key in state if "layers.1.attention" in key)
    safetensors.torch.save_file(
        {k: v for k, v in state.items() if k != gone}, folder / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(ValueError, match=r"cannot load .*the file lacks 1 of the weights, such as encoder\.layers\.1"):
        SpeechEncoder(str(folder))


def test_weights_without_the_mask_that_is_not_used_are_taken(saved, tmp_path):
    """Checkpoints that were tuned for recognition (wav2vec2-base-960h) come without it."""
    import safetensors.torch

    folder = shutil.copytree(saved / "wav2vec2", tmp_path / "wav2vec2")
    state = safetensors.torch.load_file(folder / "model.safetensors")
    safetensors.torch.save_file(
        {k: v for k, v in state.items() if k != "masked_spec_embed"}, folder / "model.safetensors", {"format": "pt"}
    )
    assert SpeechEncoder(str(folder)).width == 16


def test_an_encoder_of_text_is_refused(saved, tmp_path):
    folder = shutil.copytree(saved / "wav2vec2", tmp_path / "bert")
    config = transformers.BertConfig(vocab_size=50, **SMALL)
    transformers.BertModel(config).save_pretrained(folder)
    with pytest.raises(ValueError, match="is no encoder of speech"):
        SpeechEncoder(str(folder))


def test_records_and_caches_know_weights_by_content_and_not_by_folder(saved, tmp_path):
    moved = shutil.copytree(saved / "wav2vec2", tmp_path / "wav2vec2")
    for make in (probed_encoder, finetuned_encoder):
        one, two = make(str(saved / "wav2vec2")), make(str(moved))
        assert describe(one) == describe(two) and one.pretrained.startswith("wav2vec2@")
        assert str(tmp_path) not in str(describe(two)) and str(saved) not in str(describe(one))
    before = hash_of(probed_encoder(str(moved)).features["speech"].settings)
    (moved / "preprocessor_config.json").write_text("{}")
    assert hash_of(probed_encoder(str(moved)).features["speech"].settings) != before
    assert probed_encoder("facebook/wav2vec2-base").pretrained == "facebook/wav2vec2-base"
    assert probed_encoder("facebook/wav2vec2-base").name == "speech_wav2vec2-base_probe"


def test_what_is_kept_is_found_again_under_another_folder(saved, tmp_path, empty_cache):
    cells = [str(tmp_path / f"{number}.wav") for number in range(6)]
    for cell, wave in zip(cells, waves(*range(4_000, 7_000, 500)), strict=True):
        soundfile.write(cell, 0.1 * np.clip(wave, -3, 3), RATE)
    corpus = toys.corpus(num_speakers=2, clips_each=3, audio=cells)
    first = extract(corpus, probed_encoder(str(saved / "hubert")).features["speech"], jobs=1, progress=False)
    assert first.values.shape == (6, 3, 16) and first.left_out.empty
    moved = shutil.copytree(saved / "hubert", tmp_path / "elsewhere" / "hubert")
    feature = probed_encoder(str(moved)).features["speech"]
    shutil.rmtree(moved)  # nothing can be computed any more
    again = extract(corpus, feature, jobs=1, progress=False)
    assert np.array_equal(first.values, again.values)


def test_weights_that_change_in_their_folder_are_loaded_anew(saved, clip, tmp_path):
    folder = shutil.copytree(saved / "hubert", tmp_path / "hubert")
    before = layer_means(clip, None, None, weights_of(str(folder)))
    torch.manual_seed(5)
    FAMILIES["hubert"]().save_pretrained(folder)
    assert np.abs(layer_means(clip, None, None, weights_of(str(folder))) - before).max() > 1e-3


def test_the_probe_weighs_layers_and_finds_the_one_that_tells():
    torch.manual_seed(0)
    labels = torch.arange(96) % 3
    layers = torch.randn(96, 4, 6)
    layers[:, 2, :3] += 3 * nn.functional.one_hot(labels, 3)
    model = LayerProbe(4, 6, 3, hidden=())
    assert model.shares().tolist() == [0.25] * 4
    expected = model.head(layers.mean(1))
    assert torch.allclose(model.eval()(layers), expected, atol=1e-5)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(80):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(layers), labels).backward()
        optimiser.step()
    assert model.shares().argmax() == 2 and model.shares().sum().item() == pytest.approx(1)
    assert (model(layers).argmax(1) == labels).float().mean() > 0.9


def test_the_mean_is_over_a_clips_own_frames():
    states = torch.arange(12.0).reshape(2, 3, 2)
    assert mean_over_frames(states, torch.tensor([1, 3])).tolist() == [[0.0, 1.0], [8.0, 9.0]]


def test_each_number_of_each_layer_is_standardised():
    train = np.random.default_rng(0).normal([[0.0], [50.0]], [[1.0], [9.0]], (200, 2, 3)).astype(np.float32)
    scale = each_standardised(train)
    assert scale.size == (2, 3)
    assert scale(train).mean(0).numpy() == pytest.approx(np.zeros((2, 3)), abs=1e-4)
    assert scale(train).std(0).numpy() == pytest.approx(np.ones((2, 3)), abs=1e-2)


@pytest.mark.parametrize("make", [probed_encoder, finetuned_encoder])
def test_recipes_learn_from_features_to_probabilities(saved, tmp_path, make):
    recipe = make(str(saved / "wav2vec2"))
    feature = recipe.features["speech"]
    settings = feature.settings if make is probed_encoder else {"seconds": 0.5}
    cells = []
    for number, wave in enumerate(waves(*([6_000] * 6))):
        cells.append(str(tmp_path / f"{number}.wav"))
        soundfile.write(cells[-1], 0.1 * np.clip(wave, -3, 3), RATE)
    x = np.stack([feature.function(cell, None, None, **settings) for cell in cells])
    parts = {part: {"speech": x} for part in ("train", "dev", "test")}
    labels = {part: np.array([0, 1, 2, 0, 1, 2]) for part in parts}
    fitted = recipe.learner.fit(recipe, parts, labels, 3, 0, max_epochs=2)
    assert fitted.test.shape == (6, 3) and fitted.test.sum(1) == pytest.approx(np.ones(6))
    again = recipe.learner.fit(recipe, parts, labels, 3, 0, max_epochs=2)
    assert np.array_equal(fitted.test, again.test)
    assert isinstance(recipe.learner.build, FineTuned) is (make is finetuned_encoder)


@pytest.fixture(autouse=True)
def no_encoder_left():
    yield
    _encoder.cache_clear()


def test_weights_are_plain_records():
    assert describe(Weights("/somewhere", "name")) == {"type": "Weights", "name": "name"}
