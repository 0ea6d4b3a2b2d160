"""The command line: parses, calls, prints. Everything it calls is there from Python too.

The commands stand in the modules beside this one. Imports stand inside them, so that `harness --help` does not wait
for NumPy.
"""

import os
import signal
import sys
from collections.abc import Callable

import typer

from harness.cli import data, quality, reports, studies, train, verification, walk
from harness.cli.shared import STOPPED
from harness.errors import HarnessError
from harness.text import note

app = typer.Typer(
    help="Train neural networks from scratch, compare their techniques, report with figures.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS: dict[str, Callable[..., None]] = {
    "reproduce": studies.reproduce,
    "run": studies.run,
    "plan": studies.plan,
    "train": train.train,
    "tutorial": walk.tutorial,
    "check": quality.check,
    "report": reports.report,
    "compare": reports.compare,
    "export": reports.export,
    "verify": verification.verify,
    "bench": quality.bench,
    "list": studies.list_studies,
    "show": studies.show,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; every known trouble ends in one line on standard error and its exit code."""
    _open_closed_streams()
    if sys.stdout is None:
        sys.exit(_complain("standard output is closed", 1))
    sys.exit(_exit_code(sys.argv[1:] or ["--help"]))


def _open_closed_streams() -> None:
    """Let no file of ours take the place of a standard stream that is closed; what is told there is lost."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def _exit_code(arguments: list[str]) -> int:
    try:
        code = int(app(arguments, prog_name="harness", standalone_mode=False) or 0)
        print(end="", flush=True)  # so that what cannot be written is noticed here and not after the end
        return code
    except HarnessError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", STOPPED + signal.SIGINT)
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        return _unwritable(1)
    except OSError as error:  # as of a full disk
        return _unwritable(_complain(str(error), 1))
    except Exception as error:
        if not hasattr(error, "format_message"):  # which marks the usage errors of typer's click
            raise
        return _complain(error.format_message(), 2)


def _unwritable(code: int) -> int:
    """Drop what is left of the output, which Python would try to write again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _complain(message: str, code: int) -> int:
    note(f"error: {' '.join(message.split())}")
    return code
