"""The IDX format: a file of unsigned bytes with its dimensions in front, raw or gzipped.

Layout: two zero bytes, the element type (8 = unsigned byte), the number of dimensions, each dimension as a
big-endian 32-bit integer, then the elements in C order. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST
database of handwritten digits".

A file is trusted only as far as it was checked: dimensions before memory is allocated, and a gzip stream is
inflated no further than its header promises, so a bomb costs nothing. Whether a file is gzipped is read from
its first bytes, not from its name.
"""

import hashlib
import math
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import numpy as np

from harness.errors import InputError

EXPECTED = "one whole IDX file, raw or gzipped"
UNSIGNED_BYTE = 8
CONTENTS = {1: "labels (1 dimension)", 3: "images (3 dimensions)"}
MAX_BYTES = 2**31
MAX_DEFLATE_RATIO = 1032  # deflate cannot pack tighter: a header that promises more than this lies
CHUNK = 1 << 20


def read_idx(path: str | Path, ndim: int | None = None) -> np.ndarray:
    """Read labels (n,) or images (n, rows, columns) as uint8; `ndim` demands one of the two.

    Raises InputError, naming the file, for whatever is not exactly one whole IDX file of that kind.
    """
    path = Path(path)
    with open_source(path) as file:
        gzipped = file.peek(2)[:2] == b"\x1f\x8b"
        source = _GzipMember(file) if gzipped else file
        shape = _read_header(path, source, ndim)
        _check_size(path, shape, os.fstat(file.fileno()).st_size, gzipped)
        return _read_payload(path, source, shape)


@contextmanager
def open_source(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file for reading; whatever goes wrong with it inside the block is an InputError."""
    try:
        if not path.is_file():
            there = "a directory" if path.is_dir() else "no regular file" if path.exists() else "missing"
            raise InputError(f"{path}: is {there}; expected {EXPECTED}")
        with path.open("rb") as file:
            yield file
    except zlib.error as error:
        raise InputError(f"{path}: has damaged gzip data ({error}); expected {EXPECTED}") from None
    except EOFError:
        raise InputError(f"{path}: has gzip data that stop before their end; expected {EXPECTED}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected {EXPECTED}") from None


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return the bytes that stand before an array of unsigned bytes of this shape."""
    return bytes([0, 0, UNSIGNED_BYTE, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)


def idx_md5(array: np.ndarray) -> str:
    """Return the MD5 of the raw IDX file that holds `array`, which is what publishers state."""
    digest = hashlib.md5(idx_header(array.shape), usedforsecurity=False)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def times(shape: tuple[int, ...]) -> str:
    """Return dimensions as people write them: 60000 × 28 × 28."""
    return " × ".join(map(str, shape))


class _GzipMember:
    """One gzip member as a stream that inflates no more than it is asked for."""

    def __init__(self, file: BufferedReader):
        self.file = file
        self.inflate = zlib.decompressobj(wbits=31)

    def read(self, limit: int) -> bytes:
        """Return 1 to `limit` bytes, or none when the member has ended and its checksum was right."""
        while not self.inflate.eof:
            packed = self.inflate.unconsumed_tail or self.file.read(CHUNK)
            data = self.inflate.decompress(packed, limit)
            if data:
                return data
            if not packed and not self.inflate.eof:
                raise EOFError
        return b""

    def follows(self) -> bool:
        """Whether anything stands behind the member in the file."""
        return bool(self.inflate.unused_data or self.file.read(1))


def _read_header(path: Path, source: BufferedReader | _GzipMember, ndim: int | None) -> tuple[int, ...]:
    magic = _read_up_to(source, 4)
    if not magic:
        raise InputError(f"{path}: is empty; expected {EXPECTED}")
    if len(magic) < 4 or magic[:2] != b"\0\0":
        hint = " (a web page?)" if magic.startswith(b"<") else ""
        raise InputError(f"{path}: starts with {magic!r}{hint}; expected {EXPECTED}")
    if magic[2] != UNSIGNED_BYTE:
        raise InputError(f"{path}: holds IDX elements of type 0x{magic[2]:02x}; allowed is 0x08 (unsigned byte)")
    found, allowed = magic[3], [ndim] if ndim else [*CONTENTS]
    if found not in allowed:
        wanted = " or ".join(CONTENTS[n] for n in allowed)
        swapped = "; are images and labels swapped?" if found in CONTENTS else ""
        raise InputError(f"{path}: holds {CONTENTS.get(found, f'{found} dimensions')}; expected {wanted}{swapped}")
    dims = _read_up_to(source, 4 * found)
    if len(dims) < 4 * found:
        raise InputError(f"{path}: ends inside its header, after {4 + len(dims)} bytes of {4 + 4 * found}")
    return tuple(int.from_bytes(dims[i : i + 4], "big") for i in range(0, 4 * found, 4))


def _check_size(path: Path, shape: tuple[int, ...], size: int, gzipped: bool) -> None:
    """Refuse dimensions that are absurd or that a file of `size` bytes cannot hold, before allocating."""
    dims, promised = times(shape), math.prod(shape)
    if not 0 < promised <= MAX_BYTES:
        raise InputError(f"{path}: has dimensions {dims}; allowed are 1 to {MAX_BYTES} elements in all")
    held = size - len(idx_header(shape))
    if gzipped and promised > size * MAX_DEFLATE_RATIO:
        raise InputError(f"{path}: promises {dims} = {promised} bytes, more than {size} gzipped bytes can hold")
    if not gzipped and held != promised:
        raise InputError(f"{path}: promises {dims} = {promised} bytes of data and holds {held}; they must agree")


def _read_payload(path: Path, source: BufferedReader | _GzipMember, shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(math.prod(shape), np.uint8)
    filled = 0
    while filled < array.size and (data := source.read(min(CHUNK, array.size - filled))):
        array[filled : filled + len(data)] = np.frombuffer(data, np.uint8)
        filled += len(data)
    promise = f"{path}: promises {times(shape)} = {array.size} bytes of data"
    if filled < array.size:
        raise InputError(f"{promise} and holds {filled}; they must agree")
    if source.read(1):
        raise InputError(f"{promise} and holds more; they must agree")
    if isinstance(source, _GzipMember) and source.follows():
        raise InputError(f"{promise} and more follows the gzip data; expected {EXPECTED}")
    return array.reshape(shape)


def _read_up_to(source: BufferedReader | _GzipMember, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := source.read(count - len(data))):
        data += more
    return data
