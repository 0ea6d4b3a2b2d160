"""The commands `harness data …`: which datasets there are, fetch one, verify the files."""

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.json_output import print_rows
from harness.cli.options import Json
from harness.cli.shared import helped
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.datasets.service import Available

app = typer.Typer(help="Datasets: which there are, fetch one, verify the files.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
@helped("""Datasets: which there are, fetch one, verify the files.""")
def data(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command("list")
@helped(
    """List the datasets that have a name, and where their files are.

    Example: harness data list
    """
)
def data_list(json: Json = False) -> None:
    from harness.datasets.service import list_datasets

    rows = [
        {
            "name": known.name,
            "title": known.title,
            "licence": known.licence,
            "files": known.folder if known.folder or json else _elsewhere(known),
        }
        for known in list_datasets()
    ]
    print_rows(rows, json)


def _elsewhere(known: "Available") -> str:
    return "made where it is needed" if known.made else f"not here: harness data fetch {known.name}"


@app.command("fetch")
@helped(
    """Download a dataset and check it against its published MD5s.

    Example: harness data fetch fashion-mnist
    """
)
def data_fetch(name: Annotated[str, typer.Argument(metavar="NAME", help="See `harness data list`.")]) -> None:
    from harness.datasets.service import fetch_dataset

    print(fetch_dataset(name))


@app.command("verify")
@helped(
    """Read every file of a dataset and compare it with what was published.

    Example: harness data verify ./my-idx-files
    """
)
def data_verify(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[NAME|DIR]", help="One dataset; all that are here if left out.")
    ] = None,
    json: Json = False,
) -> None:
    from harness.datasets.made import is_made
    from harness.datasets.service import verify_datasets

    if dataset is not None and is_made(dataset):
        print("[]" if json else f"{dataset}: made where it is needed, so there is nothing to verify")
        return
    files = verify_datasets(dataset)
    rows = [
        {
            "file": file.file,
            "size": file.dims,
            "md5": file.md5,  # of the content
            "verdict": file.problem or (f"{file.known}, as published" if file.known else "readable"),
        }
        for file in files
    ]
    print_rows(rows, json)
    if not all(file.ok for file in files):
        raise HarnessError("some files are not good")
