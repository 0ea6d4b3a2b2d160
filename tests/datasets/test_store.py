"""The cache of decoded datasets is shared, never stale, and never a reason to fail."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.datasets import Dataset, dataset_digest, load_dataset, read_idx
from harness.datasets.catalog import STEMS

Arrays = dict[str, np.ndarray]
Write = Callable[..., Path]
FILES = {*(f"{part}.npy" for part in STEMS), "digest"}


def mapped_file(array: np.ndarray) -> Path | None:
    """The file whose pages `array` looks at, None when it has memory of its own."""
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return None if array is None else Path(array.filename)


def entry_of(dataset: Dataset) -> Path:
    return mapped_file(dataset.train_images).parent


def assert_same(one: Dataset, other: Dataset) -> None:
    assert one.digest == other.digest
    for part in STEMS:
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_cold_and_warm_loads_map_the_same_files(tiny: Arrays, write: Write, cache: Path):
    folder = write(tiny)
    cold, warm = load_dataset(folder), load_dataset(folder)
    assert_same(cold, warm)
    for dataset in (cold, warm):
        assert [mapped_file(getattr(dataset, part)).name for part in STEMS] == [f"{part}.npy" for part in STEMS]
    assert entry_of(cold) == entry_of(warm)
    assert entry_of(cold).is_relative_to(cache)
    assert {path.name for path in entry_of(cold).iterdir()} == FILES


def flip_last_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))


def plant_pickle(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.array([{}], dtype=object), allow_pickle=True)
    if path.suffix != ".npy":
        path.with_suffix(".npy").replace(path)


DAMAGE = {
    "missing": Path.unlink,
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "one bit flipped": flip_last_byte,
    "overwritten": lambda path: path.write_bytes(b"\0garbage\xff" * 20),
    "a pickle": plant_pickle,
}


@pytest.mark.parametrize("file", sorted(FILES))
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_decoded_again(tiny: Arrays, write: Write, damage: Callable[[Path], object], file: str):
    folder = write(tiny)
    sound = load_dataset(folder)
    entry, digest = entry_of(sound), sound.digest
    damage(entry / file)
    mended = load_dataset(folder)
    assert mended.digest == digest
    for part in STEMS:
        np.testing.assert_array_equal(getattr(mended, part).ravel(), tiny[part].ravel())
    assert entry_of(mended) == entry
    assert_same(mended, load_dataset(folder))


def test_changed_source_files_are_never_served_from_the_cache(tiny: Arrays, write: Write):
    folder = write(tiny)
    before = load_dataset(folder).digest
    source = folder / STEMS["test_images"]
    times = source.stat()
    content = source.read_bytes()
    source.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert dataset_digest(folder) != before
    source.write_bytes(content)
    assert dataset_digest(folder) == before


def test_files_that_change_while_they_are_read_are_not_remembered(
    tiny: Arrays, write: Write, monkeypatch: pytest.MonkeyPatch
):
    folder = write(tiny)
    source = folder / STEMS["test_labels"]
    content = source.read_bytes()

    def read_and_change(path: Path, ndim: int) -> np.ndarray:
        array = read_idx(path, ndim)
        if path == source:
            path.write_bytes(content[:-2] + content[:-3:-1])
        return array

    monkeypatch.setattr("harness.datasets.dataset.read_idx", read_and_change)
    assert mapped_file(load_dataset(folder).test_labels) is None


def test_an_unwritable_cache_leaves_the_dataset_in_memory(tiny: Arrays, write: Write, cache: Path):
    folder = write(tiny)
    shared = load_dataset(folder)
    cache.rename(cache.with_name("aside"))
    cache.write_text("a file where the cache should be")
    private = load_dataset(folder)
    assert_same(shared, private)
    for part in STEMS:
        assert mapped_file(getattr(private, part)) is None
        assert not getattr(private, part).flags.writeable


def test_a_full_disk_leaves_the_dataset_in_memory_and_no_rubbish(cache: Path):
    # A limit on the size of files stops the writing of train_images as a full disk would.
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "from harness.datasets import load_dataset; print(load_dataset('mnist').digest)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not [path for path in cache.rglob("*") if path.is_file()]
    assert done.stdout.strip() == dataset_digest("mnist")


def test_processes_that_race_for_a_cold_cache_agree(tiny: Arrays, write: Write):
    folder = write(tiny)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        digests = pool.map(dataset_digest, [folder] * 16, chunksize=1)
    assert set(digests) == {dataset_digest(folder)}
    assert {path.name for path in entry_of(load_dataset(folder)).iterdir()} == FILES
