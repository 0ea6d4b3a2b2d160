"""The report's text: pure functions from frames to Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.report import images_section
from harness.report import markdown as md
from harness.report.provenance import environment_section, warnings
from harness.report.study_frames import Frames
from harness.report.study_section import SUMMARY, StudyText
from harness.report.verdicts_section import opening_of_verdicts
from harness.results.frames import Results
from harness.spec.shipped import SHIPPED, study_names
from harness.spec.study import Study
from harness.text import duration

Captioned = Sequence[tuple[str, str]]  # (path of a figure below the report, its caption)

READING = (
    "The unit is the seed: n counts trials that differ in nothing but their seed. Every number after ± is half the 95 "
    "% t-interval of the mean over the seeds that finished; an interval that meets the edge of a panel goes on beyond "
    "it, and that of an error may go on beyond 0 or 100 %, where no error lies (marked †). Seeds that diverged or "
    "failed are counted in columns of their own and listed with their reason. The error is 100 % minus the accuracy, "
    "on the test images unless validation is named; the test images choose nothing. *As written* is an arm with the "
    "learning rate that its study states; *tuned* has the settings with the lowest mean validation loss on a grid that"
    " is the same for all arms, run again on fresh seeds, so its interval is conditional on those settings, unless "
    "each seed was tuned by itself."
)


def render(
    results: Results,
    frames: Mapping[str, Frames],
    texts: Mapping[str, StudyText],
    figures: Mapping[str, Captioned],
    speed: str | None = None,
    beside: Sequence[str] = (),
) -> str:
    """Return the whole report: frames, texts and figures by study, in its order, the summary's figures under "".

    `speed` and `beside` end it.
    """
    parts = [
        "# Neural networks from scratch: what the ablations show",
        opening(results, frames),
        *filter(None, [opening_of_verdicts(frames)]),
        *warnings(results),
        "## Summary",
        *pictures(figures[""]),
        summary_table(texts),
        READING + f" {images_section.READING}" * bool(results.predictions.trials),
    ]
    parts += [section(text, figures[name]) for name, text in texts.items()]
    parts += [empty(study) for name, study in results.studies.items() if name not in frames]
    parts += [*filter(None, [speed]), *beside, environment_section(results), reproduction(results)]
    return "\n\n".join(parts) + "\n"


def opening(results: Results, frames: Mapping[str, Frames]) -> str:
    """Return one sentence: how much was run, and what became of it."""
    trials = results.trials.drop_duplicates("trial_id")
    status = trials["status"].value_counts()
    profiles = " and ".join(sorted({study.profile for study in results.studies.values()}))
    lost = f"{status.get('diverged', 0)} diverged, {status.get('failed', 0)} failed"
    return (
        f"{len(frames)} {'study' if len(frames) == 1 else 'studies'}, {len(trials):,} trials ({lost}), profile "
        f"`{profiles}`, {duration(trials['seconds'].sum())} of training on one thread each."
    )


def summary_table(texts: Mapping[str, StudyText]) -> str:
    """Return a row a study: its size, and the arms with the lowest and the highest mean test error."""
    header = ["study", *SUMMARY, "phase", "lowest mean test error (%)", "highest mean test error (%)"]
    return md.table(header, [text.row for text in texts.values()], SUMMARY)


def section(text: StudyText, figures: Captioned) -> str:
    """Return one study: question, design, figures, table, and the details to open."""
    return "\n\n".join([text.above, *pictures(figures), text.below])


def empty(study: Study) -> str:
    """Return the section of a study without a single finished trial, those of its tuning aside."""
    aside = ", those of its tuning aside" * (study.tune is not None)
    return f"## {md.escape(study.title)}\n\nNo trial of this study has finished{aside}."


def pictures(figures: Captioned) -> list[str]:
    """Return the figures, each with its caption below."""
    return [f"![{md.escape(Path(path).stem)}]({path})\n\n*{md.escape(caption)}*" for path, caption in figures]


def reproduction(results: Results) -> str:
    """Return the commands that make these results and this report again."""
    lines = []
    for profile in sorted({study.profile for study in results.studies.values()}):
        names = [name for name, study in results.studies.items() if study.profile == profile]
        given = [name if shipped(results.studies[name]) else f"{name}.toml" for name in names]
        lines.append(f"harness run {' '.join(given)} --profile {profile}")
        lines.append(f"harness report --profile {profile}")
    commands = "\n".join(lines)
    return (
        f"## How to reproduce\n\n```\n{commands}\n```\n\n"
        "`run` trains what is missing (nothing, where the results are complete), `report` writes this page anew, and "
        "with `--check` says whether it still follows from its results; `--results` and `--reports` name their "
        "folders. A study of your own is named "
        "by the path of its TOML file. Options such as `--set` or `--seeds` have to be given again: the settings that "
        "were run stand, resolved, in `study.json` of each study's results folder, every trial in its journal. The "
        "same seed on the same machine and versions gives the same weights, bit for bit."
    )


def shipped(study: Study) -> bool:
    """Tell whether a study is run by its name; of one that does not say where it comes from, the name tells."""
    return study.origin == SHIPPED or (study.origin is None and study.name in study_names())
