"""What each command prints, leaves behind and returns."""

import json
import re
import shlex

import pandas as pd

from harness import load_network


def test_list_names_the_shipped_studies(harness):
    done = harness("list")
    assert done.returncode == 0
    for study in ("initialization", "optimizer", "normalization", "dropout", "depth_width"):
        assert study in done.stdout


def test_show_tells_the_arms_and_the_settings(harness):
    done = harness("show", "width.toml", "--set", "epochs=3")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("Is wide better?", "narrow", "wide", "epochs"))


def test_show_lists_the_factors_of_an_ablation(harness, place):
    (place / "parts.toml").write_text(
        "[[blocks]]\n[blocks.ablate]\nl2 = [0.0, 5.0]\nskip = [{}, { residual = true }]\n"
    )
    lines = [line.split() for line in harness("show", "parts.toml").stdout.splitlines()]
    first = lines.index(["ablate:", "factor", "without", "with"])
    assert lines[first + 1 : first + 3] == [["l2", "l2=0", "l2=5"], ["skip", "residual=true"]]


def test_train_prints_each_evaluation_and_the_outcome(harness):
    fields = ["dataset=tiny", "val_size=20", "hidden=4", "epochs=3", "backend=numpy"]
    done = harness("train", *(word for field in fields for word in ("--set", field)))
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.split()[1] for line in lines if line.startswith("epoch")] == ["1", "2", "3"]
    assert lines[-1].startswith("test accuracy")


def test_train_shows_the_training_images_at_the_end_and_on_the_way_where_asked_for(harness):
    fields = ["dataset=tiny", "val_size=20", "hidden=4", "epochs=4", "backend=numpy", "evaluate_every=120"]
    plain, often = (
        harness("train", *(word for field in (*fields, *more) for word in ("--set", field))).stdout.splitlines()
        for more in ((), ("evaluate_train=true",))
    )
    assert [line.split()[:2] for line in plain[:-1]] == [["epoch", "2"], ["epoch", "4"]]
    assert all("validation loss" in line and "training" not in line for line in plain[:-1])
    assert all("training loss" in line and "validation loss" in line for line in often[:-1])
    for lines in (plain, often):
        assert re.fullmatch(r"test accuracy \S+ %, loss \S+; training accuracy \S+ %, loss \S+  \(.*\)", lines[-1])


def test_train_saves_and_draws_the_network(harness, place):
    fields = ["dataset=tiny", "val_size=20", "hidden=4", "epochs=2", "backend=numpy"]
    settings = [word for field in fields for word in ("--set", field)]
    done = harness("train", *settings, "--save", "net.npz", "--plot", "net.png")
    assert done.stdout.splitlines()[-2:] == ["network net.npz", "figure  net.png"]
    assert load_network(place / "net.npz").weights(1).shape == (16, 4)
    assert (place / "net.png").read_bytes().startswith(b"\x89PNG")


CLAIMS = """
[[claims]]
id = "wide"
metric = "test_error"
better = "wide"
than = "narrow"
[[claims]]
id = "alike"
text = "Width makes no difference"
metric = "test_error"
equivalent = ["wide", "narrow"]
margin = 1.0
"""


def test_show_and_plan_tell_the_verdicts_of_a_study_and_the_seeds_they_take(harness, place):
    (place / "width.toml").write_text((place / "width.toml").read_text() + CLAIMS)
    told = "2, 1 by the sign-flip test, which takes 6 seeds; here are "
    shown = harness("show", "width.toml").stdout.splitlines()
    assert f"verdicts  {told}3: exploratory" in shown
    assert [line.split(maxsplit=1) for line in shown if line.startswith(("wide", "alike"))][:2] == [
        ["wide", "wide: lower test error than narrow"],
        ["alike", "Width makes no difference"],
    ]
    planned = harness("plan", "width.toml", "--seeds", "8", "--results", "out").stdout.splitlines()
    assert f"verdicts of width: {told}8" in planned


def test_a_first_look_that_can_decide_nothing_is_foretold(harness, place):
    study = (place / "width.toml").read_text().replace("count = 3", "count = 3\nat_most = 8") + CLAIMS
    (place / "width.toml").write_text(study)
    told = "no sign-flip verdict can fall: 1 verdict x 3 looks take 7 seeds"
    planned = harness("plan", "width.toml", "--results", "out").stdout.splitlines()
    assert f"verdicts of width: at the first look, 3 seeds, {told}" in planned
    ran = harness("run", "width.toml", "--until", "decided", "--results", "out", "--jobs", "1")
    assert f"width: at the first look, 3 seeds, {told}" in ran.stderr.splitlines()
    assert "first look" not in harness("plan", "width.toml", "--seeds", "7", "--results", "out").stdout


