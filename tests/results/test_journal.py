"""The journal keeps every whole line, cuts a torn tail, and refuses damage, foreign content and newer schemas."""

import gzip
import json
import lzma

import pytest

from harness.errors import InputError
from harness.results.journal import JournalWriter, encode, journal_files, read_journal


def record(number, **fields):
    return {"schema": 1, "trial_id": f"{number:016x}", "status": "done", "trial": {"seed": number}, **fields}


def write(folder, *records):
    writer = JournalWriter(folder)
    writer.append(records)
    writer.close()


def seeds(folder):
    return [record["trial"]["seed"] for record in read_journal(folder)]


def test_what_was_appended_is_read_back_in_order(tmp_path):
    write(tmp_path, record(1), record(2, reason="ünïcode | `x`\n"))
    write(tmp_path, record(3))
    assert list(read_journal(tmp_path)) == [record(1), record(2, reason="ünïcode | `x`\n"), record(3)]


def test_numbers_that_are_not_finite_become_null():
    line = encode(record(1, val_loss=float("nan"), curve=[{"gradient_norm": float("inf"), "epoch": 1}]))
    assert json.loads(line)["val_loss"] is None
    assert json.loads(line)["curve"] == [{"gradient_norm": None, "epoch": 1}]


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_torn_last_line_is_passed_over_and_cut_before_the_next_append(tmp_path, kept):
    write(tmp_path, record(1), record(2))
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + encode(record(3))[:-1][:kept])
    torn = path.read_bytes()
    assert seeds(tmp_path) == [1, 2]
    assert path.read_bytes() == torn, "reading leaves the file alone"
    write(tmp_path, record(4))
    assert path.read_bytes() == whole + encode(record(4))


def test_a_torn_line_longer_than_a_block_is_cut(tmp_path):
    write(tmp_path, record(1))
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(encode(record(2, reason="x" * 200_000))[:-2])
    write(tmp_path, record(3))
    assert seeds(tmp_path) == [1, 3]


def test_a_torn_only_line_leaves_an_empty_journal(tmp_path):
    (tmp_path / "journal.jsonl").write_bytes(b'{"schema": 1, "tri')
    assert seeds(tmp_path) == []
    write(tmp_path, record(1))
    assert seeds(tmp_path) == [1]


def test_a_last_line_that_lacks_only_its_newline_counts(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(encode(record(1)) + encode(record(2)).rstrip(b"\n"))
    assert seeds(tmp_path) == [1, 2]
    write(tmp_path, record(3))
    assert seeds(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"schema":1,"trial_id":"00\n', "damaged"),
        (b"\x00\x00\x00\n", "damaged"),
        (b"\xff\xfe\n", "damaged"),
        (b"\n", "damaged"),
        (b"[" * 100_000 + b"\n", "damaged"),
        (b'{"schema":1,"trial_id":"00","status":"done","trial":{"l2":NaN}}\n', "damaged"),
        (b'{"name": "somebody else\'s"}\n', "not a trial record"),
        (b"[1, 2]\n", "not a trial record"),
        (b'{"schema":1,"trial_id":"00","status":"fine","trial":{}}\n', "not a trial record"),
        (b'{"schema":3,"trial_id":"00","status":"done","trial":{}}\n', "newer"),
    ],
)
def test_a_bad_line_names_file_and_line_and_is_left_untouched(tmp_path, line, says):
    path = tmp_path / "journal.jsonl"
    content = encode(record(1)) + line + encode(record(2))
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        seeds(tmp_path)
    assert says in str(caught.value)
    assert f"{path}, line 2:" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_compressed_journal_is_read_alike_and_never_appended_to(tmp_path, suffix, compress):
    path = tmp_path / f"journal.jsonl{suffix}"
    packed = compress(encode(record(1)) + encode(record(2)))
    path.write_bytes(packed)
    assert seeds(tmp_path) == [1, 2]
    write(tmp_path, record(3))
    assert seeds(tmp_path) == [1, 2, 3], "what comes later lies beside it and is read after it"
    assert path.read_bytes() == packed
    assert journal_files(tmp_path) == [path, tmp_path / "journal.jsonl"]


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-12], lambda data: b"<html>" + data, lambda data: data[:30] + b"?" * 30]
)
def test_a_spoilt_compressed_journal_is_refused_by_name(tmp_path, suffix, spoil):
    compress = {".gz": gzip.compress, ".xz": lzma.compress}[suffix]
    path = tmp_path / f"journal.jsonl{suffix}"
    path.write_bytes(spoil(compress(b"".join(encode(record(number)) for number in range(50)))))
    with pytest.raises(InputError, match=r"journal\.jsonl"):
        seeds(tmp_path)
