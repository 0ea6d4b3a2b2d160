"""Bad input: exit code 2 and one line that says what was found and what is allowed."""

import pytest

from harness.cli.app import _exit_code

TRAIN = ("train", "--set")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sing",), ("sing",)),
        (("reprot",), ("reprot", "report")),
        (("data", "verfy"), ("verfy", "verify")),
        (("list", "optimizer"), ("optimizer",)),
        (("list", "--loud"), ("--loud",)),
        (("run", "width.toml", "--sett", "epochs=1"), ("--sett", "--set")),
        (("show", "optimiser"), ("optimiser", "optimizer")),
        (("run", "../optimizer"), ("../optimizer",)),
        (("run", "nowhere.toml"), ("nowhere.toml",)),
        (("run", "width.toml", "--profile", "quik"), ("quik", "quick")),
        (("reproduce", "--profile", "quik"), ("quik", "quick")),
        (("report", "--profile", "quik"), ("quik", "quick")),
        ((*TRAIN, "lerning_rate=0.1"), ("lerning_rate", "learning_rate")),
        ((*TRAIN, "optimizer=adamm"), ("adamm", "adam")),
        ((*TRAIN, "epochs=true"), ("epochs", "true")),
        ((*TRAIN, "epochs=1.5"), ("epochs", "1.5")),
        ((*TRAIN, "learning_rate=nan"), ("learning_rate", "nan")),
        ((*TRAIN, "learning_rate=inf"), ("learning_rate", "inf")),
        ((*TRAIN, "learning_rate=0"), ("learning_rate",)),
        ((*TRAIN, "learning_rate=-1"), ("learning_rate", "-1")),
        ((*TRAIN, "hidden=8,-8"), ("hidden",)),
        ((*TRAIN, "hidden"), ("hidden",)),
        ((*TRAIN, "hidden=1000000,1000000"), ("hidden",)),
        ((*TRAIN, "dataset=nowhere"), ("nowhere",)),
        ((*TRAIN, "train_size=60001"), ("60",)),
        ((*TRAIN, "dataset=tiny", "--dataset", "tiny"), ("dataset",)),
        (("run", "width.toml", "--jobs", "0"), ("--jobs", "0")),
        (("run", "width.toml", "--jobs", "abc"), ("--jobs", "abc")),
        (("run", "width.toml", "--jobs", "1.5"), ("--jobs", "1.5")),
        (("run", "width.toml", "--seeds", "0"), ("--seeds", "0", "1000")),
        (("run", "width.toml", "--seeds", "1001"), ("--seeds", "1001", "1000")),
        (("run", "width.toml", "--seeds", "abc"), ("--seeds", "abc", "whole number")),
        (("run", "width.toml", "--set", "seed=3"), ("seed", "--seeds")),
        (("run", "width.toml", "--set", "hidden=4"), ("hidden", "narrow")),
        (("run", "width.toml", "--set", "epochs=1", "--set", "epochs=2"), ("epochs", "twice")),
        (("run", "width.toml", "--timeout", "-1"), ("--timeout", "-1")),
        (("run", "width.toml", "--jobs", "1", "--scheduler", "tcp://localhost:1"), ("--jobs", "--scheduler")),
        (("run", "width.toml", "--scheduler", "here"), ("here", "tcp://")),
        (("run",), ("STUDY",)),
        (("run", "width.toml", "--results", "width.toml"), ("width.toml",)),
        (("plan", "width.toml", "--results", "width.toml"), ("width.toml",)),
        (("reproduce", "--profile", "smoke", "--reports", "width.toml"), ("--reports", "width.toml")),
        (("report", "--results", "width.toml"), ("width.toml",)),
        (("report", "--reports", "width.toml/below"), ("--reports", "width.toml/below")),
        (("report", "--results", "nowhere"), ("nowhere", "no study")),
        (("report", "--results", "nowhere", "--check"), ("nowhere", "no study")),
        (("compare", "nowhere", "tiny"), ("nowhere", "no study")),
        (("compare", "tiny"), ("'B'",)),
        (("verify", "nowhere"), ("nowhere", "no study")),
        (("verify", "nowhere", "--adopt"), ("nowhere", "no study")),
        (("verify", "tiny", "--sample", "0"), ("--sample", "0")),
        (("verify", "tiny", "--sample", "9", "--adopt"), ("--sample", "--adopt")),
        (("run", "width.toml", "--until", "decide"), ("--until", "decide", "decided")),
        (("run", "width.toml", "--until", "decided"), ("--until decided", "width", "claims nothing")),
        (("run", "claims.toml", "--until", "decided"), ("--until decided", "claims", "at_most = 12")),
        (("run", "width.toml", "--budget", "10"), ("--budget", "10", "10m")),
        (("run", "width"), ("'width'", "width.toml")),
        (("run", "width.toml", "--budget", "1h 30"), ("--budget", "1h 30", "1h30m")),
        (("run", "width.toml", "--budget", "0s"), ("--budget", "0s")),
        (("data", "fetch", "mnits"), ("mnits", "mnist")),
        (("data", "verify", "nowhere"), ("nowhere",)),
        (("bench", "everything"), ("everything",)),
    ],
    ids=" ".join,
)
def test_is_refused_in_one_line(place, arguments, words, monkeypatch, capfd):
    monkeypatch.chdir(place)
    claim = 'id = "wide"\ntext = "Wide wins"\nmetric = "test_error"\nbetter = "wide"\nthan = "narrow"\n'
    (place / "claims.toml").write_text(f"{(place / 'width.toml').read_text()}\n[[claims]]\n{claim}")
    before = sorted(place.rglob("*"))
    code = _exit_code(list(arguments))
    told = capfd.readouterr().err
    assert code == 2
    assert len(told.splitlines()) == 1, told
    assert all(word in told for word in words), told
    assert sorted(place.rglob("*")) == before  # nothing half-written


