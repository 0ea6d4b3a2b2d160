"""The same trial_id means the same weights, whatever ran it: jobs, order, cluster, interruption, state of the caches.

Real trials, compiled and not, of a tiny dataset, by the real command; the first run compiles the epoch that the others
load.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bound_by_file_modes import BOUND_BY_FILE_MODES
from conftest import ended, wait_until

from harness.datasets.catalog import STEMS
from harness.datasets.idx import idx_header
from kernels.numba_backend.machine.compile import CACHE_DIR

HARNESS = str(Path(sys.executable).parent / "harness")

BASELINE = """
title = "Pace"
[baseline]
hidden = [8]
dropout = 0.2
epochs = 100
train_size = 40
val_size = 10
batch_size = 8
[seeds]
count = 3
"""
ARMS = (
    '"Compiled" = { normalization = "batch" }',
    '"Plain" = { backend = "numpy" }',
    '"Momentum" = { optimizer = "momentum" }',
)
TRIALS = 9


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a tiny dataset and two studies that differ in the order of their arms."""
    place = tmp_path_factory.mktemp("place")
    chance = np.random.default_rng(0)
    (place / "tiny").mkdir()
    for part, count in (("train", 60), ("test", 20)):
        labels = np.arange(count, dtype=np.uint8) % 3
        images = chance.integers(0, 256, (count, 4, 4), np.uint8) * (chance.random((count, 4, 4)) < 0.4).astype(
            np.uint8
        )
        for name, array in ((f"{part}_images", images), (f"{part}_labels", labels)):
            (place / "tiny" / STEMS[name]).write_bytes(idx_header(array.shape) + array.tobytes())
    for folder, arms in (("one", ARMS), ("other", ARMS[::-1])):
        (place / folder).mkdir()
        blocks = f"[[blocks]]\narms = {{ {', '.join(arms)} }}\n"
        (place / folder / "pace.toml").write_text(BASELINE + blocks)
    return place


def harness(place, *arguments, cache="cache", before=()):
    """Start the command in `place`."""
    return subprocess.Popen(
        [*before, HARNESS, *map(str, arguments)],
        cwd=place,
        env=os.environ | {"HARNESS_CACHE": str(place / cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(place, results, *options, study="one", **where):
    return harness(place, "run", f"{study}/pace.toml", "--dataset", "tiny", "--results", results, *options, **where)


def weights(results):
    lines = (results / "pace" / "journal.jsonl").read_text().splitlines()
    found = [(record["trial_id"], record["weights_sha256"]) for record in map(json.loads, lines)]
    assert len(found) == len(set(found)) == TRIALS
    return set(found)


@pytest.fixture(scope="module")
def expected(place):
    """The weights of a run in one process that compiles the epoch and the first layer; other kernels it may load."""
    if CACHE_DIR.is_dir():
        lacking = shutil.ignore_patterns("epoch.*", "blocks.*", "sparse.*", "inputs.*", "*.tmp.*")
        shutil.copytree(CACHE_DIR, place / "cache" / "numba" / CACHE_DIR.name, ignore=lacking)
    code, said = ended(run(place, "cold", "--jobs", 1, "--timeout", 10))
    assert code == 0, said
    found = weights(place / "cold")
    assert len({digest for _, digest in found}) == TRIALS
    return found


def torn(cache, name):
    """Cut a file of the kernel cache in two, and return it."""
    path = next((cache / "numba").rglob(name))
    os.truncate(path, path.stat().st_size // 2)
    return path


def test_two_workers_and_a_damaged_kernel_cache_do_not_matter(place, tmp_path, expected):
    cache = shutil.copytree(place / "cache", tmp_path / "cache")
    damaged = torn(cache, "*pack_rows*.nbc")
    size = damaged.stat().st_size
    code, said = ended(run(place, tmp_path / "results", "--jobs", 2, cache=cache))
    assert code == 0, said
    assert weights(tmp_path / "results") == expected
    assert damaged.stat().st_size > size, "it is replaced"


def test_four_workers_another_order_and_a_read_only_kernel_cache_do_not_matter(place, tmp_path, expected):
    cache = shutil.copytree(place / "cache", tmp_path / "cache")
    damaged = torn(cache, "*pack_rows*.nbi")
    size = damaged.stat().st_size
    for path in [cache, *cache.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    process = run(place, tmp_path / "results", "--jobs", 4, study="other", cache=cache, before=BOUND_BY_FILE_MODES)
    code, said = ended(process)
    assert code == 0, said
    assert weights(tmp_path / "results") == expected
    assert damaged.stat().st_size == size


def test_a_cluster_does_not_matter(place, tmp_path, expected, monkeypatch, request):
    monkeypatch.setenv("HARNESS_CACHE", str(place / "cache"))
    cluster = request.getfixturevalue("cluster")
    code, said = ended(run(place, tmp_path / "results", "--scheduler", cluster.address))
    assert code == 0, said
    assert weights(tmp_path / "results") == expected


def test_kill_and_ctrl_c_and_resume_by_the_printed_command_do_not_matter(place, tmp_path, expected):
    journal = tmp_path / "pace" / "journal.jsonl"

    def interrupted(number):
        process = run(place, tmp_path, "--jobs", 1)
        before = journal.stat().st_size if journal.exists() else 0
        wait_until(lambda: journal.exists() and journal.stat().st_size > before)
        process.send_signal(number)
        return ended(process)

    assert interrupted(signal.SIGKILL)[0] == -signal.SIGKILL
    code, said = interrupted(signal.SIGINT)
    assert code == 130
    command = said[-1].partition("this goes on where it stopped: ")[2]
    code, said = ended(harness(place, *shlex.split(command)[1:]))
    assert code == 0, said
    assert weights(tmp_path) == expected


def test_train_and_run_give_the_same_weights(place, expected):
    script = (
        "from harness import train\n"
        "from harness.spec.study import load_study\n"
        "study = load_study('one/pace.toml', dataset='tiny')\n"
        "for arm in study.arms:\n"
        "    print(train(arm.trial).record['weights_sha256'])\n"
    )
    environment = os.environ | {"HARNESS_CACHE": str(place / "cache")}
    done = subprocess.run([sys.executable, "-c", script], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= {digest for _, digest in expected}
    assert len(done.stdout.split()) == 3
