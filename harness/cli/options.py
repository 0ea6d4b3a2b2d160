"""The options of the command line, each written once so that it means the same in every command."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.errors import nearest

PROFILES = ("smoke", "quick", "full")  # those of harness.spec.names, which is too heavy to import for --help
FORMS = ("latex",)
BENCHMARKS = ("kernels", "training", "system", "all")


def _whole_number(largest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= largest):
            raise typer.BadParameter(f"found {text!r}, expected a whole number from 1 to {largest}")
        return int(text)

    return number


def _one_of(allowed: Sequence[str]) -> Callable[[str], str]:
    def name(text: str) -> str:
        if text not in allowed:
            raise typer.BadParameter(f"found {text!r}, expected {', '.join(allowed)}{nearest(text, allowed)}")
        return text

    return name


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise typer.BadParameter(f"found {text!r}, expected a number above 0")
    return seconds


def _duration(text: str) -> float:
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", text)
    seconds = sum(float(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts)
    if not seconds > 0 or "".join(map("".join, parts)) != text:
        raise typer.BadParameter(f"found {text!r}, expected a time above 0 such as 90s, 10m, 2h or 1h30m")
    return seconds


def _address(text: str) -> str:
    if not re.fullmatch(r"[a-z]+://[^/\s]+:\d+", text):
        raise typer.BadParameter(f"found {text!r}, expected an address such as tcp://HOST:PORT")
    return text


def _folder(text: str) -> Path:
    """Refuse before the work what would fail after it."""
    folder = Path(text)
    if any(place.is_file() for place in (folder, *folder.parents)):
        raise typer.BadParameter(f"{text} is or lies below a file, expected a folder")
    return folder


def _file(text: str) -> Path:
    """Refuse before the work what would fail after it."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise typer.BadParameter(f"{text} is a folder or lies in none, expected a file in a folder that is there")
    return path


def _picture(text: str) -> Path:
    if Path(text).suffix != ".png":
        raise typer.BadParameter(f"found {text!r}, expected a file name that ends in .png")
    return _file(text)


Studies = Annotated[list[str], typer.Argument(metavar="STUDY...", help="Names (see `harness list`) or .toml files.")]
Profile = Annotated[
    str,
    typer.Option(metavar="P", parser=_one_of(PROFILES), help="How much is run: smoke, quick or full."),
]
Benchmark = Annotated[
    str,
    typer.Argument(metavar="[kernels|training|system|all]", parser=_one_of(BENCHMARKS), help="What is measured."),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a field of every trial; may be repeated.")
]
Seeds = Annotated[
    int | None,
    typer.Option(metavar="N", parser=_whole_number(1000), help="Seeds per arm, instead of the study's."),
]
Sample = Annotated[
    int | None,
    typer.Option(metavar="N", parser=_whole_number(1_000_000), help="Rows to train again.", show_default="59"),
]
Data = Annotated[str | None, typer.Option(metavar="NAME|DIR", help="Dataset: a name or a folder of IDX files.")]
SecondData = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME|DIR",
        help="Train on this besides MNIST: a name or a folder of IDX files.",
        show_default="fashion-mnist, where it is on the machine",
    ),
]
SaveFile = Annotated[
    Path | None,
    typer.Option(
        "--save", metavar="FILE", parser=_file, help="Keep the network (npz); from Python: harness.load_network(FILE)."
    ),
]
PlotFile = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE.png",
        parser=_picture,
        help="Draw curves, predictions right and wrong, and the first layer's weights.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(metavar="N", parser=_whole_number(1024), help="Worker processes.", show_default="the cores there are"),
]
Results = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Results folder.", show_default="results/local/PROFILE")
]
Reports = Annotated[
    Path | None,
    typer.Option(metavar="DIR", parser=_folder, help="Reports folder.", show_default="reports/local/PROFILE"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", parser=_address, help="Run on this Dask cluster."),
]
Pairs = Annotated[bool, typer.Option("--pairs", help="Compare every pair of more than six arms in differences.csv.")]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Run trials again that failed before.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first trial that fails.")]
Timeout = Annotated[
    float | None, typer.Option(metavar="SECONDS", parser=_seconds, help="Give up a trial after so long.")
]
Form = Annotated[str, typer.Option("--to", metavar="latex", parser=_one_of(FORMS), help="What is written.")]
Output = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", parser=_folder, help="Folder that is written to.", show_default="reports/local/latex/NAME"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress; errors are told all the same.")]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="decided",
        parser=_one_of(("decided",)),
        help="Add seeds, up to at_most, to the arms of claims that are still open.",
    ),
]
Budget = Annotated[
    float | None, typer.Option(metavar="TIME", parser=_duration, help="Begin nothing that ends after 90s, 10m, 1h30m.")
]
