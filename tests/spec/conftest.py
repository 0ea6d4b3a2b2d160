"""What the tests of claims share."""

import sys
from pathlib import Path

import pytest

from harness.spec import load_study
from harness.spec.claims import questions

sys.path.insert(0, str(Path(__file__).parent))  # for claimed_studies


@pytest.fixture
def load(tmp_path):
    """Return the study of some tables and one claim (its id and metric left out)."""

    def write(tables, claim, metric="test_error", **options):
        path = tmp_path / "mine.toml"
        path.write_text(f"{tables}\n[[claims]]\nid = 'c'\nmetric = '{metric}'\n{claim}\n")
        return load_study(path, **options)

    return write


@pytest.fixture
def ask(load):
    return lambda *args, **options: questions(load(*args, **options))
