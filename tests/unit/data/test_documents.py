"""Drawn scenes with text."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from unblur.data.blur_synthesis.documents import draw_document

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("seed", range(6))
def test_a_document_has_the_size_asked_for_and_sharp_strokes(seed):
    picture = draw_document(np.random.default_rng(seed), (120, 200))
    assert (picture.shape, picture.dtype) == ((120, 200, 3), np.uint8)
    steps = np.abs(np.diff(picture.astype(int).mean(axis=2), axis=1))
    assert steps.max() > 25, "no stroke has an edge"


def test_the_same_seed_draws_the_same():
    first, second = (draw_document(np.random.default_rng(7), (96, 96)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, draw_document(np.random.default_rng(8), (96, 96)))
