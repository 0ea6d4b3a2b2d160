"""The cache of compiled kernels only saves time: broken or out of reach, it costs a recompile and nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from bound_by_file_modes import BOUND_BY_FILE_MODES

import kernels
from harness.spec import Trial
from harness.training import is_compiled

# One kernel, so that compiling it again is quick. Prints the result, what came from the cache and what was compiled.
CALL = """
import numpy as np
from kernels.numba_backend import sgd_step
parameters = np.ones(3)
sgd_step(parameters, np.full(3, 0.5), 0.1)
print(parameters.tolist(), sum(sgd_step.stats.cache_hits.values()), sum(sgd_step.stats.cache_misses.values()))
"""
RESULT = "[0.95, 0.95, 0.95]"
COMPILED, FROM_CACHE = f"{RESULT} 0 1", f"{RESULT} 1 0"


def call(cache: Path, folder: Path | None = None, before: Iterable[str] = ()) -> str:
    """Run the kernel in a process of its own; whatever it says on standard error is an error."""
    environment = os.environ | {"HARNESS_CACHE": str(cache)} | ({"PYTHONPATH": str(folder)} if folder else {})
    command = [*before, sys.executable, "-P", "-c", CALL]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("filled")
    assert call(cache) == COMPILED
    return cache


def test_a_second_process_finds_the_machine_code(filled):
    assert call(filled) == FROM_CACHE


def test_a_part_from_the_cache_is_linked_into_a_kernel_that_is_compiled_again(tmp_path):
    """A part has no machine code of its own: what the cache keeps of it is what callers link in."""
    told = "import numpy as np\nfrom kernels.numba_backend import residual_forward, affine\nz = np.ones((2, 2))\n"
    told += "residual_forward(z, z)\n"
    told += "print(z.tolist(), *(sum(k.stats.cache_hits.values()) for k in (residual_forward, affine._accumulate)))"
    command, environment = [sys.executable, "-P", "-c", told], os.environ | {"HARNESS_CACHE": str(tmp_path)}
    said = []
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
        said.append(done.stdout.strip())
        for path in tmp_path.rglob("*residual_forward*"):
            path.unlink()
    assert said == ["[[2.0, 2.0], [2.0, 2.0]] 0 0", "[[2.0, 2.0], [2.0, 2.0]] 0 1"]


DAMAGE = {
    "empty index": (".nbi", lambda path: path.write_bytes(b"")),
    "other bytes in the index": (".nbi", lambda path: path.write_bytes(os.urandom(path.stat().st_size))),
    "machine code cut off": (".nbc", lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])),
    "machine code missing": (".nbc", lambda path: path.unlink()),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_costs_one_recompile(filled, tmp_path, kind):
    cache, (suffix, damage) = shutil.copytree(filled, tmp_path / "cache"), DAMAGE[kind]
    damaged = [path for path in cache.rglob(f"*{suffix}") if path.is_file()]
    assert damaged
    for path in damaged:
        damage(path)
    assert call(cache) == COMPILED
    assert call(cache) == FROM_CACHE


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert call(tmp_path / "file") == COMPILED
    assert call(tmp_path / "file" / "below") == COMPILED


def test_a_read_only_folder_is_done_without(tmp_path):
    tmp_path.chmod(0o500)
    assert call(tmp_path, before=BOUND_BY_FILE_MODES) == COMPILED
    assert list(tmp_path.iterdir()) == []


def test_an_edited_callee_in_another_file_is_noticed(tmp_path):
    """Numba's own cache would look at the caller's file only."""
    copy = tmp_path / "copy" / "kernels"
    shutil.copytree(Path(kernels.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert call(tmp_path / "cache", copy.parent) == COMPILED
    with (copy / "numba_backend" / "machine" / "views.py").open("a") as source:
        source.write("\nEDITED = True\n")
    assert call(tmp_path / "cache", copy.parent) == COMPILED
    assert call(tmp_path / "cache", copy.parent) == FROM_CACHE


def test_a_training_compiles_each_kernel_for_one_set_of_types():
    """An array that is read-only in one place and not in another would double what a first run waits for."""
    told = "from harness import Trial, train\nfrom kernels.numba_backend import LEVEL_1, epoch\n"
    told += "train(Trial(train_size=2, val_size=1, epochs=1, batch_size=2, hidden=(1,), evaluate_train=True))\n"
    told += "made = [*LEVEL_1, epoch.train_epoch, epoch._batch_gradient, epoch.evaluate]\n"
    told += "print(*sorted({len(one.overloads) for one in made}), len(epoch.evaluate.overloads))"
    done = subprocess.run([sys.executable, "-P", "-c", told], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["0", "1", "1"]


def test_a_first_run_is_known_as_such(tmp_path, monkeypatch):
    monkeypatch.setattr("kernels.numba_backend.machine.compile.CACHE_DIR", tmp_path / "none")
    assert not is_compiled(Trial())
    assert is_compiled(Trial(backend="numpy"))
    monkeypatch.setattr("kernels.numba_backend.machine.compile.CACHE_DIR", tmp_path)
    assert is_compiled(Trial())


def test_data_and_machine_code_lie_in_the_one_folder_that_is_named(tmp_path):
    told = "from harness.cache import cache_root; from kernels.numba_backend.machine.compile import CACHE_DIR; "
    command = [sys.executable, "-P", "-c", told + "print(cache_root(), CACHE_DIR.parent)"]
    for chosen, folder in (("~/x", tmp_path / "x"), (str(tmp_path / "y"), tmp_path / "y")):
        environment = os.environ | {"HOME": str(tmp_path), "HARNESS_CACHE": chosen}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
        assert done.stdout.split() == [str(folder), str(folder / "numba")]
