"""Every bad study ends in one line that names the file, the key path, what was found and what is allowed."""

import pytest

from harness.errors import InputError
from harness.spec import load_study, names, parse_set

PLAIN = b'[[blocks]]\narms = { "a" = { optimizer = "sgd" }, "b" = {} }\n'

CLAIM = b"[[claims]]\nid = 'c'\nmetric = 'test_error'\nbetter = 'a'\nthan = 'b'\n"

BAD_FILES = {
    "syntax": (b"[baseline]\nepochs 3\n", "line 2: Expected '=' after a key in a key/value pair"),
    "duplicate key": (b"[baseline]\nepochs = 3\nepochs = 4\n", "line 3: duplicate key"),
    "duplicate table": (b"[seeds]\ncount = 3\n[seeds]\n", "line 3: duplicate key"),
    "unterminated": (b'title = "x\n', "line 1: "),
    "not UTF-8": (b'title = "x"\nquestion = "\xff"\n', "line 2: byte 0xff is not UTF-8"),
    "nested too deeply": (b"a = " + b"[" * 20_000, "nested too deeply"),
    "unknown table": (b"[basline]\nepochs = 3\n", "unknown key 'basline' (did you mean 'baseline'?)"),
    "unknown field": (b"[baseline]\nepoch = 3\n", "baseline: unknown key 'epoch' (did you mean 'epochs'?)"),
    "unknown field of an arm": (
        b'[[blocks]]\narms = { "SGD 1" = { optimiser = "sgd" } }\n',
        "blocks[0].arms.'SGD 1': unknown key 'optimiser' (did you mean 'optimizer'?)",
    ),
    "unknown profile": (b"[profiles.quik]\n", "profiles.quik: found 'quik', expected 'smoke', 'quick' or 'full' (did"),
    "unknown name": (b'[baseline]\noptimizer = "adm"\n', "baseline.optimizer: found 'adm', expected 'sgd', "),
    "true for a number": (b"[baseline]\nepochs = true\n", "baseline.epochs: found true, expected a whole number"),
    "text for a number": (b'[baseline]\nepochs = "3"\n', "baseline.epochs: found '3', expected a whole number"),
    "number for a text": (b"section = 4.2\n", "section: found 4.2, expected a text in quotes"),
    "number for a list": (b"[baseline]\nhidden = 64\n", "baseline.hidden: found 64, expected a list"),
    "number for a table": (b"baseline = 3\n", "baseline: found 3, expected a table"),
    "date": (b"[baseline]\nepochs = 2024-01-01\n", "baseline.epochs: found datetime.date(2024, 1, 1), expected"),
    "nan": (b"[baseline]\nlearning_rate = nan\n", "baseline.learning_rate: found nan, expected a finite number"),
    "inf": (b"[baseline]\nl2 = inf\n", "baseline.l2: found inf, expected a finite number"),
    "zero rate": (b"[baseline]\nlearning_rate = 0\n", "baseline.learning_rate: found 0, expected greater than 0"),
    "negative rate": (
        b"[tune]\nlearning_rate = [0.1, -0.1]\n",
        "tune.learning_rate[1]: found -0.1, expected greater than 0",
    ),
    "no tuning rates": (b"[tune]\nlearning_rate = []\n", "tune.learning_rate: found [], expected"),
    "nothing to tune": (
        b"[tune]\nseeds = 2\n",
        "tune: no field to tune, expected a list such as learning_rate = [0.01",
    ),
    "unknown field to tune": (b"[tune]\nlr = [0.1]\n", "tune: unknown key 'lr'"),
    "seed to tune": (b"[tune]\nseed = [1]\n", "tune: seed: the seeds of a study come from"),
    "no list to tune": (b"[tune]\nl2 = 0.1\n", "tune.l2: found 0.1, expected a list"),
    "wrong value to tune": (
        b"[tune]\nl2 = [0.0, -1.0]\n",
        "tune.l2[1]: found -1.0, expected greater than or equal to 0",
    ),
    "a value tuned twice": (b"[tune]\nl2 = [0.5, 1, 1.0]\n", "tune: l2: found 1.0 twice"),
    "a value tuned twice in a profile": (
        b"[tune]\nl2 = [0.5]\n[profiles.smoke]\ntune = { l2 = [1.0, 1.0] }\n",
        "profiles.smoke.tune: l2: found 1.0 twice",
    ),
    "tuned and varied": (
        b"[[blocks]]\ngrid = { l2 = [0.0, 1.0] }\n[tune]\nlearning_rate = [0.1]\nl2 = [0.0, 5.0]\n",
        "tune: l2 is what the arms vary (arm 'l2=0' sets it)",
    ),
    "a combination that is no trial": (
        b"[baseline]\ndrop_last = true\ntrain_size = 100\nbatch_size = 10\n[tune]\nbatch_size = [50, 200]\n",
        "tune: arm 'baseline': drop_last: train_size 100 is less than one batch of 200",
    ),
    "tuning away the validation images": (
        b"[tune]\nval_size = [1000, 0]\n",
        "tune: reads the validation images, but val_size is 0 (arm 'baseline')",
    ),
    "mean alone": (b"[baseline]\nmean = 0.5\n", "baseline: mean: given without std; expected both of them or neither"),
    "too large a grid": (
        b"[tune]\nl2 = [" + b",".join(b"%d" % n for n in range(1000)) + b"]\nseeds = 1000\nper_seed = true\n",
        "1 arms x 10,000,020 runs make 10,000,020 trials, at most 1,000,000 are allowed",
    ),
    "no seeds": (b"[seeds]\ncount = 0\n", "seeds.count: found 0, expected greater than or equal to 1"),
    "too many seeds": (b"[seeds]\ncount = 1001\n", "seeds.count: found 1001, expected less than or equal to 1000"),
    "empty grid": (b"[[blocks]]\ngrid = {}\n", "blocks[0]: grid: empty"),
    "empty list": (b"[[blocks]]\ngrid = { dropout = [] }\n", "blocks[0].grid.dropout: found [], expected"),
    "no arms": (b"[[blocks]]\narms = {}\n", "blocks[0].arms: found {}, expected at least one entry"),
    "mixed list": (
        b'[[blocks]]\ngrid = { dropout = [0.5, "x"] }\n',
        "blocks[0].grid.dropout[1]: found 'x', expected a number",
    ),
    "list in a list": (
        b"[[blocks]]\ngrid = { hidden = [[64], 64] }\n",
        "blocks[0].grid.hidden[1]: found 64, expected a list",
    ),
    "value for a list": (
        b"[[blocks]]\ngrid = { dropout = 0.5 }\n",
        "blocks[0].grid.dropout: found 0.5, expected a list",
    ),
    "two kinds": (
        b"[[blocks]]\ngrid = { dropout = [0.5] }\nzip = { dropout = [0.5] }\n",
        "blocks[0]: found grid and zip, expected one of arms, grid, zip, one_at_a_time, ablate in each block",
    ),
    "no kind": (b"[[blocks]]\n", "blocks[0]: found none, expected one of arms, grid, zip, one_at_a_time"),
    "unequal zip": (
        b"[[blocks]]\nzip = { dropout = [0.1, 0.2], l2 = [1.0] }\n",
        "blocks[0]: zip: lists of one length expected, but dropout has 2, l2 has 1",
    ),
    "value twice": (b"[[blocks]]\ngrid = { dropout = [0.5, 0.5] }\n", "blocks[0]: duplicated arm 'dropout=0.5'"),
    "arm twice": (PLAIN + b'[[blocks]]\narms = { "b" = {} }\n', "blocks[1]: duplicated arm 'b'"),
    "false baseline": (
        b'[[blocks]]\narms = { "baseline" = { l2 = 1.0 } }\n[[blocks]]\none_at_a_time = { dropout = [0.5] }\n',
        "arm 'baseline' differs from the baseline",
    ),
    "line break in a name": (
        b'[[blocks]]\narms = { "a\\nb" = {} }\n',
        "blocks[0].arms.'a\\nb': found 'a\\nb', expected one",
    ),
    "a number of 5000 digits": (b"[baseline]\nepochs = " + b"9" * 5000 + b"\n", "Exceeds the limit (4300 digits)"),
    "a name that means nothing": (
        b'[[blocks]]\narms = { "NA" = {} }\n',
        "blocks[0].arms.NA: found 'NA', which a reader",
    ),
    "tuning what it goes by": (
        b'[tune]\nloss = ["mse", "cross_entropy"]\n',
        "tune: loss cannot be tuned, for validation losses would not compare by it",
    ),
    "seed of an arm": (
        b"[[blocks]]\ngrid = { seed = [1, 2] }\n",
        "blocks[0].grid: seed: the seeds of a study come from",
    ),
    "seed of the baseline": (b"[baseline]\nseed = 3\n", "baseline: seed: the seeds of a study come from"),
    "too many trials": (
        b"[[blocks]]\ngrid = { l2 = [" + b"0.1," * 5000 + b"], dropout = [" + b"0.1," * 5000 + b"] }\n",
        "25,000,000 arms x 10 runs make 250,000,000 trials, at most 1,000,000 are allowed",
    ),
    "too many parameters": (
        b'[[blocks]]\narms = { "big" = { hidden = [100000, 100000] } }\n',
        "arm 'big': hidden: [100000, 100000] makes 10,079,600,010 parameters",
    ),
    "tuning without validation": (
        b"[baseline]\nval_size = 0\n[tune]\nlearning_rate = [0.1]\n",
        "tune: reads the validation images, but val_size is 0 (arm 'baseline')",
    ),
    "stopping without validation": (
        b"[baseline]\nval_size = 0\npatience = 3\n",
        "baseline: patience: early stopping reads the validation images",
    ),
    "claim on the test set": (
        b'[baseline]\nmonitor = "test"\n' + PLAIN + CLAIM,
        "claims: barred where the test set is monitored (arm 'a')",
    ),
    "no room for more seeds": (
        b"[seeds]\ncount = 10\nat_most = 5\n",
        "seeds: at_most: found 5, expected at least count, 10",
    ),
    "no room in a profile": (
        b"[seeds]\nat_most = 40\n[profiles.quick]\nseeds = { count = 50 }\n",
        "seeds: at_most: found 40, expected at least count, 50",
    ),
    "unknown kind": (b'kind = "trainin"\n', "kind: found 'trainin', expected 'training' or 'probe' (did you mean"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_study_file_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert len(str(caught.value).splitlines()) == 1


NOT_YET = {
    "[[published]]": "published",
}


@pytest.mark.parametrize("text", NOT_YET)
def test_a_key_that_nobody_reads_yet_is_refused_as_such(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: {NOT_YET[text]}: not yet: ")
    assert len(str(caught.value).splitlines()) == 1


def test_an_unknown_study_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"^unknown study 'optimiser' \(did you mean 'optimizer'\?\)$"):
        load_study("optimiser")
    with pytest.raises(InputError, match=r"^unknown study 'zzz'; known: .*optimizer.*, or the path of a .toml file$"):
        load_study("zzz")


@pytest.mark.parametrize(
    "name",
    [
        "../optimizer",
        "../x",
        "./optimizer",
        "/etc/passwd",
        "published/../optimizer",
        "..\\optimizer",
        "a/../../b.toml",
        "..",
        ".",
        "",
        " ",
        "optimizer\0",
        "optimizer.toml\0",
        "~/x.toml",
        "*",
        pytest.param("x" * 5000, id="long"),
    ],
)
def test_a_name_never_leads_out_of_the_shipped_studies(name):
    with pytest.raises(InputError) as caught:
        load_study(name)
    assert len(str(caught.value).splitlines()) == 1
    assert "study" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a b.toml", "Mine.toml", "ä.toml", "..toml", "a.b.toml", "-x.toml", "x" * 100 + ".toml"]
)
def test_a_file_name_that_cannot_name_a_results_folder_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(PLAIN)
    with pytest.raises(InputError, match="the file name names the results folder"):
        load_study(tmp_path / name)


@pytest.mark.parametrize("name", names.RESERVED)
def test_reserved_names_are_refused(tmp_path, name):
    (tmp_path / f"{name}.toml").write_bytes(PLAIN)
    with pytest.raises(InputError, match=f"the name '{name}' is reserved"):
        load_study(tmp_path / f"{name}.toml")


def test_a_folder_or_a_missing_file_is_no_study(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InputError, match="not a file"):
        load_study(tmp_path / "folder.toml")
    with pytest.raises(InputError, match="no such file"):
        load_study(tmp_path / "missing.toml")


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(InputError, match="2,000,000,000 bytes"):
        load_study(path)


def test_an_unknown_profile_is_refused_with_the_nearest():
    with pytest.raises(
        InputError, match=r"unknown profile 'quik' \(did you mean 'quick'\?\); known: smoke, quick, full"
    ):
        load_study("optimizer", "quik")


def test_what_the_arms_vary_cannot_be_set():
    with pytest.raises(
        InputError, match=r"^--set: optimizer is what the arms of optimizer.toml vary \(arm 'SGD' sets it\)$"
    ):
        load_study("optimizer", overrides=parse_set(["optimizer=sgd"]))


def test_bad_options_are_refused_by_their_name():
    with pytest.raises(InputError, match=r"^--set: seed: the seeds of a study come from"):
        load_study("optimizer", overrides={"seed": 3})
    with pytest.raises(InputError, match=r"^--seeds: count: found 0, expected"):
        load_study("optimizer", seeds=0)
    with pytest.raises(InputError, match=r"^--set: epochs: found 0, expected"):
        load_study("optimizer", overrides={"epochs": 0})


def test_setting_a_tuned_field_of_a_study_that_runs_no_arm_as_written_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[tune]\nl2 = [0.0, 5.0]\ndefault = false\n")
    with pytest.raises(InputError, match=r"^--set: l2 is what .*mine.toml tunes, and it runs no arm as written$"):
        load_study(path, "quick", {"l2": 1.0})
    load_study(path, "quick", {"epochs": 2})
    path.write_text("[tune]\nl2 = [0.0, 5.0]\n")
    assert load_study(path, "quick", {"l2": 1.0}).baseline.l2 == 1.0