def test_of_many_arms_every_pair_is_compared_where_pairs_asks_for_it(harness, place):
    arms = ", ".join(f'"{width}" = {{ hidden = [{width}] }}' for width in range(1, 8))
    study = re.sub("arms = {.*}", f"arms = {{ {arms} }}", (place / "width.toml").read_text())
    (place / "width.toml").write_text(study)
    for options, rows in ((), 6), (["--pairs"], 21):
        ran = harness("run", "width.toml", "--seeds", "1", "--results", "out", "--quiet", *options)
        assert ran.returncode == 0, ran.stderr
        assert len((place / "out" / "width" / "differences.csv").read_text().splitlines()) == 1 + rows


TUNED = """
[tune]
learning_rate = [0.001, 0.01]
l2 = [0.0, 5.0]
seeds = 2
per_seed = true
default = false
"""


def test_a_tuned_study_is_shown_planned_and_run_with_its_grid(harness, place):
    study = (place / "width.toml").read_text()
    (place / "width.toml").write_text(f'reference = "wide"\n{study}{TUNED}')
    shown = harness("show", "width.toml").stdout.splitlines()
    assert "reference wide" in shown
    assert [line.partition(" ")[2].strip() for line in shown if line.startswith("tune")] == [
        "learning_rate 0.001 0.01",
        "l2 0 5",
        "4 combinations x 2 seeds for each of the fresh seeds; the winner on 3 fresh seeds; no arm as written",
    ]
    assert "trials    54" in shown
    planned = [line.split()[:3] for line in harness("plan", "width.toml", "--results", "out").stdout.splitlines()[1:4]]
    assert planned == [["width", "tune", "48"], ["width", "confirm", "6"], ["total", "54", "0"]]
    done = harness("run", "width.toml", "--results", "out", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "settings" in done.stdout
    assert re.search(r"wide +confirm +learning rate 0.01, l2 [05]", done.stdout)
    trials = pd.read_csv(place / "out" / "width" / "trials.csv")
    assert trials["phase"].value_counts().to_dict() == {"tune": 48, "confirm": 6}


def test_a_study_of_one_name_from_another_file_is_refused(harness, place):
    assert harness("run", "width.toml", "--results", "out", "--jobs", "1").returncode == 0
    (place / "other").mkdir()
    (place / "other" / "width.toml").write_bytes((place / "width.toml").read_bytes())
    before = (place / "out" / "width" / "study.json").read_bytes()
    for command in ("run", "plan"):
        refused = harness(command, "other/width.toml", "--results", "out")
        assert refused.returncode == 2
        assert "rename the file, or choose another folder with --results" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert (place / "out" / "width" / "study.json").read_bytes() == before


def test_a_diverged_training_is_a_result(harness):
    fields = ["dataset=tiny", "val_size=20", "epochs=3", "backend=numpy", "optimizer=sgd", "learning_rate=1e30"]
    done = harness("train", *(word for field in fields for word in ("--set", field)))
    assert done.returncode == 0
    assert "diverged in epoch 1" in done.stdout


def test_run_leaves_tables_and_says_where(harness, place):
    done = harness("run", "width.toml", "--results", "out", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    trials = pd.read_csv(place / "out" / "width" / "trials.csv")
    assert sorted(zip(trials["arm"], trials["seed"], strict=True)) == [
        (a, s) for a in ("narrow", "wide") for s in range(3)
    ]
    assert set(trials["status"]) == {"done"}
    assert str(pd.read_csv(place / "out" / "width" / "curves.csv")["epoch"].max()) == "2"
    assert "narrow" in done.stdout
    assert "out" in done.stdout


def test_run_ends_with_the_verdicts_and_their_effects(harness, place):
    (place / "width.toml").write_text((place / "width.toml").read_text() + CLAIMS)
    done = harness("run", "width.toml", "--results", "out", "--jobs", "1", "--quiet")
    assert done.returncode == 0, done.stderr
    lines = [re.split(r"  +", line) for line in done.stdout.splitlines()]
    first = lines.index(["claim", "verdict", "effect (95 % interval)", "in favour", "adjusted p", "seeds to decide"])
    by_claim = {line[0]: line[1:] for line in lines[first + 1 : first + 3]}
    assert by_claim["wide: lower test error than narrow"][0] == "exploratory"
    assert by_claim["wide: lower test error than narrow"][-1] == "takes 6"
    assert "exploratory: too few seeds for any verdict; inconclusive: enough seeds, no clear answer" in done.stdout
    assert re.fullmatch(r"[-+]\d+\.?\d* \(.* to .*\) points", by_claim["Width makes no difference"][1])
    assert re.fullmatch(r"\d of 3", by_claim["Width makes no difference"][2])


PARTS = """
[[blocks]]
[blocks.ablate]
relu = [{ activation = "tanh" }, { activation = "relu" }]
wide = [{ hidden = [2] }, { hidden = [8] }]
[[claims]]
id = "sooner"
metric = "time_to_target"
target = 1.0
better = { activation = "relu" }
than = { activation = "tanh" }
[seeds]
count = 2
"""


def test_run_ends_with_what_each_ingredient_of_an_ablation_is_worth(harness, place):
    study = (place / "width.toml").read_text()
    (place / "parts.toml").write_text(study.partition("[[blocks]]")[0] + PARTS)
    done = harness("run", "parts.toml", "--results", "out", "--jobs", "1", "--quiet")
    assert done.returncode == 0, done.stderr
    lines = [re.split(r"  +", line) for line in done.stdout.splitlines()]
    first = lines.index(["what each ingredient is worth in test error, as written"])
    assert lines[first + 1] == ["ingredient", "Shapley value", "adjusted p", "mean over all combinations", "adjusted p"]
    effects = pd.read_csv(place / "out" / "parts" / "effects.csv").query("metric == 'test_error'")
    worth = effects[effects["kind"] != "interaction"].pivot(index="factors", columns="kind", values="effect")
    told = {line[0]: (float(line[1].split()[0]), float(line[3].split()[0])) for line in lines[first + 2 : first + 4]}
    assert told == {name: (round(row["shapley"], 2), round(row["main"], 2)) for name, row in worth.iterrows()}
    assert list(told) == worth["shapley"].sort_values(kind="stable").index.tolist(), "best first"
    ends = "what each ingredient is worth in epochs to a validation accuracy of 1, as written: not known "
    assert f"{ends}(0 of 8 trainings reached the target)" in done.stdout


def test_a_folder_run_with_other_settings_says_so_and_the_report_names_them(harness, place):
    (place / "width.toml").write_text((place / "width.toml").read_text() + CLAIMS)
    first = harness("run", "width.toml", "--results", "out", "--jobs", "1")
    again = harness("run", "width.toml", "--results", "out", "--jobs", "1", "--set", "epochs=3", "--seeds", "2")
    assert "settings differ" not in first.stderr
    assert re.search(
        r"width: settings differ from those the folder was run with: epochs \d -> 3, seeds 3 -> 2;", again.stderr
    )
    assert harness("report", "--results", "out", "--reports", "told").returncode == 0
    told = "".join(path.read_text() for path in (place / "told").rglob("*.md"))
    assert "`harness run width.toml --profile quick --set epochs=3 --seeds 2`" in told


def test_run_again_trains_nothing(harness, place):
    first = harness("run", "width.toml", "--results", "out", "--jobs", "1")
    journal = (place / "out" / "width" / "journal.jsonl").read_bytes()
    again = harness("run", "width.toml", "--results", "out", "--jobs", "2")
    assert (first.returncode, again.returncode) == (0, 0)
    assert (place / "out" / "width" / "journal.jsonl").read_bytes() == journal


def test_options_of_run_change_the_study(harness, place):
    options = ["--seeds", "2", "--set", "epochs=1", "--dataset", "./tiny", "--jobs", "1", "--results", "out"]
    assert harness("run", "width.toml", *options).returncode == 0
    trials = pd.read_csv(place / "out" / "width" / "trials.csv")
    assert (len(trials), set(trials["epochs"]), set(trials["dataset"])) == (4, {1}, {"./tiny"})


def test_plan_counts_what_is_missing_and_runs_nothing(harness, place):
    before = harness("plan", "width.toml", "--results", "out")
    assert before.returncode == 0
    assert not (place / "out").exists()
    assert harness("run", "width.toml", "--results", "out", "--jobs", "1").returncode == 0
    after = harness("plan", "width.toml", "--results", "out")
    assert [line.split()[2:7] for line in before.stdout.splitlines()[:2]] == [
        ["cells", "done", "diverged", "failed", "missing"],
        ["6", "0", "0", "0", "6"],
    ]
    assert after.stdout.splitlines()[1].split()[2:7] == ["6", "6", "0", "0", "0"]


def test_the_report_is_made_from_the_results_and_checked_against_them(harness, place):
    assert harness("run", "width.toml", "--results", "out", "--jobs", "1").returncode == 0
    written = harness("report", "--results", "out", "--reports", "pages")
    assert written.returncode == 0, written.stderr
    assert "Is wide better?" in (place / "pages" / "report.md").read_text()
    assert list((place / "pages" / "figures").glob("*.png"))
    assert harness("report", "--results", "out", "--reports", "pages", "--check").returncode == 0

    page = place / "pages" / "report.md"
    page.write_text(page.read_text().replace("Is wide better?", "Is narrow better?"))
    stale = harness("report", "--results", "out", "--reports", "pages", "--check")
    assert stale.returncode == 1
    assert "Traceback" not in stale.stderr
    (remedy,) = re.findall("`harness (.*)` rewrites it", stale.stderr)
    assert harness(*shlex.split(remedy)).returncode == 0
    assert harness("report", "--results", "out", "--reports", "pages", "--check").returncode == 0


def test_data_verify_knows_mnist_and_finds_what_is_spoilt(harness, place):
    good = harness("data", "verify", "mnist")
    assert good.returncode == 0
    assert good.stdout.count("as published") == 4
    images = next((place / "tiny").glob("train-images*"))
    images.write_bytes(images.read_bytes()[:-3])
    bad = harness("data", "verify", "tiny")
    assert bad.returncode == 1
    assert images.name in bad.stdout


def test_compare_finds_folders_alike_and_a_regression(harness):
    assert harness("run", "width.toml", "--results", "a", "--jobs", "1").returncode == 0
    assert harness("compare", "a", "a").returncode == 0
    assert harness("run", "width.toml", "--results", "b", "--jobs", "1", "--set", "learning_rate=1e30").returncode == 0
    worse = harness("compare", "a", "b")
    assert worse.returncode == 1
    assert "width: every arm: learning_rate 0.001 -> 1e+30" in worse.stdout
    assert re.fullmatch(r"error: b is worse in \d of \d comparisons: width, narrow, as written: .*\n", worse.stderr)
    nothing = harness("compare", "a", "nowhere")
    assert (nothing.returncode, nothing.stderr.count("\n")) == (2, 1)


def test_data_list_names_mnist(harness):
    done = harness("data", "list")
    assert done.returncode == 0
    assert "mnist" in done.stdout


def test_a_failed_trial_is_a_row_and_exit_code_1(harness, place):
    """One image is left to train on, less than a batch that must not be partial: the trial cannot run."""
    options = ["--set", "loss=cross_entropy", "--set", "val_size=79", "--set", "drop_last=true"]
    done = harness("run", "width.toml", "--results", "out", "--jobs", "1", *options)
    assert done.returncode == 1
    trials = pd.read_csv(place / "out" / "width" / "trials.csv")
    assert set(trials["status"]) == {"failed"}
    assert trials["reason"].notna().all()


def test_from_python_as_from_the_command_line(place, monkeypatch):
    from harness import Trial, load_results, run, train

    monkeypatch.chdir(place)
    results = run("width.toml", results="out", jobs=1)
    assert len(results.trials) == 6
    assert load_results("out").curves["epoch"].max() == 2
    record = train(Trial(dataset="tiny", backend="numpy", val_size=20, batch_size=16, epochs=2, hidden=(8,))).record
    wide = results.trials.query("arm == 'wide' and seed == 0")
    assert record["weights_sha256"] == wide["weights_sha256"].item()
    json.dumps(record, allow_nan=False)


def test_a_section_of_the_tutorial_is_computed_told_and_put_on_the_page(harness, place):
    done = harness("tutorial", "2.1", "--results", "here", "--reports", "there")
    assert done.returncode == 0, done.stderr
    assert "0.8577724820896163" in done.stdout
    assert "0.8577724820896163" in (place / "there/tutorial.md").read_text()
    assert harness("tutorial", "2.4").returncode == 2
