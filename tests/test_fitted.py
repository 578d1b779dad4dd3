"""Transforms: fitted on training clips, and on nothing else."""

import numpy as np
import pytest
import torch

from emostudy.features.fitted import (
    LearnedWordPiece,
    centred_pixels,
    flattened,
    pixels,
    raw,
    sentence_vectors,
    standardised,
)

TRAIN = np.random.default_rng(0).normal([5, -3, 0], [2, 0.1, 1], (40, 3)).astype(np.float32)
SENTENCES = np.array(["I am so happy today", "you are so angry", "I am angry today", "so happy you are here today"] * 3)


def test_training_clips_get_mean_0_and_deviation_1():
    z = standardised(TRAIN)(TRAIN)
    assert z.dtype == torch.float32 and z.shape == (40, 3)
    assert z.mean(0).tolist() == pytest.approx([0] * 3, abs=1e-6)
    assert z.std(0, correction=0).tolist() == pytest.approx([1] * 3, abs=1e-5)


def test_test_clips_are_scaled_by_the_training_clips():
    expected = (np.ones((1, 3)) - TRAIN.mean(0)) / TRAIN.std(0)
    assert standardised(TRAIN)(np.ones((1, 3))).numpy() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("fit", [standardised, raw])
def test_what_else_is_transformed_changes_nothing(fit):
    transform = fit(TRAIN)
    alone = transform(TRAIN[:1])
    transform(1000 * np.ones((5, 3)))
    assert torch.equal(transform(np.concatenate([TRAIN[:1], 1e6 * np.ones((3, 3))]))[:1], alone)


def test_a_constant_feature_is_centred_and_left():
    train = TRAIN.copy()
    train[:, 1] = 7.3
    z = standardised(train)(train)
    assert torch.isfinite(z).all() and z[:, 1].abs().max() < 1e-5
    assert standardised(train)(train + np.array([0, 2, 0]))[:, 1].tolist() == pytest.approx([2] * 40, abs=1e-5)


def test_frames_share_one_scale_and_are_laid_end_to_end():
    train = np.random.default_rng(1).normal(3, 2, (10, 4, 3))
    transform = flattened(train)
    flat = transform(train)
    assert flat.shape == (10, 12) and transform.size == 12
    expected = (train[0, 1] - train.reshape(-1, 3).mean(0)) / train.reshape(-1, 3).std(0)
    assert flat[0, 3:6].numpy() == pytest.approx(expected, rel=1e-4)  # frame 1 of clip 0


def test_pixels_become_0_to_1_channels_first():
    frames = np.zeros((2, 3, 4, 5, 3), np.uint8)
    frames[1, 2, 3, 4] = (255, 0, 51)
    transform = pixels(frames)
    moved = transform(frames)
    assert moved.shape == (2, 3, 3, 4, 5) and transform.size == 4
    assert moved[1, 2, :, 3, 4].tolist() == pytest.approx([1, 0, 0.2]) and moved.sum() == pytest.approx(1.2)


def test_pixels_are_centred_on_the_mean_colour_of_training_faces():
    rng = np.random.default_rng(2)
    train, test = rng.integers(0, 256, (4, 3, 8, 8, 3), np.uint8), rng.integers(0, 50, (2, 3, 8, 8, 3), np.uint8)
    transform = centred_pixels(train)
    assert transform(train).mean((0, 1, 3, 4)).tolist() == pytest.approx([0] * 3, abs=1e-6)
    shift = pixels(train)(test) - transform(test)
    assert shift[0, 0, :, 0, 0].tolist() == pytest.approx(train.mean((0, 1, 2, 3)) / 255, abs=1e-6)


def test_a_vocabulary_is_the_same_each_time_and_hangs_on_training_sentences():
    ids = LearnedWordPiece()(SENTENCES)(SENTENCES)
    assert torch.equal(LearnedWordPiece()(SENTENCES)(SENTENCES), ids)
    backwards = LearnedWordPiece()(SENTENCES[::-1].copy())(SENTENCES)
    assert torch.equal(backwards, ids)
    other = LearnedWordPiece()(np.array(["zebras quack"] * 3))(SENTENCES)
    assert not torch.equal(other, ids)


def test_sentences_start_with_cls_end_with_sep_and_are_padded_with_0():
    learned = LearnedWordPiece(max_tokens=12)
    tokenizer = learned.learn(SENTENCES)
    assert tokenizer.token_to_id("[PAD]") == 0
    ids = learned(SENTENCES)(np.array(["I am happy", "so " * 40]))
    assert ids.shape == (2, 12) and ids.dtype == torch.int64
    expected = [tokenizer.token_to_id(piece) for piece in ("[CLS]", "i", "am", "happy", "[SEP]")]
    assert ids[0].tolist() == expected + [0] * 7
    assert (ids[1] != 0).all() and ids[1, -1] == tokenizer.token_to_id("[SEP]")  # cut, and still closed


def test_words_that_training_did_not_have_are_unknown_or_in_pieces_and_harmless():
    learned = LearnedWordPiece()
    tokenizer = learned.learn(SENTENCES)
    transform = learned(SENTENCES)
    ids = transform(np.array(["Ξένος 漢字", "toad"]))
    assert tokenizer.token_to_id("[UNK]") in ids[0].tolist()
    assert ids.max() < transform.size == tokenizer.get_vocab_size()
    assert tokenizer.token_to_id("[UNK]") not in ids[1].tolist()  # "toad" is spelt: t ##o ##a ##d


def test_case_and_accents_do_not_matter():
    transform = LearnedWordPiece()(SENTENCES)
    ids = transform(np.array(["SO HAPPY", "so happy", "só happy"]))
    assert torch.equal(ids[0], ids[1]) and torch.equal(ids[0], ids[2])


def test_sentence_vectors_are_fitted_on_training_sentences():
    transform = sentence_vectors(SENTENCES, size=2)
    vectors = transform(SENTENCES)
    assert vectors.shape == (12, 2) and transform.size == 2
    assert vectors.mean(0).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert torch.equal(transform(np.array(["never heard", "so happy"]))[1:], transform(np.array(["so happy"])))
    assert torch.equal(sentence_vectors(SENTENCES, size=2)(SENTENCES), vectors)
