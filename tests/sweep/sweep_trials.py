"""Work for the workers of these tests: a quick, exact 'training', and the ways in which one goes wrong.

A trial's fields say what happens: it takes `min_delta` seconds, and `l2 = 13` marks the bad one.
"""

import base64
import hashlib
import json
import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path


def steady(fields):
    time.sleep(fields["min_delta"])
    text = json.dumps({name: value for name, value in sorted(fields.items()) if name != "dataset"})
    digest = hashlib.sha256(text.encode()).hexdigest()
    loss = int(digest[:6], 16) / 16**6
    point = {"epoch": 1, "samples": 100, "steps": 10, "seconds": 0.1, "learning_rate": fields["learning_rate"]}
    return {
        "status": "done",
        "reason": None,
        "diverged_epoch": None,
        "parameters": 7850,
        "epochs_run": 1,
        "best_epoch": None,
        "train_loss": loss,
        "val_loss": loss,
        "val_accuracy": 1 - loss,
        "test_loss": loss,
        "test_accuracy": 1 - loss / 2,
        "seconds": 0.1,
        "weights_sha256": digest,
        "curve": [point | {"train_loss": loss, "val_loss": loss, "gradient_norm": float("nan")}],
        "layers": [{"epoch": 1, "layer": "0", "metric": "dead", "value": loss}],
    }


def predicting(fields):
    """Says 1 of an image whose number the seed divides, else 0; 200 images."""
    classes = bytes(number % (fields["seed"] + 2) == 0 for number in range(200))
    return steady(fields) | {"predictions": base64.b64encode(classes).decode()}


def bad(fields):
    return fields["l2"] == 13


def raising(fields):
    if bad(fields):
        raise ArithmeticError("the bad\ntrial | was met")
    return steady(fields)


def exiting(fields):
    if bad(fields):
        sys.exit("out of here")
    return steady(fields)


def poison(fields):
    if bad(fields):
        os.kill(os.getpid(), signal.SIGKILL)
    return steady(fields)


class Lethal:
    """Kills whoever sends it away."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)


def late_poison(fields):
    """Kills the first worker when its answer is fetched, and those after it at once."""
    if bad(fields) and claimed("answered"):
        return {"answer": Lethal()}
    return poison(fields)


def hanging(fields):
    if bad(fields):
        time.sleep(1000)
    return steady(fields)


def frozen(fields):
    if bad(fields):
        os.kill(os.getpid(), signal.SIGSTOP)
    return steady(fields)


def dying_once(fields):
    """The first worker to come here dies, as by the hand of an out-of-memory killer."""
    if claimed("died"):
        os.kill(os.getpid(), signal.SIGKILL)
    return steady(fields)


def noted(fields):
    """Leaves a line for each call, in a file for each process."""
    with open(Path(os.environ["SWEEP_NOTES"]) / str(os.getpid()), "a") as calls:
        calls.write(f"{fields['learning_rate']} {fields['seed']}\n")
    return steady(fields)


def mended(fields):
    """Fails until somebody mends it."""
    if bad(fields) and not (Path(os.environ["SWEEP_NOTES"]) / "mended").exists():
        raise ArithmeticError("broken")
    return steady(fields)


def large(fields):
    """A record of some 20 kB."""
    record = steady(fields)
    return record | {"curve": record["curve"] * 100}


def printing(fields):
    print("a trial that talks")
    return steady(fields)


def threads(fields):
    """Records how many threads a worker's libraries would use, as its parameters."""
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info

    return steady(fields) | {"parameters": max(pool["num_threads"] for pool in threadpool_info())}


def claimed(name):
    try:
        os.close(os.open(Path(os.environ["SWEEP_NOTES"]) / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def telling(_):
    """Leaves its process id, and stays."""
    (Path(os.environ["SWEEP_NOTES"]) / str(os.getpid())).touch()
    time.sleep(1000)


def meddling(fields):
    """Edits a kernel while the run goes on."""
    with (Path(find_spec("kernels").origin).parent / "numba_backend" / "losses.py").open("a") as source:
        source.write("\nMEDDLED = True\n")
    return steady(fields)


def graded(fields):
    """A rate of 0.1 is right for 10 % more of the images than any other; the rest is chance, within a point."""
    record = steady(fields)
    return record | {"test_accuracy": 0.8 + 0.1 * (fields["learning_rate"] == 0.1) + 0.01 * record["test_loss"]}
