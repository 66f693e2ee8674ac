"""Pixel and frequency losses against numbers worked by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from unblur.losses.pixel import (  # noqa: E402
    charbonnier,
    frequency_l1,
    mean_absolute_error,
    mean_squared_error,
)

pytestmark = pytest.mark.torch
A = torch.tensor([[[[0.0, 0.5], [1.0, 0.25]]]])
B = torch.tensor([[[[0.5, 0.5], [0.0, 0.25]]]])


def test_mean_squared_error_by_hand():
    assert mean_squared_error(A, B).item() == pytest.approx((0.25 + 1) / 4)


def test_mean_absolute_error_by_hand():
    assert mean_absolute_error(A, B).item() == pytest.approx(1.5 / 4)


def test_charbonnier_by_hand():
    expected = (math.sqrt(0.25 + 0.01) + math.sqrt(1.01) + 2 * 0.1) / 4
    assert charbonnier(A, B, epsilon=0.1).item() == pytest.approx(expected)


def test_charbonnier_has_a_gradient_where_pictures_are_equal():
    equal = A.clone().requires_grad_()
    charbonnier(equal, A).backward()
    assert torch.equal(equal.grad, torch.zeros_like(A))


def test_frequency_l1_of_a_constant_difference_is_all_in_the_mean():
    """A difference of 0.5 on 2x2: the zero frequency is 0.5 * 4 / 2 = 1 of 2x2x2 parts."""
    zero = torch.zeros(1, 1, 2, 2)
    assert frequency_l1(zero + 0.5, zero).item() == pytest.approx(1 / 8)


def test_frequency_l1_is_that_of_numpy(rng):
    import numpy as np

    a, b = rng.random((2, 2, 3, 8, 10), dtype=np.float32)
    spectrum = np.fft.rfft2(a - b, norm="ortho")
    expected = (np.abs(spectrum.real).mean() + np.abs(spectrum.imag).mean()) / 2
    given = frequency_l1(torch.from_numpy(a), torch.from_numpy(b))
    assert given.item() == pytest.approx(expected, rel=1e-5)
