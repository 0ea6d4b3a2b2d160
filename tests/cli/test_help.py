"""Help that is true, and a start that waits for nothing heavy."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from harness.cli import app
from harness.spec import load_study

README = Path(__file__).parents[2] / "README.md"
COMMANDS = typer.main.get_command(app)


def commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def parse(line):
    """Let the parser of a command read a line, without running it; it raises for what it does not know."""
    words = shlex.split(line, comments=True)[1:]
    command = COMMANDS
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context("harness", words)


@pytest.mark.parametrize(("path", "command"), list(commands(COMMANDS)), ids=lambda value: str(value))
def test_every_command_has_help_with_an_example_that_parses(path, command):
    examples = re.findall(r"Example: (harness .*)", command.help)
    assert examples, path
    for example in examples:
        assert example.split()[1 : 1 + len(path)] == list(path)
        parse(example)


@pytest.mark.parametrize("line", re.findall(r"^ {4}(?:.*&& )?(harness .*)", README.read_text(), re.M))
def test_every_command_of_the_readme_parses(line):
    parse(line)


def test_the_study_of_the_readme_is_valid(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", README.read_text(), re.S)
    path = tmp_path / "own.toml"
    path.write_text(text)
    for profile in ("smoke", "full"):
        assert len(load_study(path, profile).arms) >= 2


@pytest.mark.parametrize("command", [["-c", "import harness"], ["-m", "harness.cli", "--help"]], ids=" ".join)
def test_nothing_heavy_is_imported_before_it_is_asked_for(command):
    done = subprocess.run([sys.executable, "-X", "importtime", *command], capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "harness" in imported
    assert not imported & {"numpy", "pandas", "numba", "matplotlib", "scipy", "seaborn", "pydantic"}


def test_a_reader_that_has_gone_is_no_crash():
    command = f"{shlex.quote(sys.executable)} -m harness.cli list | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.startswith("study")
    assert "Traceback" not in done.stderr


def test_without_a_command_the_help_is_shown(harness):
    done = harness()
    assert "reproduce" in done.stdout
