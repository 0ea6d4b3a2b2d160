"""The verdicts on a study's claims, as a table to be pasted into a paper, with what a reader must know to trust it."""

import shlex
from collections.abc import Mapping

import pandas as pd

from harness.report import markdown as md
from harness.report.study_frames import Frames
from harness.report.verdict_words import effect, in_favour, is_level, p_told, remark, share_that_holds, sides, tally
from harness.results.notes import largest_family, looks_of
from harness.spec.claims import questions, sign_flip_count
from harness.spec.shipped import SHIPPED
from harness.spec.study import Study
from harness.statistics.decidable import seeds_that_can_decide
from harness.statistics.paired import DRAWS, EXACT_UP_TO
from harness.text import counted

LEVEL = 0.05
MARK = "‡"


def opening_of_verdicts(frames: Mapping[str, Frames]) -> str:
    """Return how many verdicts of each kind a report holds, and how many false ones the error rate allows."""
    every = pd.concat([study.verdicts for study in frames.values()]) if frames else pd.DataFrame()
    if every.empty:
        return ""
    families = sum(_families(study.study) for study in frames.values())
    lead = f"**Claims.** {counted(len(every), 'verdict')}: {tally(every)}."
    if not families:
        return f"{lead} None of them rests on chance."
    return (
        f"{lead} They are given in {families} famil{'y' if families == 1 else 'ies'}, each of which holds a false one "
        f"with a chance of at most {100 * LEVEL:.0f} %: at most {LEVEL * families:.2g} families with a false verdict "
        "are to be expected."
    )


def _families(study: Study) -> int:
    forms = {question.claim.form for question in questions(study)}
    return bool(forms & {"better", "differs", "trend"}) + bool(forms & {"equivalent", "within"})


def verdicts_of(frames: Frames) -> list[str]:
    """Return what was claimed and what became of it, as Markdown; nothing for a study without claims."""
    verdicts, study = frames.verdicts, frames.study
    if verdicts.empty:
        return []
    count = f"{counted(len(verdicts), 'verdict')}: {tally(verdicts)}"
    lead = f"**Claims.** {count}. {method(frames)}"
    several = [group for _, group in verdicts.groupby("id", sort=False) if len(group) > 1]
    shares = [f"- {md.escape(group['text'].iloc[0])}: {md.escape(share_that_holds(group))}." for group in several]
    return [lead, *(["\n".join(shares)] if shares else []), verdict_rows(verdicts), remarks(study, verdicts)]


def method(frames: Frames) -> str:
    """Return how the verdicts come about."""
    verdicts, m = frames.verdicts, largest_family(frames.notes, sign_flip_count(frames.study))
    flips = verdicts["form"].isin(("better", "differs", "trend"))
    by_t = verdicts["form"].isin(("equivalent", "within"))
    told = []
    if not verdicts["form"].map(is_level).all():
        told.append("The effect is the first side minus the second at the same seed, with its 95 % t-interval.")
    if flips.any():
        n = verdicts.loc[flips, "n"].max()
        way = "exact" if n <= EXACT_UP_TO else f"{DRAWS:,} draws"
        told.append(
            f"p is two-sided, of the sign-flip test over the seeds ({way}), adjusted by Holm over "
            f"{counted(m, 'such verdict')}; a claim is supported or refuted where that is at most {LEVEL}."
        )
    if by_t.any():
        told.append(f"Equivalence and bounds are judged by t-tests, adjusted among themselves ({by_t.sum()}).")
    if (verdicts["form"] == "equals").any():
        told.append("What has no chance in it has to be met by every seed.")
    if verdicts["seeds_to_decide"].notna().any():
        told.append(
            "The seeds that would decide take the effect seen for the true one: where little is to be found they are "
            "too few (of real trainings, half a point found in 8 % of cases was foretold in 21 %)."
        )
    if (verdicts["verdict"] == "exploratory").any():
        needed = seeds_that_can_decide(m * max(len(looks_of(frames.notes)), 1))
        told.append(f"Exploratory: too few seeds to decide anything, which takes {needed} of them.")
    return " ".join(told)


def verdict_rows(verdicts: pd.DataFrame) -> str:
    """Return the table."""
    header = ["claim", "metric", "verdict", "effect", "seeds in favour", "p", "adjusted p", "means", "stated"]
    rows = []
    for row in verdicts.to_dict("records"):
        condition = f" ({md.escape(row['under'])})" if row["under"] else ""
        cells = [
            md.escape(row["text"]) + condition,
            md.escape(row["measured"]),
            f"**{row['verdict']}** {remark(row)}".strip(),
        ]
        cells += [effect(row), in_favour(row), p_told(row["p"]) + MARK * row["marked"], p_told(row["p_adjusted"])]
        rows.append([*cells, sides(row), row["stated"]])
    return md.table(header, rows, header[3:8])


def remarks(study: Study, verdicts: pd.DataFrame) -> str:
    """Return what the table marks, and the command that gives these verdicts again."""
    told = []
    if verdicts["marked"].any():
        told.append(f"{MARK} The t-interval and the unadjusted p disagree; the verdict follows p.")
    if (late := verdicts["stated"].str.startswith("after")).any():
        count = verdicts.loc[late, "id"].nunique()
        told.append(
            f"{count} claim{'s were' if count != 1 else ' was'} stated after trials of this study had been run: "
            "a claim made when results could be seen is worth less."
        )
    name = study.name if study.origin == SHIPPED else f"{study.name}.toml"
    command = shlex.join(["harness", "run", name, "--profile", study.profile, *study.options])
    return " ".join([*told, f"Again by {md.code(command)}."])