def test_an_unreachable_scheduler_is_named_soon_and_no_study_touched(place, monkeypatch, capfd):
    monkeypatch.chdir(place)
    monkeypatch.setattr("harness.sweep.workers.dask_cluster.CONNECT_LIMIT", 1.0)
    code = _exit_code(["run", "width.toml", "--scheduler", "tcp://127.0.0.1:9", "--results", "out"])
    told = capfd.readouterr().err
    assert code == 2
    assert len(told.splitlines()) == 1, told
    assert "--scheduler tcp://127.0.0.1:9: no scheduler answers there" in told
    assert not (place / "out" / "width").exists()


def test_more_images_than_there_are_are_refused_before_anything_is_recorded(harness, place):
    done = harness("run", "width.toml", "--set", "train_size=61", "--results", "out")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "study 'width': arm 'wide': train_size 61 + val_size 20: the dataset has 80 training images" in done.stderr
    done = harness("run", "width.toml", "--set", "val_size=5000", "--results", "out")
    assert "arm 'wide': tiny has 80 training images, val_size 5000 leaves none of them" in done.stderr
    assert not (place / "out").exists()


@pytest.mark.parametrize("command", ["run", "plan", "train"])
def test_a_share_of_pixels_that_is_none_is_refused_before_anything_is_recorded(harness, place, monkeypatch, command):
    monkeypatch.setenv("HARNESS_SPARSE_BELOW", "2")
    (place / "width.toml").write_text((place / "width.toml").read_text().replace("numpy", "numba"))
    done = harness(
        *{"train": ["train", "--dataset", "tiny", "--set", "val_size=20"]}.get(command, [command, "width.toml"])
    )
    assert done.returncode == 2
    told = [line for line in done.stderr.splitlines() if "pilot" not in line and "timing" not in line]
    assert told == ["error: HARNESS_SPARSE_BELOW=2: expected a share of nonzero pixels between 0 and 1"]
    assert not list(place.rglob("journal.jsonl"))


def test_a_truncated_file_is_named(harness, place):
    images = next((place / "tiny").glob("train-images*"))
    images.write_bytes(images.read_bytes()[:-3])
    done = harness("run", "width.toml", "--results", "out")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert images.name in done.stderr


def test_two_studies_of_one_name_are_refused(harness, place):
    (place / "more").mkdir()
    (place / "more" / "width.toml").write_text((place / "width.toml").read_text())
    done = harness("run", "width.toml", "more/width.toml")
    assert done.returncode == 2
    assert "two studies are called 'width'" in done.stderr
