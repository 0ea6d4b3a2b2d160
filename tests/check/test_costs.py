"""What a kernel has to do, counted by hand at sizes where that is easy."""

import pytest

from harness.check.facts import Cost, Size, cost
from harness.errors import HarnessError


@pytest.mark.parametrize(
    ("kernel", "size", "expected"),
    [
        # z (2, 4) = x (2, 3) w (3, 4) + b: 24 multiply-adds and 8 additions; reads 6 + 12 + 4, writes 8
        ("affine_forward", Size(2, 3, 4), Cost(56, 22, 8)),
        # dw (3, 4) = xᵀ dz: 24 multiply-adds; db: 8 additions; reads dz 8 and x 6, writes 12 + 4
        ("affine_backward_parameters", Size(2, 3, 4), Cost(56, 14, 16)),
        # and dx (2, 3) = dz wᵀ: 24 multiply-adds more; reads w as well, writes 6 more
        ("affine_backward", Size(2, 3, 4), Cost(104, 26, 22)),
        # 5 of 6 pixels are zero: 4 multiply-adds and 8 additions; 2 bytes a nonzero, then w and b
        ("sparse_affine_forward", Size(2, 3, 4, nonzeros=1), Cost(16, 16.5, 8)),
        ("sparse_affine_backward", Size(2, 3, 4, nonzeros=1), Cost(16, 8.5, 16)),
        ("sparse_affine_sgd_step", Size(2, 3, 4, nonzeros=1), Cost(8, 20.5, 12)),
        # 6 bytes are read, 2 bytes a nonzero are written
        ("pack_rows", Size(2, 3, 4, nonzeros=2), Cost(0, 1.5, 1)),
        ("gather_rows", Size(2, 3, 4), Cost(12, 1.5, 6)),
        ("relu_backward", Size(2, 0, 4), Cost(8, 16, 8)),
        ("sigmoid_forward", Size(2, 0, 4), Cost(24, 8, 8, 8)),
        # parameters, two moments and gradients in, the first three out
        ("adam_step", Size(1, 1, 10), Cost(120, 40, 30)),
        ("sgd_step", Size(1, 1, 10), Cost(20, 20, 10)),
    ],
)
def test_cost_counts_the_arithmetic_and_every_array_once(kernel, size, expected):
    assert cost(kernel, size) == pytest.approx(expected)


def test_cost_of_an_unknown_kernel_is_an_error_and_not_zero():
    with pytest.raises(HarnessError, match="invented_forward"):
        cost("invented_forward", Size(2, 0, 4))
