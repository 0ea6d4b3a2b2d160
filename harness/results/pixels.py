"""Images in a table: a row of pixels as one cell of text."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

MARK = "#"
"""Before the digits, so that no reader of CSV takes them for a number."""


def pixels_to_text(images: NDArray[np.uint8]) -> list[str]:
    """Return a text for each image (n, D): two hexadecimal digits a pixel."""
    return [MARK + np.ascontiguousarray(image).tobytes().hex() for image in images]


def pixels_of_text(texts: Iterable[str]) -> NDArray[np.uint8]:
    """Return the images (n, D) of such texts; raises ValueError for other texts."""
    return np.array([list(bytes.fromhex(text.removeprefix(MARK))) for text in texts], np.uint8)
