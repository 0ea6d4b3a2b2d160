"""Sizes at which families of kernels are timed, the most telling first."""

from typing import Final

from harness.check.facts.entry import Size

CLASSES: Final = 10

LAYERS = (Size(128, 784, 64), Size(32, 784, 128), Size(128, 512, 512), Size(128, 784, 512), Size(10, 784, 30))
FIRST_LAYERS = tuple(size for size in LAYERS if size.d == 784)
"""Those that see pixels."""
UNITS = (Size(128, 0, 64), Size(128, 0, 512), Size(4096, 0, 512), Size(10, 0, 30))
OUTPUTS = (Size(128, 0, CLASSES), Size(10_000, 0, CLASSES), Size(1000, 0, CLASSES))
BUFFERS = (Size(1, 1, 55_050), Size(1, 1, 4_096), Size(1, 1, 669_706), Size(1, 1, 6_000_000))
"""Of flat parameters: the first is the network 784-64-64-10."""
