"""The section on speed follows from the tables under bench/, whichever are there."""

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import InputError
from harness.report.figures.style import house_style
from harness.report.speed_section import TABLES, bench_drawings, bench_section, load_bench
from harness.report.write import check_report, write_report
from harness.spec.study import load_study

NETWORKS = ("784-64-64-10 sgd B=128", "784-30-10 sigmoid sgd B=10")


def made_up() -> dict[str, pd.DataFrame]:
    """Return one small table of each kind."""
    training = [
        {"group": "six", "network": network, "contender": contender, "us_per_step": us, "spread": 0.01,
         "samples_per_second": 1e6, "ratio": us / 100, "ratio_first_epoch": us / 200, "ratio_dense": us / 150,
         "packing_seconds": 0.1, "first_loss": None if contender == "bare sgemm" else 0.4, "steps_per_epoch": 468}
        for network in NETWORKS
        for contender, us in (("numba", 100.0), ("numpy", 430.0), ("bare sgemm", 80.0))
    ]  # fmt: skip
    ratios = [
        {"group": "six", "contender": "numpy", "networks": 2, "geometric_mean": 4.3, "worst": 4.3,
         "worst_at": NETWORKS[0], "first_epoch": 2.15, "dense": 2.87, "goal": "3", "reached": "yes"},
        {"group": "six", "contender": "bare sgemm", "networks": 2, "geometric_mean": 0.8, "worst": 0.8,
         "worst_at": NETWORKS[0], "first_epoch": 0.4, "dense": 0.53, "goal": None, "reached": None},
    ]  # fmt: skip
    growth = [
        {"ladder": ladder, "value": value, "network": "n", "us_per_step": 50 + value, "flops": 1e4 * value}
        for ladder in ("width", "depth", "batch")
        for value in (16, 64, 256)
    ]
    kernels = [
        {"kernel": kernel, "family": "activations", "backend": backend, "size": "128×64", "us": us, "gflops": gflops,
         "gbytes_per_second": 60.0, "flops": flops, "bytes": 65536, "limit": "bandwidth", "level": "L2",
         "fraction_of_limit": 0.5, "spread": 0.01, "noise": 0.002, "compile_seconds": 0.4, "times_numpy": 7.4}
        for kernel, flops, gflops in (("relu_forward", 8192, 8.0), ("identity_forward", 0, 0.0))
        for backend, us in (("numpy", 5.0), ("numba", 0.7))
    ]  # fmt: skip
    limits = [
        {"limit": "sgemm", "working_set": 0, "level": None, "rate": 1e11},
        {"limit": "stream", "working_set": 16384, "level": "L1", "rate": 2e11},
        {"limit": "stream", "working_set": 1 << 30, "level": "memory", "rate": 3e10},
    ]
    system = [{"figure": "start of a warm train", "value": 0.9, "unit": "s", "goal": "< 1.5", "reached": "yes"}]
    sweep = [
        {"arm": arm, "contender": contender, "together": together, "seconds": seconds, "ratio": seconds / 1.5,
         "val_accuracy": accuracy, "test_accuracy": accuracy, "start_seconds": 2.0}
        for arm, accuracy in (("adam", 0.95), ("all arms", None))
        for contender, seconds, together in (("numba", 1.5, 1), ("jax jit+scan", 4.5, 8))
    ]  # fmt: skip
    recipe = [
        {"recipe": "--set epochs=5", "seed": seed, "target": 0.98, "test_accuracy": 0.981 + 0.001 * (-1) ** seed,
         "seconds": 0.5, "training_seconds": 0.4}
        for seed in range(4)
    ]  # fmt: skip
    tables = {
        "sweep": sweep,
        "recipe": recipe,
        "training": training,
        "ratios": ratios,
        "growth": growth,
        "kernels": kernels,
        "limits": limits,
    }
    return {name: pd.DataFrame(rows) for name, rows in (tables | {"system": system}).items()}


