"""Listing, fetching and verifying datasets."""

import gzip
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from harness.datasets import catalog, load_dataset, service
from harness.datasets.catalog import PUBLISHED, STEMS, Published
from harness.datasets.idx import idx_md5
from harness.errors import HarnessError, InputError

Arrays = dict[str, np.ndarray]
Write = Callable[..., Path]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def published(tiny: Arrays, write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[Published]:
    """A dataset named "fashion-mnist", its files served over HTTP on this machine."""
    folder = write(tiny, "served", gzipped=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    dataset = Published(
        name="fashion-mnist",
        title="Tiny",
        licence="none",
        payload_md5={part: idx_md5(array) for part, array in tiny.items()},
        url=f"http://127.0.0.1:{server.server_port}",
        download_md5={
            part: hashlib.md5((folder / f"{stem}.gz").read_bytes()).hexdigest() for part, stem in STEMS.items()
        },
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setitem(PUBLISHED, dataset.name, dataset)
    monkeypatch.setattr(catalog, "SYSTEM", folder / "nothing")
    yield dataset
    server.shutdown()
    server.server_close()


def test_a_fetched_dataset_loads_by_its_name(published: Published, tiny: Arrays, cache: Path):
    assert [row.folder for row in service.list_datasets() if not row.made] == [catalog.EMBEDDED / "mnist", None]
    folder = service.fetch_dataset(published.name)
    assert folder.is_relative_to(cache)
    assert service.list_datasets()[1].folder == folder
    np.testing.assert_array_equal(load_dataset(published.name).test_labels, tiny["test_labels"])


def test_fetching_again_mends_what_was_damaged(published: Published):
    folder = service.fetch_dataset(published.name)
    damaged = folder / f"{STEMS['test_images']}.gz"
    damaged.write_bytes(b"damaged")
    service.fetch_dataset(published.name)
    assert all(row.ok for row in service.verify_datasets(published.name))


def test_a_file_that_is_not_the_published_one_is_not_kept(published: Published, tmp_path: Path):
    (tmp_path / "served" / f"{STEMS['train_labels']}.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(HarnessError, match=r"/train-labels-idx1-ubyte\.gz: is not the published file"):
        service.fetch_dataset(published.name)
    names = {path.name for path in catalog.download_folder(published.name).iterdir()}
    assert names == {f"{STEMS['train_images']}.gz"}


def test_a_missing_remote_file_is_one_line_with_the_answer(published: Published, tmp_path: Path):
    (tmp_path / "served" / f"{STEMS['train_images']}.gz").unlink()
    with pytest.raises(HarnessError, match=r"train-images-idx3-ubyte\.gz: 127\.0\.0\.1 answered 404 File not found"):
        service.fetch_dataset(published.name)


def test_an_unreachable_host_is_one_line_that_names_it(published: Published, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    gone = Published(**{**vars(published), "url": f"http://127.0.0.1:{port}"})
    with pytest.raises(HarnessError, match=r"127\.0\.0\.1 cannot be reached \(ConnectionError\)") as refusal:
        service.download(gone, tmp_path / "downloads")
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 1


def test_an_unwritable_download_folder_is_one_line_that_names_it(published: Published, cache: Path):
    cache.write_text("a file where the cache should be")
    with pytest.raises(HarnessError, match=r"cannot be stored in .*fashion-mnist"):
        service.fetch_dataset(published.name)


def test_the_embedded_dataset_needs_no_fetching_and_verifies():
    assert service.fetch_dataset("mnist") == catalog.EMBEDDED / "mnist"
    rows = service.verify_datasets("mnist")
    assert [row.dims for row in rows] == ["60000 × 28 × 28", "60000", "10000 × 28 × 28", "10000"]
    assert [row.md5 for row in rows] == [*PUBLISHED["mnist"].payload_md5.values()]
    assert all(row.ok and row.known == "mnist" for row in rows)


def test_made_data_has_no_files_to_verify():
    assert service.verify_datasets("xor") == service.verify_datasets("parity:3") == []


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"dataset 'fashion-mnits': unknown \(did you mean 'fashion-mnist'\?\)"):
        service.fetch_dataset("fashion-mnits")


def test_verify_without_a_name_covers_every_dataset_on_this_machine(published: Published):
    service.fetch_dataset(published.name)
    assert [row.known for row in service.verify_datasets()] == ["mnist"] * 4 + ["fashion-mnist"] * 4


def test_verify_shows_every_bad_file_in_its_row(tiny: Arrays, write: Write):
    folder = write(tiny)
    (folder / STEMS["train_images"]).write_bytes(b"<html>")
    (folder / STEMS["test_labels"]).write_bytes(b"")
    rows = service.verify_datasets(folder)
    assert [row.ok for row in rows] == [False, True, True, False]
    assert rows[0].problem.startswith("starts with b'<htm' (a web page?)")
    assert rows[3].problem.startswith("is empty")


def test_verify_holds_the_files_of_a_set_against_each_other(tiny: Arrays, write: Write):
    rows = service.verify_datasets(write(tiny | {"test_labels": np.array([7, 1, 0], np.uint8)}))
    assert [row.ok for row in rows] == [True, True, True, False]


def test_verify_reads_the_files_and_not_the_cache(tiny: Arrays, write: Write):
    folder = write(tiny)
    load_dataset(folder)
    with (folder / STEMS["test_images"]).open("ab") as file:
        file.write(b"\0")
    assert [row.ok for row in service.verify_datasets(folder)] == [True, True, False, True]
