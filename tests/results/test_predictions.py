"""Side files of predictions: what was kept comes back as it was, and nothing that befalls them is ever an error."""

import json
import os
import shutil

import numpy as np
import pytest

from harness.errors import InputError
from harness.results.predictions import TOGETHER, PredictionsWriter, prediction, read_predictions

LABELS = np.random.default_rng(5).integers(0, 10, 300).astype(np.uint8)


def classes_of(number, labels=LABELS):
    """Right on most images."""
    random = np.random.default_rng(number)
    return np.where(random.random(len(labels)) < 0.1, random.integers(0, 10, len(labels)), labels).astype(np.uint8)


def names(number):
    return f"trial{number:011}", f"{number:064x}"[::-1]


def keep(folder, numbers, labels=LABELS, close=True):
    """Append what these trials predict."""
    writer = PredictionsWriter(folder)
    for number in numbers:
        writer.append(prediction(*names(number), classes_of(number, labels), labels))
    if close:
        writer.close()


def kept(folder, numbers=range(300), labels=LABELS):
    """The numbers of those whose predictions come back; they must be as they were."""
    predictions, found = read_predictions(folder), []
    for number in numbers:
        if (both := predictions.of(*names(number))) is not None:
            np.testing.assert_array_equal(both[0], classes_of(number, labels))
            np.testing.assert_array_equal(both[1], labels)
            found.append(number)
    return found


def side_files(folder):
    return sorted(path.name for path in (folder / "predictions").iterdir())


@pytest.fixture
def ten(tmp_path):
    """A folder with ten trials, put together."""
    keep(tmp_path, range(10))
    return tmp_path


@pytest.mark.parametrize("close", [False, True], ids=["while the run goes on", "afterwards"])
def test_what_is_kept_comes_back(tmp_path, close):
    keep(tmp_path, range(5), close=close)
    assert kept(tmp_path) == [0, 1, 2, 3, 4]


