"""Where the trials ran, and a warning where that was not one place, one version or one clean commit."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report import markdown as md
from harness.report.study_frames import SHOWN_PHASES
from harness.results.frames import Results

ROWS = (
    ("cpu", "CPU"),
    ("cores", "cores"),
    ("system", "system"),
    ("machine", "machine"),
    ("python", "Python"),
    ("sparse_below", "sparse first layer below"),
)


def environment_section(results: Results) -> str:
    """Return the environment of the trials as a table, a column an environment, and what else fixes the numbers."""
    used = results.trials.drop_duplicates("trial_id").groupby("environment", sort=True, dropna=False).size()
    known = used_environments(results)
    table = environment_table(known, ["trials", *(f"{count:,}" for count in used)])
    return "\n\n".join(["## Environment", table, *inputs(results)])


def environment_table(known: Mapping[str, dict[str, Any]], lead: list[str]) -> str:
    """Return a column an environment, by digest; `lead` is the first row, what was made in each."""
    header, rows = ["", *(md.code(digest) for digest in known)], [lead]
    rows += [[label, *(md.escape(env.get(field, "–")) for env in known.values())] for field, label in ROWS]
    packages = dict.fromkeys(name for env in known.values() for name in env.get("versions", {}))
    for name in packages:
        rows.append([md.escape(name), *(md.escape(env.get("versions", {}).get(name) or "–") for env in known.values())])
    if any(env.get("threads") for env in known.values()):
        rows.append(["threads", *(md.escape(threads(env)) for env in known.values())])
    if any(env.get("variables") for env in known.values()):
        rows.append(["variables", *(md.escape(variables(env)) for env in known.values())])
    rows.append(["commit", *(commit(env) for env in known.values())])
    return md.table(header, rows)


def used_environments(results: Results) -> dict[str, dict[str, Any]]:
    """Return the environments that trials ran in, by digest; what is not known of one is absent."""
    return {digest: results.environments.get(digest, {}) for digest in sorted(results.trials["environment"].unique())}


def warnings(results: Results) -> list[str]:
    """Return a quoted line for each reason to doubt that all trials are comparable."""
    known = used_environments(results)
    lines = []
    if len(known) > 1:
        lines.append(
            f"> **Mixed environments:** these results come from {len(known)}; times are not comparable across them."
        )
    for backend, digests in code_digests(results.trials).items():
        if len(digests) > 1:
            listed = ", ".join(f"{md.code(digest)} ({count:,} trials)" for digest, count in digests.items())
            lines.append(
                f"> **Mixed code:** trials of backend {md.code(backend)} were made by different sources: {listed}."
            )
    if any(env.get("dirty") for env in known.values()):
        lines.append("> **Dirty:** the sources had uncommitted changes while some of these trials ran.")
    profiles = Counter(study.profile for study in results.studies.values()).most_common()
    if len(profiles) > 1:
        usual = profiles[0][0]
        others = [f"{md.code(n)} {study.profile}" for n, study in results.studies.items() if study.profile != usual]
        lines.append(f"> **Mixed profiles:** {', '.join(others)}; all others {usual}.")
    return ["\n>\n".join(lines)] if lines else []


def code_digests(trials: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return by backend (of probes, "probe") how many trials each version of the sources made."""
    once = trials.drop_duplicates("trial_id").assign(code_digest=trials["code_digest"].fillna("unknown"))
    made = once["backend"] if "backend" in once else pd.Series("", index=once.index)
    if "probe" in once:  # which may have a parameter of that name
        made = made.mask(once["probe"].notna(), "probe")
    return {
        str(made_by): dict(sorted(Counter(part["code_digest"]).items()))
        for made_by, part in once.groupby(made, sort=True)
    }


def inputs(results: Results) -> list[str]:
    """Return what else determines the numbers: profile, data, seeds, code digest, types."""
    trials = results.trials
    codes = code_digests(trials)
    told = [
        f"{'probes' if made == 'probe' else f'backend {md.code(made)}'} at code {', '.join(map(md.code, digests))}"
        for made, digests in codes.items()
    ]
    seeds = {phase: span(part["seed"]) for phase, part in trials.groupby("phase", sort=False)}
    told.append(
        "seeds " + ", ".join(f"{seeds[phase]} ({word})" for phase, word in SHOWN_PHASES.items() if phase in seeds)
    )
    for word, column in (("data", "dataset"), ("arithmetic", "dtype")):
        if column in trials:
            told.append(f"{word} {', '.join(md.code(name) for name in sorted(trials[column].dropna().unique()))}")
    profiles = sorted({study.profile for study in results.studies.values()})
    profile = f"Profile {', '.join(md.code(profile) for profile in profiles)}; {'; '.join(told)}."
    return [profile, *adoptions(results)]


def adoptions(results: Results) -> list[str]:
    """Return a sentence for each time that the results of other sources were found to be those of newer ones."""
    lines = [
        f"What code {', '.join(map(md.code, note['digests']))} recorded counts as recorded by "
        f"{', '.join(map(md.code, dict.fromkeys(note['digests'].values())))}: {note['trained_again']:,} of "
        f"{note['of']:,} rows were trained again (`harness verify --adopt`), and all came out the same."
        for notes in results.notes.values()
        for note in notes
        if note["note"] == "adopt"
    ]
    return list(dict.fromkeys(lines))  # each study's journal has the note


def span(seeds: pd.Series) -> str:
    """Return "0–7", or the only seed."""
    low, high = seeds.min(), seeds.max()
    return str(low) if low == high else f"{low}–{high}"


def threads(environment: dict[str, Any]) -> str:
    """Return the thread limits of the workers, short where they agree."""
    limits = environment.get("threads") or {}
    values = set(limits.values())
    return f"{values.pop() or 'unset'} each" if len(values) == 1 else json.dumps(limits) if limits else "–"


def variables(environment: dict[str, Any]) -> str:
    """Return the variables that were set for Numba and the matrix libraries."""
    return ", ".join(f"{name}={value}" for name, value in environment.get("variables", {}).items()) or "–"


def commit(environment: dict[str, Any]) -> str:
    """Return the commit, and whether the sources differed from it."""
    name = environment.get("commit")
    if not name:
        return "–"
    return f"{md.code(name[:12])}{' + uncommitted changes' if environment.get('dirty') else ''}"
