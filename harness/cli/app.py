"""The command line: parses, calls, prints. Everything it calls is there from Python too.

The commands stand in the modules beside this one. Imports stand inside them, so that `harness --help` does not wait
for NumPy.
"""

import os
import sys
from collections.abc import Callable

import typer

from harness.cli import data, quality, reports, studies, train
from harness.cli.shared import INTERRUPTED, note
from harness.errors import HarnessError

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
    "check": quality.check,
    "report": reports.report,
    "compare": reports.compare,
    "bench": quality.bench,
    "list": studies.list_studies,
    "show": studies.show,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; every known trouble ends in one line on standard error and its exit code."""
    sys.exit(_exit_code(sys.argv[1:] or ["--help"]))


def _exit_code(arguments: list[str]) -> int:
    try:
        code = int(app(arguments, prog_name="harness", standalone_mode=False) or 0)
        print(end="", flush=True)  # so that what cannot be written is noticed here and not after the end
        return code
    except HarnessError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", INTERRUPTED)
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
