"""The report's section on speed: figures and tables from the CSV files of `<results>/bench/` and from nothing else."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.errors import InputError
from harness.report import markdown as md
from harness.report.figures import speed
from harness.report.figures.panels import Drawing
from harness.report.sections import Captioned, pictures
from harness.statistics.recipe_time import recipe_reached

FOLDER = "bench"
TABLES: dict[str, tuple[str, ...]] = {
    "kernels": ("kernel", "family", "backend", "size", "us", "gflops", "gbytes_per_second", "flops", "bytes",
                "limit", "level", "fraction_of_limit", "spread", "noise", "compile_seconds", "times_numpy"),
    "limits": ("limit", "working_set", "level", "rate"),
    "training": ("group", "network", "contender", "us_per_step", "spread", "samples_per_second", "ratio",
                 "ratio_first_epoch", "ratio_dense", "packing_seconds", "first_loss", "steps_per_epoch"),
    "ratios": ("group", "contender", "networks", "geometric_mean", "worst", "worst_at", "first_epoch", "dense",
               "goal", "reached"),
    "sweep": ("arm", "contender", "together", "seconds", "ratio", "val_accuracy", "test_accuracy", "start_seconds"),
    "recipe": ("recipe", "seed", "target", "test_accuracy", "seconds", "training_seconds"),
    "growth": ("ladder", "value", "network", "us_per_step", "flops"),
    "system": ("figure", "value", "unit", "goal", "reached"),
}  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """What the benchmarks wrote: tables by name, those that are there, and the digest of their bytes."""

    tables: dict[str, pd.DataFrame]
    environment: dict[str, Any]
    digest: str

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def load_bench(results: Path) -> Bench | None:
    """Return the benchmarks of a results folder, None where there are none; raises InputError for a damaged table."""
    folder = results / FOLDER
    paths = {name: folder / f"{name}.csv" for name in TABLES if (folder / f"{name}.csv").is_file()}
    if not paths:
        return None
    digest = hashlib.sha256()
    for path in paths.values():
        digest.update(path.read_bytes())
    tables = {name: _read(path, TABLES[name]) for name, path in paths.items()}
    return Bench(tables, _environment(folder / "environment.json"), digest.hexdigest()[:16])


def _environment(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text()) if path.is_file() else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("versions", {}), dict):
        raise InputError(f"{path}: not the JSON that `harness bench` writes")
    return found


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table ({' '.join(str(error).split())})") from None
    missing = [name for name in columns if name not in frame]
    if missing or frame.empty:
        raise InputError(f"{path}: {'no column ' + missing[0] if missing else 'no rows'}; `harness bench` rewrites it")
    return frame


def bench_drawings(bench: Bench) -> list[Drawing]:
    """Return the figures for which there are tables (call inside house_style())."""
    drawings = []
    if "training" in bench.tables:
        drawings.append(speed.ratio_bars(bench["training"]))
    if "growth" in bench.tables:
        drawings.append(speed.growth(bench["growth"]))
    if {"kernels", "limits"} <= set(bench.tables):
        drawings.append(speed.roofline(bench["kernels"], bench["limits"]))
    return drawings


def bench_section(bench: Bench, figures: Captioned) -> str:
    """Return the section: figures and tables for which there is a file."""
    shown = {Path(path).stem: picture for (path, _), picture in zip(figures, pictures(figures), strict=True)}
    parts: list[str | None] = ['<a id="speed"></a>', "## Speed", HOW_MEASURED + _where(bench.environment)]
    if "ratios" in bench.tables:
        parts += [ratio_rows(bench["ratios"]), RATIOS_EXPLAINED]
    parts.append(shown.get("speed-training"))
    if "training" in bench.tables:
        parts.append(md.details("Every network and contender", training_rows(bench["training"])))
    if "recipe" in bench.tables:
        parts.append(recipe_sentence(bench["recipe"]))
    if "sweep" in bench.tables:
        parts += [SWEEP_EXPLAINED, sweep_rows(bench["sweep"])]
    parts.append(shown.get("speed-growth"))
    if "system" in bench.tables:
        parts.append(system_rows(bench["system"]))
    parts.append(shown.get("speed-roofline"))
    if "kernels" in bench.tables:
        parts.append(md.details("Every kernel", kernel_rows(bench["kernels"])))
    return "\n\n".join(filter(None, parts))


HOW_MEASURED = (
    "Measured in processes of one thread, bound to one core, of which one works at a time, in rounds that alternate: "
    "a ratio is the median over the rounds. The clock is the processor time of the process. Everything computes in "
    "float32 but the tutorial's class (float64); all train on the same images, in shuffled batches that they gather "
    "themselves. `harness bench all --peers` measures all of it again."
)
RATIOS_EXPLAINED = (
    "Time of a training step over that of the compiled backend (`numba`), as it is used: its first layer visits only "
    "the nonzero pixels. *First epoch* charges the packing of the images to one single epoch; *dense* compares with "
    "the compiled backend whose first layer visits all pixels. Goals are set for the six; no kernel was made for the "
    "networks held back, which are also trained on a second dataset where one is there."
)


SWEEP_EXPLAINED = (
    "A whole sweep, four arms of 8 seeds each (784-128-64-10, 20 thousand images, 3 epochs), on one core: every epoch "
    "ends with an evaluation of 5 000 validation images, every seed with one of the test images. Ours are the trials "
    "as a worker runs them, each with its record. The other libraries compute on arrays that are made once, evaluate "
    "in one batch, and train one seed after the other or all side by side, whichever is faster here. *Start*, which "
    "the seconds leave out, is loading, compiling and that choice."
)


def _where(environment: dict[str, Any]) -> str:
    if not environment:
        return ""
    versions = ", ".join(f"{name} {number}" for name, number in environment.get("versions", {}).items() if number)
    return f" Processor: {md.escape(environment.get('cpu', 'unknown'))}. {md.escape(versions)}."


def ratio_rows(ratios: pd.DataFrame) -> str:
    """Return the ratios against each contender, beside what was to be reached."""
    right = ["networks", "geometric mean", "worst", "first epoch", "dense"]
    header = ["group", "against", *right[:3], "worst at", *right[3:], "goal", "reached"]
    rows = [
        [
            md.escape(row["group"]),
            md.escape(row["contender"]),
            str(row["networks"]),
            f"**{row['geometric_mean']:.2f}**",
            f"{row['worst']:.2f}",
            md.escape(row["worst_at"]),
            f"{row['first_epoch']:.2f}",
            f"{row['dense']:.2f}",
            _text(row["goal"]),
            _text(row["reached"]),
        ]
        for row in ratios.to_dict("records")
    ]
    return md.table(header, rows, right)


def training_rows(training: pd.DataFrame) -> str:
    """Return a row a network and contender."""
    right = ["µs a step", "spread", "images a second", "ratio", "first epoch", "dense", "first loss"]
    names = {"us_per_step": ".0f", "spread": ".1%", "samples_per_second": ",.0f", "ratio": ".2f",
             "ratio_first_epoch": ".2f", "ratio_dense": ".2f", "first_loss": ".3f"}  # fmt: skip
    rows = [
        [md.escape(row["network"]), md.escape(row["contender"]), *(_number(row[name], names[name]) for name in names)]
        for row in training.to_dict("records")
    ]
    return md.table(["network", "contender", *right], rows, right)


def recipe_sentence(recipe: pd.DataFrame) -> str:
    """Return what the recipe reaches in how many seconds, with 95 % intervals over seeds."""
    accuracy, seconds, training, target, p = recipe_reached(recipe)
    return (
        f"**{100 * target:g} % test accuracy in {seconds.mean:.2f} ± {seconds.half:.2f} s** on one core: "
        f"{md.code('harness train ' + recipe['recipe'].iloc[0])} ends at "
        f"{100 * accuracy.mean:.2f} ± {100 * accuracy.half:.2f} % ({accuracy.n} seeds, 95 % intervals; p = {p:.1g} "
        f"that the mean is not above {100 * target:g} %). Of these seconds, on the wall, {training.mean:.2f} ± "
        f"{training.half:.2f} are training steps, the others first weights, an evaluation of the test images at the "
        "end, and the record; compiling and packing, once a process or less, are not in them. The recipe was searched "
        "for by validation accuracy alone, on other seeds."
    )


def sweep_rows(sweep: pd.DataFrame) -> str:
    """Return a row an arm and contender: the seconds of all its seeds."""
    right = ["seconds", "ratio", "side by side", "validation accuracy", "test accuracy", "start, s"]
    names = {"seconds": ".2f", "ratio": ".2f", "together": ".0f", "val_accuracy": ".4f", "test_accuracy": ".4f",
             "start_seconds": ".1f"}  # fmt: skip
    rows = [
        [md.escape(row["arm"]), md.escape(row["contender"]), *(_number(row[name], names[name]) for name in names)]
        for row in sweep.to_dict("records")
    ]
    return md.table(["arm", "contender", *right], rows, right)


def system_rows(system: pd.DataFrame) -> str:
    """Return the figures of the harness as a whole."""
    rows = [
        [md.escape(row["figure"]), f"{row['value']:.3g} {_text(row['unit'], '')}".strip(), _text(row["goal"]),
         _text(row["reached"])]
        for row in system.to_dict("records")
    ]  # fmt: skip
    return md.table(["figure", "value", "goal", "reached"], rows, ["value"])


def kernel_rows(kernels: pd.DataFrame) -> str:
    """Return a row a kernel and size: both backends, and how near the compiled one is to its limit."""
    right = ["numpy, µs", "numba, µs", "times", "GFLOP/s", "GB/s", "of its limit", "noise", "compiling, s"]
    rows = []
    for (kernel, size), pair in kernels.groupby(["kernel", "size"], sort=False):
        by_backend = {row["backend"]: row for row in pair.to_dict("records")}
        numpy, numba = by_backend["numpy"], by_backend["numba"]
        rows.append([
            md.escape(kernel), md.escape(size), f"{numpy['us']:.3g}", f"{numba['us']:.3g}",
            f"{numba['times_numpy']:.1f}", f"{numba['gflops']:.3g}", f"{numba['gbytes_per_second']:.3g}",
            f"{numba['fraction_of_limit']:.0%} {numba['limit']}", f"{numba['noise']:.1%}",
            _number(numba["compile_seconds"], ".2f"),
        ])  # fmt: skip
    lead = (
        "One call of each kernel on buffers in the smallest cache that holds them; what a call from Python costs is "
        "taken off. The limit is that of the same run: matrix products, streaming through a working set of that size, "
        "or a vectorised exp, whichever is the longest for what the kernel has to do at least. The noise is the "
        "difference between two equal measurements of the compiled kernel."
    )
    return f"{lead}\n\n{md.table(['kernel', 'size', *right], rows, right)}"


def _number(value: float, form: str) -> str:
    return "–" if pd.isna(value) else format(value, form)


def _text(value: Any, absent: str = "–") -> str:
    return absent if pd.isna(value) else md.escape(value)
