"""Help that is true, and a start that waits for nothing heavy."""

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from harness.cli import options
from harness.cli.app import app
from harness.spec import Trial, load_study, names

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
    """The example stands on one line of the help at 80 columns, so that it can be copied."""
    example = re.search(r"Example: (harness .*)", command.help)[1]
    assert example.split()[1 : 1 + len(path)] == list(path)
    parse(example)
    context = typer.Context(command, info_name="harness", terminal_width=80, max_content_width=80)
    assert f"  Example: {example}\n" in command.get_help(context)


@pytest.mark.parametrize("command", ["train", "run"])
def test_numbers_whose_conventions_differ_are_explained_where_they_are_set(command):
    """PyTorch's decay, momentum's form, what is counted: in the help, and in the docstring of Trial."""
    for told in (COMMANDS.commands[command].help, Trial.__doc__):
        for words in ("λ/(2n)·Σ‖W‖²", "weight_decay", "clip_norm", "v ← βv + g", "evaluations", "best_epoch"):
            assert words in told, words


@pytest.mark.parametrize("line", re.findall(r"^ {4}(?:.*&& )?(harness .*)", README.read_text(), re.M))
def test_every_command_of_the_readme_parses(line):
    parse(line)


def test_the_study_of_the_readme_is_valid(tmp_path):
    tables, claim = re.findall(r"```toml\n(.*?)```", README.read_text(), re.S)
    path = tmp_path / "own.toml"
    path.write_text(tables + claim)
    for profile in ("smoke", "full"):
        study = load_study(path, profile)
        assert len(study.arms) >= 2
        assert len(study.claims) == 1


def test_the_python_of_the_readme_names_what_exists():
    (text,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    lines = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    assert lines
    for line in lines:
        for name in line.names:
            assert getattr(importlib.import_module(line.module), name.name)


def test_the_map_of_the_readme_is_the_house():
    """A line that is indented lies in the room above it."""
    (house,) = re.findall(r"```\n(kernels/.*?)```", README.read_text(), re.S)
    room = README.parent
    for line in house.splitlines():
        found = re.match(r" *((?:[\w.]+(?:/|\.py) *)+)", line)[1].split()
        inside = room if line.startswith(" ") else README.parent
        for name in found:
            assert (inside / name).exists(), line
        room = inside if line.startswith(" ") else README.parent / found[0]


def test_the_profiles_of_the_options_are_those_of_the_studies():
    assert options.PROFILES == names.PROFILES


@pytest.mark.parametrize("command", [["-c", "import harness"], ["-m", "harness", "--help"]], ids=" ".join)
def test_nothing_heavy_is_imported_before_it_is_asked_for(command):
    done = subprocess.run([sys.executable, "-X", "importtime", *command], capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "harness" in imported
    assert not imported & {"numpy", "pandas", "numba", "matplotlib", "scipy", "seaborn", "pydantic"}


@pytest.mark.parametrize("buffered", [True, False])
def test_a_reader_that_has_gone_is_no_crash(buffered):
    reader, writer = os.pipe()
    os.close(reader)
    done = write_list_to(writer, buffered)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is full is a thing of Linux")
@pytest.mark.parametrize("buffered", [True, False])
def test_an_output_that_cannot_be_written_is_one_line(buffered):
    done = write_list_to(os.open("/dev/full", os.O_WRONLY), buffered)
    assert (done.returncode, done.stderr) == (1, "error: [Errno 28] No space left on device\n")


def write_list_to(descriptor, buffered):
    """Run `harness list` with this descriptor as its standard output; what is buffered is written at the end only."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, *([] if buffered else ["-u"]), "-m", "harness", "list"]
    try:
        return subprocess.run(command, env=environment, stdout=descriptor, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(("arguments", "command"), [((), "reproduce"), (("data",), "verify")])
def test_without_a_command_the_help_is_shown(harness, arguments, command):
    done = harness(*arguments)
    assert done.returncode == 0
    assert command in done.stdout
