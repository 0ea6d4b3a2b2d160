"""The IDX reader gives back what was written, and refuses everything else in one line."""

import gzip
import os
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from harness.datasets.idx import MAX_BYTES, idx_header, read_idx
from harness.errors import InputError

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
RAW = idx_header(IMAGES.shape) + IMAGES.tobytes()
PACKED = gzip.compress(RAW, mtime=0)
LABELS = idx_header((3,)) + bytes([1, 2, 3])


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idx")


@settings(deadline=None)
@given(
    shape=array_shapes(min_dims=3, max_dims=3, max_side=9) | array_shapes(min_dims=1, max_dims=1, max_side=9),
    packed=st.booleans(),
    data=st.data(),
)
def test_read_gives_back_what_was_written(scratch: Path, shape: tuple[int, ...], packed: bool, data: st.DataObject):
    array = data.draw(arrays(np.uint8, shape))
    raw = idx_header(shape) + array.tobytes()
    (scratch / "array").write_bytes(gzip.compress(raw) if packed else raw)
    read = read_idx(scratch / "array")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


def test_images_larger_than_a_chunk_survive_gzip(tmp_path: Path):
    images = np.random.default_rng(1).integers(0, 256, (3000, 28, 28), np.uint8)
    (tmp_path / "images.gz").write_bytes(gzip.compress(idx_header(images.shape) + images.tobytes(), 1))
    np.testing.assert_array_equal(read_idx(tmp_path / "images.gz", 3), images)


def test_the_first_bytes_decide_about_gzip_and_not_the_name(tmp_path: Path):
    (tmp_path / "raw.gz").write_bytes(RAW)
    (tmp_path / "packed").write_bytes(PACKED)
    np.testing.assert_array_equal(read_idx(tmp_path / "raw.gz"), read_idx(tmp_path / "packed"))


BAD_FILES = {
    "empty": (b"", "is empty"),
    "empty gzip": (gzip.compress(b""), "is empty"),
    "gzip magic alone": (b"\x1f\x8b", "stop before their end"),
    "truncated gzip": (PACKED[:-12], "stop before their end"),
    "gzip without its checksum": (PACKED[:-8], "stop before their end"),
    "bad CRC": (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "damaged gzip data.*incorrect data check"),
    "bad length": (PACKED[:-4] + b"\1\0\0\0", "damaged gzip data.*incorrect length check"),
    "bad deflate data": (PACKED[:10] + b"\xff" * 40, "damaged gzip data"),
    "web page": (b"<!DOCTYPE html><html>Not found</html>", r"starts with b'<!DO' \(a web page\?\)"),
    "gzipped web page": (gzip.compress(b"<html></html>"), r"\(a web page\?\)"),
    "text": (b"hello", "starts with b'hell'"),
    "two bytes": (b"\0\0", r"starts with b'\\x00\\x00'"),
    "floats": (b"\0\0\x0d\3" + RAW[4:], "holds IDX elements of type 0x0d; allowed is 0x08"),
    "two dimensions": (b"\0\0\x08\2" + RAW[4:], r"holds 2 dimensions; expected labels \(1 .*or images \(3 "),
    "no dimensions": (b"\0\0\x08\0", "holds 0 dimensions"),
    "end within the header": (RAW[:10], "ends inside its header, after 10 bytes of 16"),
    "end within a gzipped header": (gzip.compress(RAW[:10]), "ends inside its header, after 10 bytes of 16"),
    "no images": (idx_header((0, 28, 28)), "has dimensions 0 × 28 × 28; allowed are 1 to"),
    "no columns": (idx_header((2, 28, 0)), "has dimensions 2 × 28 × 0; allowed are 1 to"),
    "huge": (idx_header((2**32 - 1,) * 3), f"has dimensions .* × 4294967295; allowed are 1 to {MAX_BYTES}"),
    "huge gzip": (gzip.compress(idx_header((2**32 - 1,) * 3)), f"allowed are 1 to {MAX_BYTES}"),
    "promise beyond gzip": (gzip.compress(idx_header((2000, 1000, 1000))), "more than .* gzipped bytes can hold"),
    "wrong dimensions": (idx_header((2, 4, 4)) + RAW[16:], "promises 2 × 4 × 4 = 32 bytes of data and holds 24"),
    "short": (RAW[:-1], "promises 2 × 4 × 3 = 24 bytes of data and holds 23"),
    "short gzip": (gzip.compress(RAW[:-1]), "promises .* = 24 bytes of data and holds 23"),
    "long": (RAW + b"\1", "promises .* = 24 bytes of data and holds 25"),
    "long gzip": (gzip.compress(RAW + b"\1"), "promises .* = 24 bytes of data and holds more"),
    "trailing zeros": (RAW + bytes(512), "promises .* = 24 bytes of data and holds 536"),
    "trailing zeros in the gzip": (gzip.compress(RAW + bytes(512)), "and holds more"),
    "trailing zeros behind the gzip": (PACKED + bytes(512), "and more follows the gzip data"),
    "second gzip member": (PACKED + gzip.compress(b"more"), "and more follows the gzip data"),
    "second empty gzip member": (PACKED + gzip.compress(b""), "and more follows the gzip data"),
}


@pytest.mark.parametrize(("content", "found"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_in_one_line_that_names_it(tmp_path: Path, content: bytes, found: str):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=found) as refusal:
        read_idx(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "ndim", "found"),
    [(LABELS, 3, "holds labels .*expected images .*swapped"), (RAW, 1, "holds images .*expected labels .*swapped")],
)
def test_images_and_labels_swapped_are_told_apart(tmp_path: Path, content: bytes, ndim: int, found: str):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=found):
        read_idx(tmp_path / "file", ndim)


def test_what_is_no_file_is_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for name, found in {"nothing": "is missing", ".": "is a directory", "pipe": "is no regular file"}.items():
        with pytest.raises(InputError, match=f"{found}; expected one whole IDX file"):
            read_idx(tmp_path / name)


@pytest.mark.parametrize("promised", [(10, 10, 10), (2**32 - 1,) * 3, (4000, 1000, 500)])
def test_a_gzip_bomb_is_not_inflated_beyond_its_promise(tmp_path: Path, promised: tuple[int, ...]):
    deflate = zlib.compressobj(9, wbits=31)
    bomb = deflate.compress(idx_header(promised))
    bomb += b"".join(deflate.compress(bytes(1 << 20)) for _ in range(100)) + deflate.flush()
    (tmp_path / "bomb.gz").write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            read_idx(tmp_path / "bomb.gz")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