def test_a_folder_without_side_files_has_no_predictions(tmp_path):
    assert read_predictions(tmp_path).trials == {}
    keep(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_files_are_filled_up_one_after_the_other(tmp_path):
    for numbers in (range(100), range(100, 110), range(110, 290)):
        keep(tmp_path, numbers)
    key = side_files(tmp_path)[0].partition("-")[0]
    assert side_files(tmp_path) == [*(f"{key}-00{number}.npz" for number in range(3)), "labels.npz"]
    sizes = [len(np.load(tmp_path / "predictions" / name)["trials"]) for name in side_files(tmp_path)[:3]]
    assert sizes == [TOGETHER, TOGETHER, 290 - 2 * TOGETHER]
    assert kept(tmp_path) == list(range(290))


def test_each_test_set_has_files_of_its_own(tmp_path):
    first = LABELS[:200]
    keep(tmp_path, range(3))
    keep(tmp_path, range(3, 5), first)
    assert kept(tmp_path, range(3)) == [0, 1, 2]
    assert kept(tmp_path, range(3, 5), first) == [3, 4]
    assert len(side_files(tmp_path)) == 3


def test_weights_have_their_own_predictions(ten):
    trial, weights = names(3)
    assert read_predictions(ten).of(trial, "0" + weights) is None
    writer = PredictionsWriter(ten)
    writer.append(prediction(trial, "0" + weights, classes_of(4), LABELS))
    writer.close()
    np.testing.assert_array_equal(read_predictions(ten).of(trial, "0" + weights)[0], classes_of(4))
    assert kept(ten) == list(range(10))


def test_a_crash_in_the_middle_of_a_line_costs_that_trial_only(tmp_path):
    keep(tmp_path, range(4), close=False)
    loose = tmp_path / "predictions" / "loose.jsonl"
    os.truncate(loose, loose.stat().st_size - 40)
    assert kept(tmp_path) == [0, 1, 2]
    keep(tmp_path, [4])
    assert kept(tmp_path) == [0, 1, 2, 4]
    assert "loose.jsonl" not in side_files(tmp_path)


def test_a_crash_while_files_are_put_together_makes_no_trial_twice(tmp_path):
    keep(tmp_path, range(4), close=False)
    shutil.copy(tmp_path / "predictions" / "loose.jsonl", tmp_path / "before")
    keep(tmp_path, [4])
    shutil.move(tmp_path / "before", tmp_path / "predictions" / "loose.jsonl")
    assert kept(tmp_path) == [0, 1, 2, 3, 4]
    keep(tmp_path, [5])
    assert kept(tmp_path) == [0, 1, 2, 3, 4, 5]
    assert len(np.load(tmp_path / "predictions" / side_files(tmp_path)[0])["trials"]) == 6


@pytest.mark.parametrize("place", [0.02, 0.3, 0.7, 0.99])
def test_a_damaged_file_loses_its_trials_and_no_others(ten, place):
    path = next((ten / "predictions").glob("*-000.npz"))
    content = bytearray(path.read_bytes())
    at = int(place * len(content))
    content[at : at + 8] = bytes(byte ^ 0x5A for byte in content[at : at + 8])
    path.write_bytes(content)
    assert kept(ten) in ([], list(range(10)))
    keep(ten, [10, 11])
    assert {10, 11} <= set(kept(ten))


def test_a_file_cut_short_loses_its_trials(ten):
    path = next((ten / "predictions").glob("*-000.npz"))
    os.truncate(path, path.stat().st_size // 2)
    assert kept(ten) == []


@pytest.mark.parametrize("content", [b"", b"chapter one", b"\x00" * 100])
@pytest.mark.parametrize("name", ["labels.npz", "loose.jsonl", "{key}-000.npz", "other-000.npz"])
def test_a_foreign_file_is_passed_over(ten, name, content):
    key = side_files(ten)[0].partition("-")[0]
    path = ten / "predictions" / name.format(key=key)
    path.write_bytes(content)
    assert kept(ten) in ([], list(range(10)))
    keep(ten, [10])
    assert 10 in kept(ten)


@pytest.mark.parametrize(
    "line", ["[]", "{}", "1", '{"trial_id": "a", "weights": "b", "labels": "c", "classes": "~~~ not base 85"}']
)
def test_a_line_that_is_none_is_passed_over(tmp_path, line):
    keep(tmp_path, range(2), close=False)
    with (tmp_path / "predictions" / "loose.jsonl").open("a") as file:
        file.write(line + "\n")
    keep(tmp_path, [2])
    assert kept(tmp_path) == [0, 1, 2]


def test_predictions_of_a_wrong_length_do_not_count(tmp_path):
    keep(tmp_path, range(2), close=False)
    path = tmp_path / "predictions" / "loose.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    short = prediction(*names(0), classes_of(0)[:200], LABELS)
    writer = PredictionsWriter(tmp_path / "other")
    (tmp_path / "other").mkdir()
    writer.append(short)
    lines[0]["classes"] = json.loads((tmp_path / "other" / "predictions" / "loose.jsonl").read_text())["classes"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert kept(tmp_path) == [1]
    keep(tmp_path, [2])
    assert kept(tmp_path) == [1, 2]


def test_labels_that_are_not_those_of_their_key_do_not_count(ten):
    path = ten / "predictions" / "labels.npz"
    with np.load(path) as arrays:
        wrong = {key: (labels + 1) % 10 for key, labels in arrays.items()}
    np.savez(path, **wrong)
    assert read_predictions(ten).of(*names(3)) is None


def test_lost_labels_are_written_again_by_the_next_run(ten):
    (ten / "predictions" / "labels.npz").unlink()
    assert kept(ten) == []
    keep(ten, [10])
    assert kept(ten) == list(range(11))


def test_a_file_where_the_folder_should_be_is_refused_by_who_writes_and_passed_over_by_who_reads(tmp_path):
    (tmp_path / "predictions").write_text("chapter one")
    assert kept(tmp_path) == []
    with pytest.raises(InputError, match="is a file, expected the folder of predictions"):
        keep(tmp_path, [0])
    assert (tmp_path / "predictions").read_text() == "chapter one"


def test_the_same_predictions_are_the_same_files(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        keep(tmp_path / name, range(20))
    contents = [[path.read_bytes() for path in sorted((tmp_path / name).rglob("*.npz"))] for name in ("a", "b")]
    assert contents[0] == contents[1]
