"""What a study needs of this machine: arms whose data is not here are left out, and named."""

from collections.abc import Callable

from harness.datasets.catalog import find_folder, find_published
from harness.errors import InputError
from harness.spec.study import Study


def with_data(study: Study, note: Callable[[str], None]) -> Study:
    """Return the study without the arms whose data is not on this machine; how many those are is told to `note`.

    Raises InputError for a dataset that nobody knows, and where no arm is left.
    """
    missing = [name for name in dict.fromkeys(arm.needs for arm in study.arms) if name and not _is_here(name, study)]
    for name in missing:
        count = sum(arm.needs == name for arm in study.arms)
        arms = f"{count} arm{'s' * (count != 1)}"
        note(f"study '{study.name}': {arms} left out, for {name} is not here; `harness data fetch {name}` gets it")
    return study.without_data(missing)


def _is_here(name: str, study: Study) -> bool:
    try:
        find_published(name)
    except InputError as error:
        raise InputError(f"study '{study.name}': needs: {error}") from None
    try:
        find_folder(name)
    except InputError:
        return False
    return True
