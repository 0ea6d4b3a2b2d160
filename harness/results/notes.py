"""What a journal notes beside its records: claims as they were stated, looks, adoptions.

`{"note": "claims", "trials": 12, "claims": […], "flips": 5}`   the study's claims from here on, how many of its trials
                                                   any study of the results folder had by then, and how many of its
                                                   verdicts are the sign-flip test's (earlier versions left it out)
`{"note": "looks", "at": [10, 20], "trials": 0}`    the numbers of seeds at which its claims are looked at, and how many
                                                   trials had been seen when these were fixed
`{"note": "adopt", "digests": {old: new}, …}`       records above that count under one code digest count under another
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from harness.results.journal import Record, read_lines

Note = dict[str, Any]
Codes = tuple[str, ...]
"""The code digests that a record counts under: that of the sources which made it, then those that adopted it."""

Kept = TypeVar("Kept")


class Journal(NamedTuple, Generic[Kept]):
    """A journal, read once: of each trial what was kept of its last record and its codes, by trial_id; all notes."""

    kept: dict[str, Kept]
    codes: dict[str, Codes]
    notes: list[Note]


def read_whole(folder: Path, keep: Callable[[Record], Kept]) -> Journal[Kept]:
    """Read the journal of a study folder, keeping of each record what `keep` returns; raises InputError."""
    journal: Journal[Kept] = Journal({}, {}, [])
    for line in read_lines(folder):
        if "note" in line:
            journal.notes.append(line)
            if line["note"] == "adopt":
                journal.codes.update(_adopted(journal.codes, line["digests"]))
        else:
            journal.codes[line["trial_id"]] = codes_of(line)
            journal.kept[line["trial_id"]] = keep(line)
    return journal


def codes_of(record: Record) -> Codes:
    """Return the code digests that a record counts under by itself."""
    return (record.get("code_digest", ""), *record.get("counts_as", ()))


def _adopted(codes: Mapping[str, Codes], digests: Mapping[str, str]) -> dict[str, Codes]:
    """Return the codes that change. Only records above the note are meant: those below it were never compared."""
    added = {key: [digests[code] for code in counted if code in digests] for key, counted in codes.items()}
    return {key: tuple(dict.fromkeys((*codes[key], *new))) for key, new in added.items() if new}


def looks_of(notes: Iterable[Note]) -> tuple[int, ...]:
    """Return the numbers of seeds at which a study's claims are looked at; none where it is run to a fixed number."""
    return next((tuple(note["at"]) for note in notes if note["note"] == "looks"), ())


def looks_note(looks: Iterable[int], trials: int) -> Note:
    """Return the note that claims are looked at with these numbers of seeds, fixed when `trials` have been run."""
    return {"note": "looks", "at": list(looks), "trials": trials}


def claims_note(claims: Iterable[Any], trials: int, flips: int) -> Note:
    """Return the note that a study makes these claims, which give so many verdicts by the sign-flip test, when
    `trials` of its trials have been run."""
    return {"note": "claims", "trials": trials, "claims": _records(claims), "flips": flips}


def changed(notes: Sequence[Note], claims: Iterable[Any], flips: int) -> bool:
    """Tell whether the claims, or the number of their sign-flip verdicts, are others than those noted last."""
    noted = [(note["claims"], note.get("flips", flips)) for note in notes if note["note"] == "claims"]
    return (_records(claims), flips) != (noted[-1] if noted else ([], flips))


def largest_family(notes: Sequence[Note], flips: int) -> int:
    """Return m: of a study that is looked at several times, the most sign-flip verdicts that it had since the looks
    were fixed, for a claim that is taken back was looked at too; else the `flips` that it has."""
    at = next((place for place, note in enumerate(notes) if note["note"] == "looks"), None)
    if at is None:
        return flips
    before, since = ([n.get("flips", 0) for n in part if n["note"] == "claims"] for part in (notes[:at], notes[at:]))
    return max([flips, *before[-1:], *since])


def stated(notes: Sequence[Note], claims: Iterable[Any]) -> list[str]:
    """Return when each claim was stated: ``before`` the first trial of its study, or ``after N trials``.

    A claim that was changed, or taken back and made again, was stated when it was noted as it is; ``unknown`` is one
    that no note has.
    """
    history = [(note["trials"], note["claims"]) for note in reversed(notes) if note["note"] == "claims"]
    return [_stated(history, record) for record in _records(claims)]


def _stated(history: Iterable[tuple[int, list[Any]]], claim: Any) -> str:
    since: int | None = None
    for trials, claims in history:  # the latest first
        if claim not in claims:
            break
        since = trials
    return "unknown" if since is None else f"after {since} trials" if since else "before"


def _records(claims: Iterable[Any]) -> list[Any]:
    """A key that has its default is left out, so that a key added later changes no claim."""
    return [claim.model_dump(mode="json", exclude_defaults=True) for claim in claims]
