"""What the tutorial works out is what the kernels compute, and its page follows from the tables alone."""

import math
import re
import shutil
from importlib import import_module
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest

from harness.errors import InputError
from harness.report.folder import TUTORIAL
from harness.report.tutorial import check_tutorial, write_tutorial
from harness.report.tutorial.page import errata, place
from harness.report.write import write_report
from harness.results.tutorial_tables import NUMBERS, read_tables, write_provenance, write_tables
from harness.spec.shipped import study_names
from harness.spec.tutorial_sections import SECTIONS, claims_of, find_section
from harness.tutorial import compute
from kernels import numpy_backend

REFERENCE = Path(__file__).parents[2] / "results"

WORKED = [section for section in SECTIONS if NUMBERS in section.printed]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with three sections; not to be written to."""
    folder = tmp_path_factory.mktemp("results")
    for number in ("1.2", "1.4", "2.1"):
        write_tables(folder, number, compute(find_section(number)))
    return folder


@pytest.mark.parametrize("section", WORKED, ids=lambda section: section.number)
def test_the_kernels_give_the_numbers_of_the_tutorial(section):
    worked = import_module(f"harness.tutorial.section_{section.module}").worked()
    assert worked
    for one in worked:
        if one.computed != one.tutorial:  # shapes are equal as they stand
            assert math.isclose(one.computed, one.tutorial, rel_tol=1e-14), one


def test_every_picture_of_a_section_is_drawn_by_its_module():
    for section in SECTIONS:
        if section.pictures:
            module = import_module(f"harness.report.tutorial.pictures_{section.module}")
            assert tuple(module.PICTURES) == section.pictures


def test_the_page_follows_from_the_tables_alone(results, tmp_path):
    copy, first, second = tmp_path / "results", tmp_path / "first", tmp_path / "second"
    shutil.copytree(results, copy)
    for reports in (first, second):
        write_tutorial(copy, reports)
    pages = [{p.relative_to(reports): p.read_bytes() for p in reports.rglob("*.*")} for reports in (first, second)]
    assert pages[0] == pages[1]
    assert check_tutorial(copy, first) == []
    text = (first / TUTORIAL.text).read_text()
    for row in read_tables(copy, "2.1")[NUMBERS].itertuples():
        assert row.computed in text
    changed = read_tables(copy, "2.1")
    changed[NUMBERS].loc[0, "computed"] = "0.4"
    write_tables(copy, "2.1", changed)
    assert any("results have changed" in line for line in check_tutorial(copy, first))
    assert any("text differs" in line for line in check_tutorial(copy, first))


def test_a_section_of_another_version_is_told_with_its_command_and_the_others_stand(tmp_path):
    for number in ("1.2", "1.3"):
        write_tables(tmp_path, number, compute(find_section(number)))
    tables = read_tables(tmp_path, "1.3")
    write_tables(tmp_path, "1.3", {"curves": tables["curves"].drop(columns="z")})
    text = write_tutorial(tmp_path, tmp_path / "reports").read_text()
    assert "without slopes and activations: `harness tutorial 1.3` computes it again" in text
    assert "Not computed here yet: `harness tutorial 2.3` does it" in text
    assert "0.5448788923735801" in text
    assert "Results of its studies are missing: `harness run backward_cost exact_gradient` makes them" in text
    assert check_tutorial(tmp_path, tmp_path / "reports") == []


def test_the_last_table_maps_each_section_to_what_it_has_and_every_link_leads_somewhere(results, tmp_path):
    shutil.copytree(results, tmp_path / "results")
    write_tables(tmp_path / "results", "errata", compute(find_section("errata")))
    (tmp_path / "results" / "bowl").symlink_to(REFERENCE / "bowl")
    reports = tmp_path / "reports"
    write_report(tmp_path / "results", reports)
    write_tutorial(tmp_path / "results", reports)
    texts = {name: (reports / name).read_text() for name in ("report.md", "tutorial.md")}
    rows = re.findall(r"^\| \[([\w.]+)\]\(#.*$", texts["tutorial.md"], re.MULTILINE)
    assert rows == [section.number for section in SECTIONS]
    for section in SECTIONS:
        row = re.search(rf"^\| \[{section.number}\]\(#{place(section)}\).*$", texts["tutorial.md"], re.MULTILINE)[0]
        told = [f"harness tutorial {section.number}", *section.kernels, *chain(*claims_of(section).values())]
        assert all(f"`{name}`" in row for name in told)
        assert all(hasattr(numpy_backend, kernel) for kernel in section.kernels)
    assert "[network](tutorial/1.4-network.png)" in texts["tutorial.md"]
    links = {(name, link) for name, text in texts.items() for link in re.findall(r"\]\(([^)]+)\)", text)}
    assert {("report.md", "tutorial.md#section-2-3"), ("tutorial.md", "report.md#study-bowl")} <= links
    for name, link in links:
        path, _, mark = link.partition("#")
        assert (reports / (path or name)).is_file(), link
        assert not mark or f'id="{mark}"' in texts[path or name], link


def test_the_page_names_what_made_its_sections(results, tmp_path):
    shutil.copytree(results, tmp_path / "results")
    made = {"code_digest": "c0de", "environment": {"e1": {"cpu": "A CPU", "versions": {"numpy": "2.4.0"}}}}
    write_provenance(tmp_path / "results", "1.2", made)
    text = write_tutorial(tmp_path / "results", tmp_path / "reports").read_text()
    assert "| CPU | A CPU |" in text
    assert "| numpy | 2.4.0 |" in text
    assert "Code `c0de` (1.2), `not known` (1.4, 2.1)." in text
    write_provenance(tmp_path / "results", "1.2", made | {"code_digest": "0ther"})
    assert check_tutorial(tmp_path / "results", tmp_path / "reports")


def test_a_table_is_read_as_it_was_written(tmp_path):
    tables = {"points": pd.DataFrame({"x": [0.1 + 0.2, 1e-300], "name": ["a", "b"]})}
    write_tables(tmp_path, "1.1", tables | {"gone": tables["points"]})
    write_tables(tmp_path, "1.1", tables)
    (name,) = read_tables(tmp_path, "1.1")
    pd.testing.assert_frame_equal(read_tables(tmp_path, "1.1")[name], tables["points"], check_exact=True)


def test_a_section_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"no section '2.33' \(did you mean '2.3'\?\)"):
        find_section("2.33")


def test_the_errata_stand_in_the_page_and_in_the_report(tmp_path):
    assert errata(tmp_path) == []
    write_tables(tmp_path, "errata", compute(find_section("errata")))
    *_, table = errata(tmp_path)
    assert "(0.5, 0.5): x1 + 2 x2 - 1 = 0.5 \\> 0, label 0; (1.5, 0.5)" in table
    assert table in write_tutorial(tmp_path, tmp_path / "reports").read_text()
    for row in compute(find_section("errata"))["errata"].itertuples():
        assert row.evidence
        sections, studies = re.findall(r"§([\d.]+)", row.see), re.findall(r"study (\w+)", row.see)
        assert sections or studies
        assert all(find_section(number) for number in sections)
        assert set(studies) <= set(study_names())


def test_pictures_are_drawn_from_tables_and_are_the_same_again(tmp_path):
    section = find_section("1.3")
    write_tables(tmp_path, section.number, compute(section))
    first, second = (write_tutorial(tmp_path, tmp_path / name).parent / "tutorial" for name in ("a", "b"))
    names = {f"{section.number}-{picture}.png" for picture in section.pictures}
    assert {path.name for path in first.iterdir()} == names
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
