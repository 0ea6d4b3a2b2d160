"""Two bench folders: what got slower is found, and what every process brings is no change."""

import json

import numpy as np
import pandas as pd
import pytest

from harness.cli.comparison_text import bench_text
from harness.errors import InputError
from harness.statistics.compare_bench import COLUMNS, compare_bench, is_bench, slower

MACHINE = {"cpu": "Abacus", "kind": "1/2", "versions": {"numpy": "2.0"}}
KERNELS = [f"kernel_{i}" for i in range(30)]


@pytest.fixture
def bench(tmp_path):
    """Write a bench folder whose times have a scatter of 4 % from process to process; `factors` change some."""

    def write(name, key, factors=(), machine=MACHINE, sizes=("10×30", "128×64", "512×512")):
        rng, folder = np.random.default_rng(key), tmp_path / name
        folder.mkdir()
        factors = dict(factors)
        rows = [
            {"kernel": kernel, "backend": backend, "size": size, "dtype": "float32", "spread": 0.01, "noise": 0.005,
             "us": 100 * factors.get((kernel, backend), factors.get("all", 1)) * np.exp(rng.normal(0, 0.04))}
            for kernel in KERNELS for backend in ("numpy", "numba") for size in sizes
        ]  # fmt: skip
        pd.DataFrame(rows).to_csv(folder / "kernels.csv", index=False)
        (folder / "environment.json").write_text(json.dumps(machine))
        return folder

    return write


def write_training(folder, times):
    rows = [{"network": "784-64-10", "contender": who, "us_per_step": us, "spread": 0.02} for who, us in times.items()]
    pd.DataFrame(rows).to_csv(folder / "training.csv", index=False)


def verdicts(rows):
    return {(row["name"], row["by"]): row["verdict"] for row in rows.to_dict("records")}


def test_a_kernel_that_got_slower_is_found_and_only_that(bench):
    changed = {("kernel_3", "numba"): 1.5, ("kernel_4", "numba"): 1 / 1.5}
    found = compare_bench(bench("a", 1), bench("b", 2, changed)).rows
    assert list(found.columns) == list(COLUMNS)
    assert list(slower(found)["name"]) == ["kernel_3"]
    assert found.iloc[0]["change"] == pytest.approx(0.5, abs=0.1), "the slowest stands first"
    assert verdicts(found)["kernel_4", "numba"] == "better"
    assert set(found.loc[~found["name"].isin(["kernel_3", "kernel_4"]), "verdict"]) <= {"same", "undecided"}


def test_what_only_another_process_brings_is_no_change(bench):
    """The noise within a process is 1 %, the scatter between two is 6 %: the floor has both."""
    for key in range(8):
        rows = compare_bench(bench(f"a{key}", 2 * key), bench(f"b{key}", 2 * key + 1)).rows
        assert set(rows["verdict"]) <= {"same", "undecided"}
        assert rows["noise_floor"].median() == pytest.approx(0.057 / 3**0.5, rel=0.3)


def test_what_all_kernels_share_is_a_change(bench):
    rows = compare_bench(bench("a", 1), bench("b", 2, {"all": 1.6})).rows
    assert set(rows["verdict"]) == {"worse"}


def test_unlike_machines_are_not_judged(bench):
    found = compare_bench(bench("a", 1), bench("b", 2, {"all": 2}, MACHINE | {"kind": "1/3"}))
    assert found.machines == ["kind 1/2 -> 1/3"]
    assert set(found.rows["verdict"]) == {None}
    assert slower(found.rows).empty
    assert "not judged" in bench_text(found, "a", "b")


def test_only_sizes_that_both_have_are_compared(bench):
    rows = compare_bench(bench("a", 1), bench("b", 2, sizes=("10×30",))).rows
    assert set(rows["n"]) == {1}


def test_another_library_that_got_slower_is_no_regression(bench):
    one, other = bench("a", 1), bench("b", 2)
    names = ("numba", "numba dense", "numpy", "pytorch eager", "tutorial")
    write_training(one, dict.fromkeys(names, 100.0))
    write_training(other, dict.fromkeys(names, 100.0) | {"pytorch eager": 300.0})
    rows = compare_bench(one, other).rows
    assert verdicts(rows)["784-64-10", "pytorch eager"] == "worse"
    assert slower(rows).empty
    write_training(other, dict.fromkeys(names, 100.0) | {"numba dense": 300.0})
    assert list(slower(compare_bench(one, other).rows)["by"]) == ["numba dense"]


def test_the_text_fits_100_columns_and_shows_what_is_beyond_the_margin(bench):
    text = bench_text(compare_bench(bench("a", 1), bench("b", 2, {("kernel_3", "numba"): 1.5})), "a", "b")
    assert max(map(len, text.splitlines())) <= 100
    (line,) = [line for line in text.splitlines() if "worse" in line and "kernel_" in line]
    assert line.split()[:2] == ["kernel_3", "numba"]


def test_a_bench_folder_is_known_by_its_tables(bench, tmp_path):
    assert is_bench(bench("a", 1))
    assert not is_bench(tmp_path)


def test_a_damaged_table_is_bad_input_that_names_it(bench):
    one, other = bench("a", 1), bench("b", 2)
    (other / "kernels.csv").write_text("kernel,backend\nx,y\n")
    with pytest.raises(InputError, match=r"kernels\.csv: has no column size"):
        compare_bench(one, other)
    (other / "kernels.csv").write_bytes(b"")
    with pytest.raises(InputError, match=r"kernels\.csv: damaged"):
        compare_bench(one, other)