@pytest.fixture
def measured(tmp_path: Path, synthetic) -> Path:
    """A results folder with a study and all tables of the benchmarks."""
    results = tmp_path / "results"
    synthetic(results, load_study("normalization", "smoke"))
    (results / "bench").mkdir()
    for name, frame in made_up().items():
        frame.to_csv(results / "bench" / f"{name}.csv", index=False)
    return results


def test_the_made_up_tables_have_the_columns_that_are_read():
    assert {name: set(TABLES[name]) - set(frame) for name, frame in made_up().items()} == {
        name: set() for name in TABLES
    }


def test_the_report_shows_figures_and_tables_on_speed(measured, tmp_path):
    text = write_report(measured, tmp_path / "reports").read_text()
    for name in ("speed-training", "speed-growth", "speed-roofline"):
        assert f"figures/{name}.png" in text
        assert (tmp_path / "reports" / "figures" / f"{name}.png").stat().st_size > 10_000
    assert "| six | numpy | 2 | **4.30** |" in text
    assert "**98 % test accuracy in 0.50 ± 0.00 s** on one core: `harness train --set epochs=5` ends at" in text
    assert "| adam | jax jit+scan | 4.50 | 3.00 | 8 | 0.9500 | 0.9500 | 2.0 |" in text
    assert "| start of a warm train | 0.9 s | \\< 1.5 | yes |" in text
    assert "relu\\_forward" in text
    assert check_report(measured, tmp_path / "reports") == []


def test_a_results_folder_without_benchmarks_has_no_such_section(measured, tmp_path):
    for path in (measured / "bench").iterdir():
        path.unlink()
    assert load_bench(measured) is None
    assert "## Speed" not in write_report(measured, tmp_path / "reports").read_text()


@pytest.mark.parametrize("name", TABLES)
def test_any_table_may_be_missing(measured, name):
    (measured / "bench" / f"{name}.csv").unlink()
    bench = load_bench(measured)
    with house_style():
        figures = [(f"figures/{drawing.name}.png", drawing.caption) for drawing in bench_drawings(bench)]
    text = bench_section(bench, figures)
    assert all(path in text for path, _ in figures)


@pytest.mark.parametrize("name", TABLES)
def test_a_changed_number_changes_the_digest(measured, name):
    before = load_bench(measured).digest
    change_a_number(measured / "bench" / f"{name}.csv")
    assert load_bench(measured).digest != before


def test_a_changed_number_makes_the_report_stale(measured, tmp_path):
    write_report(measured, tmp_path / "reports")
    change_a_number(measured / "bench" / "training.csv")
    assert any("results have changed" in line for line in check_report(measured, tmp_path / "reports"))


def change_a_number(path: Path) -> None:
    head, first, rest = path.read_text().split("\n", 2)
    path.write_text("\n".join((head, first.replace("0", "1", 1), rest)))


@pytest.mark.parametrize(
    ("content", "found"),
    [("kernel\nrelu", "no column family"), ("", "not a table"), ("\xff\x00,", "kernels.csv"),
     (",".join(TABLES["kernels"]) + "\n", "no rows")],
)  # fmt: skip
def test_a_damaged_table_is_named(measured, content, found):
    (measured / "bench" / "kernels.csv").write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match=found) as error:
        load_bench(measured)
    assert "kernels.csv" in str(error.value)


def test_bars_start_at_equal_speed_and_end_at_the_ratio(measured):
    bench = load_bench(measured)
    with house_style():
        (bars, growth, roofline) = bench_drawings(bench)
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars.figure.axes[0].patches]
    assert [start for start, _ in ends] == [1] * 4
    assert sorted(end for _, end in ends) == pytest.approx([0.8, 0.8, 4.3, 4.3])
    assert [ax.get_xscale() + ax.get_yscale() for ax in growth.figure.axes] == ["loglog"] * 3
    assert "identity_forward" in roofline.caption  # without operations it has no place in the figure
