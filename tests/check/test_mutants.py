"""Kernels with one fault each: a check that concerns it must notice every single one.

A mutant is a copy of a backend with one passage of its source replaced. A mutated reference is checked without its
twin, by equations and measured slopes; a mutated compiled kernel against the reference; a mutated epoch as a backend of
its own, in networks and in whole trials.
"""

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

import kernels
from harness.check.distinct import distinct_checks
from harness.check.kernel_checks import kernel_checks
from harness.check.network_checks import network_checks
from harness.check.one_check import Check
from harness.check.trajectory_checks import few_images, trajectory_checks
from harness.training import setup
from kernels import numba_backend, numpy_backend


class Mutant(NamedTuple):
    fault: str
    file: str  # below kernels/
    old: str  # found once in the file
    new: str
    checks: tuple[str, ...]  # kernels, "network: …", "trial: …"


def _mutants(file: str, *faults: tuple[str, ...]) -> list[Mutant]:
    return [Mutant(fault, file, old, new, tuple(checks)) for fault, old, new, *checks in faults]


BATCH_NORM_STD = "inverse_std[...] = 1 / np.sqrt(variance + epsilon)\n    xhat[...] = centred * inverse_std\n"
MUTANTS = [
    *_mutants(
        "numpy_backend/affine.py",
        ("bias subtracted", "z += b", "z -= b", "affine_forward"),
        ("bias forgotten", "z += b", "z += 0 * b", "affine_forward"),
        (
            "weights reshaped, not transposed",
            "matmul(dz, w.T, out=dx)",
            "matmul(dz, w.reshape(w.T.shape), out=dx)",
            "affine_backward",
        ),
        ("gradient of weights reversed", "matmul(x.T, dz, out=dw)", "matmul(-x.T, dz, out=dw)", "affine_backward"),
        (
            "1/batch twice",
            "matmul(x.T, dz, out=dw)",
            "matmul(x.T / len(x), dz, out=dw)",
            "affine_backward_parameters",
        ),
        ("bias gradient dropped", "np.sum(dz, axis=0, out=db)", "db[...] = 0", "affine_backward"),
        ("bias gradient averaged", "np.sum(dz, axis=0, out=db)", "np.mean(dz, axis=0, out=db)", "affine_backward"),
        ("skip subtracted", "    z += skip", "    z -= skip", "residual_forward"),
        ("skip's gradient replaces the block's", "    dskip += dout", "    dskip[...] = dout", "residual_backward"),
    ),
    *_mutants(
        "numpy_backend/inputs.py",
        ("shift reversed", "x += shift", "x -= shift", "gather_rows"),
        ("row numbers ignored", "x[...] = pixels[rows]", "x[...] = pixels[: len(rows)]", "gather_rows"),
        ("parts not told apart", "rows * parts + columns // wide", "rows * parts", "pack_rows"),
    ),
    *_mutants(
        "numpy_backend/sparse.py",
        ("packed pixels not scaled", "z *= scale", "z *= 1", "sparse_affine_forward"),
        ("all parts read as the first", "np.arange(parts) * wide", "np.arange(parts) * 0", "sparse_affine_forward"),
        ("last row wins", "dw[columns] += np", "dw[columns] = np", "sparse_affine_backward"),
        ("packed gradient not scaled", "dw *= scale", "dw *= 1", "sparse_affine_backward"),
        ("step uphill", "w -= rate * dw", "w += rate * dw", "sparse_affine_sgd_step"),
    ),
    *_mutants(
        "numpy_backend/activations.py",
        ("sigmoid of -z", "np.where(positive, 1, e)", "np.where(positive, e, 1)", "sigmoid_forward"),
        ("sigmoid's slope a (1 + a)", "(a * (1 - a))", "(a * (1 + a))", "sigmoid_backward"),
        ("tanh's slope 1 - a", "(1 - a * a)", "(1 - a)", "tanh_backward"),
        ("relu's slope 1 at 0", "np.where(a > 0, da, 0)", "np.where(a >= 0, da, 0)", "relu_backward"),
        ("alpha fixed", "np.where(z > 0, z, alpha * z)", "np.where(z > 0, z, 0.01 * z)", "leaky_relu_forward"),
        (
            "leaky slope forgotten",
            "np.where(a > 0, da, alpha * da)",
            "np.where(a > 0, da, 0 * da)",
            "leaky_relu_backward",
        ),
        ("gelu's slope without the chain", "z * (1 - t**2) * slope", "z * (1 - t**2)", "gelu_backward"),
        ("softsign's slope not squared", "(1 - np.abs(a)) ** 2", "(1 - np.abs(a))", "softsign_backward"),
        ("softmax over samples", "e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)", "softmax_forward"),
        ("Jacobian's inner product", "(dp * p).sum(axis=1", "dp.sum(axis=1", "softmax_backward"),
    ),
    *_mutants(
        "numpy_backend/losses.py",
        ("always class 0", "shifted[np.arange(len(z)), labels]", "shifted[:, 0]", "cross_entropy_forward"),
        (
            "1/batch forgotten",
            'tutorial 2.3."""\n    dz[...] = (p - _targets(labels, p.shape[1])) / len(p)',
            'tutorial 2.3."""\n    dz[...] = p - _targets(labels, p.shape[1])',
            "cross_entropy_backward",
        ),
        ("sign of the target", "- z * y + np.log1p", "+ z * y + np.log1p", "binary_cross_entropy_forward"),
        (
            "mean over outputs",
            "np.sum(terms, axis=1, out=losses)",
            "np.mean(terms, axis=1, out=losses)",
            "binary_cross_entropy_forward",
        ),
        ("half forgotten", "(error * error).sum(axis=1) / 2", "(error * error).sum(axis=1)", "mse_forward"),
        ("sigmoid's slope forgotten", " * (p * (1 - p)) / len(p)", " / len(p)", "mse_backward"),
    ),
    *_mutants(
        "numpy_backend/normalization.py",
        ("running variance biased", "(variance * (n / (n - 1)))", "variance", "batch_norm_forward"),
        (
            "batch variance unbiased",
            "variance = (centred * centred).mean(axis=0)",
            "variance = (centred * centred).sum(axis=0) / max(n - 1, 1)",
            "batch_norm_forward",
        ),
        (
            "running momentum swapped",
            "running_mean[...] = momentum * running_mean + (1 - momentum) * mean",
            "running_mean[...] = (1 - momentum) * running_mean + momentum * mean",
            "batch_norm_forward",
        ),
        (
            "epsilon outside the root",
            BATCH_NORM_STD,
            BATCH_NORM_STD.replace("np.sqrt(variance + epsilon)", "(np.sqrt(variance) + epsilon)"),
            "batch_norm_forward",
        ),
        (
            "slope through the variance forgotten",
            "dbeta / n - xhat * (dgamma / n)",
            "dbeta / n",
            "batch_norm_backward",
        ),
        ("slope through the mean forgotten", "dout - dbeta / n", "dout", "batch_norm_backward"),
        ("running mean not taken off", "(x - running_mean) *", "x *", "batch_norm_inference"),
        ("layer norm over samples", "x.mean(axis=1, keepdims=True)", "x.mean(axis=0)", "layer_norm_forward"),
        ("gamma forgotten in the mean", "(g * xhat).mean(axis=1", "(dout * xhat).mean(axis=1", "layer_norm_backward"),
    ),
    *_mutants(
        "numpy_backend/dropout.py",
        ("kept and dropped swapped", ">= np.uint64(rate", "< np.uint64(rate", "dropout_mask"),
        (
            "one mask for all layers",
            "np.uint64(layer), np.uint64(step)",
            "np.uint64(0), np.uint64(step)",
            "dropout_mask",
        ),
        (
            "one mask for all steps",
            "np.uint64(layer), np.uint64(step)",
            "np.uint64(layer), np.uint64(0)",
            "dropout_mask",
        ),
        ("one mask for all samples", "(groups, rows, np", "(groups, 0 * rows, np", "dropout_mask"),
        ("high half of the key ignored", "key >> HIGH)", "np.uint64(0))", "dropout_mask"),
        ("a round too few", "ROUNDS = 10", "ROUNDS = 9", "dropout_mask"),
        ("masks of the first part for all", "mask[i, p * wide + (entries", "mask[i, (entries", "dropout_packed"),
        ("inverted dropout not scaled", "np.where(mask, x * scale, 0)", "np.where(mask, x, 0)", "dropout_forward"),
        (
            "gradient not scaled",
            "np.where(mask, dout * scale, 0)",
            "np.where(mask, dout, 0)",
            "dropout_backward",
        ),
        ("gradient not masked", "np.where(mask, dout * scale, 0)", "dout * scale", "dropout_backward"),
    ),
    *_mutants(
        "numpy_backend/regularization.py",
        ("half forgotten", "coefficient / 2 * float", "coefficient * float", "l2_forward"),
        ("twice the decay", "dw += coefficient * w", "dw += 2 * coefficient * w", "l2_backward"),
        ("growth, not decay", "dw += coefficient * w", "dw -= coefficient * w", "l2_backward"),
        ("root forgotten", "float(np.sqrt(total))", "float(total)", "global_norm"),
        ("clips what is short", "if norm > max_norm", "if norm < max_norm", "clip_by_global_norm"),
        ("clips everything", "if norm > max_norm", "if norm > 0", "clip_by_global_norm"),
        ("scaled by the limit alone", "factor = max_norm / norm", "factor = max_norm", "clip_by_global_norm"),
    ),
    *_mutants(
        "numpy_backend/optimizers.py",
        (
            "uphill",
            'tutorial 2.3, 4.2."""\n    parameters -= rate',
            'tutorial 2.3, 4.2."""\n    parameters += rate',
            "sgd_step",
        ),
        ("classical for tutorial's form", "(1 - momentum) * gradients", "gradients", "ema_momentum_step"),
        (
            "old velocity forgotten",
            "velocity *= momentum\n    velocity += gradients\n    parameters -= rate * velocity",
            "velocity[...] = gradients\n    parameters -= rate * velocity",
            "momentum_step",
        ),
        ("no look-ahead", "rate * (gradients + momentum * velocity)", "rate * velocity", "nesterov_step"),
        ("look-ahead too far", "(gradients + momentum * velocity)", "(gradients + velocity)", "nesterov_step"),
        (
            "squares not added up",
            "squares += gradients * gradients\n",
            "squares[...] = gradients * gradients\n",
            "adagrad_step",
        ),
        ("epsilon outside", "/ np.sqrt(squares + epsilon)", "/ (np.sqrt(squares) + epsilon)", "rmsprop_step"),
        ("first moment not corrected", "(rate / correction1) * first", "rate * first", "adam_step"),
        ("second moment not corrected", " / math.sqrt(correction2) + epsilon", " + epsilon", "adam_step"),
        (
            "epsilon inside",
            "np.sqrt(second) / math.sqrt(correction2) + epsilon",
            "np.sqrt(second / correction2 + epsilon)",
            "adam_step",
        ),
        ("betas swapped", "first *= beta1", "first *= beta2", "adam_step"),
        (
            "biases decay too",
            "parameters[:decayed] *= 1 - rate * decay\n    adam",
            "parameters[:] *= 1 - rate * decay\n    adam",
            "adamw_step",
        ),
        ("decay without the rate", "1 - rate * decay\n    adam", "1 - decay\n    adam", "adamw_step"),
        ("average before the sign", "beta1 * velocity + (1 - beta1)", "beta2 * velocity + (1 - beta2)", "lion_step"),
        ("no sign", "rate * np.sign(beta1", "rate * (beta1", "lion_step"),
    ),
    *_mutants(
        "numpy_backend/epoch.py",
        ("a row short", ": (i + 1) * batch_size]", ": (i + 1) * batch_size - 1]", "trial: defaults"),
        (
            "the first batch again and again",
            "order[i * batch_size : (i + 1) * batch_size]",
            "order[:batch_size]",
            "trial: defaults",
        ),
        ("steps counted from 2", "optimizer, step + 1, decay", "optimizer, step + 2, decay", "trial: defaults"),
        ("masks repeat each epoch", "step = first_step + i", "step = i", "trial: dropout, scaled form"),
        ("first rate for all", "float(rates[i])", "float(rates[0])", "trial: layer norm, rmsprop"),
        ("adamw decays twice", " and not optimizer.decoupled", "", "trial: residual, adamw"),
        ("not clipped", "if clip_norm > 0:", "if clip_norm < 0:", "trial: full batch, clipped"),
        ("biases decay too", "slice(0, network.weights)", "slice(0, None)", "network: sigmoid, mse"),
        (
            "skip forgotten on the way back",
            "affine.residual_backward(dx, rows_of(workspace.d_sum, n, x.shape[1]))",
            "pass",
            "network: residual",
        ),
        ("skip forgotten on the way forth", "affine.residual_forward(z, x)", "pass", "network: residual"),
        ("input's masks reused", "key, step, layer + 1, rate", "key, step, layer, rate", "network: dropout"),
        (
            "mask forgotten on the way back",
            "dropout.dropout_backward(kept, da, mask, _kept_scale(network, network.dropout))",
            "kept[...] = da",
            "network: dropout",
        ),
        ("scaled form not scaled", "a *= 1 - network.dropout", "a *= 1", "network: dropout, scaled form"),
        (
            "scaled inputs not scaled",
            "a *= 1 - network.input_dropout",
            "a *= 1",
            "network: dropout, scaled form",
        ),
        ("batch statistics at inference", "0, 0, training=False", "0, 0, training=True", "network: batch norm"),
        (
            "leaky alpha fixed",
            "da=da, a=a, z=z, alpha=network.alpha",
            "da=da, a=a, z=z, alpha=0.01",
            "network: leaky relu",
        ),
        (
            "every activation runs the first",
            "activate(network.activation, a=a",
            "activate(0, a=a",
            "choices: activation",
        ),
        ("every loss runs the last", "loss_backward(network.loss", "loss_backward(2", "choices: loss"),
        (
            "adamw runs adam",
            "        optimizer.rule,",
            "        7 if optimizer.rule == 8 else optimizer.rule,",
            "choices: optimizer",
        ),
        ("epsilon inside always", "        optimizer.rule,", "        min(optimizer.rule, 5),", "choices: eps_outside"),
    ),
    *_mutants(
        "numba_backend/activations.py",
        ("leaky slope forgotten", "else slope * grad[i]", "else zero", "leaky_relu_backward"),
        ("gelu's cube forgotten", "cube * x[i] * x[i] * x[i])", "0 * x[i])", "gelu_forward"),
        ("inner product forgotten", "(grad[k] - inner)", "grad[k]", "softmax_backward"),
    ),
    *_mutants(
        "numba_backend/losses.py",
        ("one class further", "1 if label == k else 0", "1 if label == k + 1 else 0", "cross_entropy_backward"),
    ),
    *_mutants(
        "numba_backend/dropout.py",
        ("remaining units share a word", "(8 * (unit % 4)) & ONE", "(0) & ONE", "dropout_mask"),
        ("pixels of a group share a word", "unit & THREE", "unit & ONE", "dropout_packed"),
    ),
    *_mutants(
        "numba_backend/regularization.py",
        ("clipped to norm 1", "factor = max_norm / norm", "factor = 1 / norm", "clip_by_global_norm"),
    ),
    *_mutants(
        "numba_backend/normalization.py",
        ("running variance biased", "number(n / max(n - 1, 1))", "number(1)", "batch_norm_forward"),
    ),
    *_mutants(
        "numba_backend/optimizers.py",
        ("look-ahead too far", "(gradients[i] + beta * velocity[i])", "(gradients[i] + velocity[i])", "nesterov_step"),
        ("bias step forgotten", "rate / (1 - beta1**step)", "rate / (1 - beta1)", "adam_step"),
    ),
    *_mutants(
        "numpy_backend/perceptron.py",
        ("fires on the line", "x @ w + b > 0", "x @ w + b >= 0", "perceptron_forward"),
        ("threshold not learned", "b += rate * error", "b += 0 * error", "perceptron_epoch"),
        ("learns from right answers too", "int(labels[i]) - int(y[0])", "2 * int(labels[i]) - 1", "perceptron_epoch"),
    ),
    *_mutants(
        "numba_backend/perceptron.py",
        ("learns backwards", "eta if wanted else -eta", "-eta if wanted else eta", "perceptron_epoch"),
    ),
    *_mutants(
        "numba_backend/sparse.py",
        (
            "overlapping vectors read too late",
            "y0, y1 = load(out, to), load(out, to + o1)\n                store(out, to, y0 + value * x0)",
            "y0 = load(out, to); store(out, to, y0 + value * x0); y1 = load(out, to + o1)",
            "sparse_affine_backward",
        ),
        ("later rows replace the first 256", "scale, add or top > 0)", "scale, add)", "sparse_affine_backward"),
        ("step replaces the weights", "-rate * scale, ADD)", "-rate * scale, REPLACE)", "sparse_affine_sgd_step"),
    ),
]


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function: file, old, new → the backend with that passage replaced, imported from a copy."""
    package = "mutated_kernels"

    def plant(file: str, old: str, new: str) -> ModuleType:
        folder, _, module = file.partition("/")
        copy = tmp_path / "copy" / package
        shutil.copytree(Path(kernels.__file__).parent / folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
        source = (copy / module).read_text()
        assert source.count(old) == 1, f"{file}: {source.count(old)} times {old!r}"
        (copy / module).write_text(source.replace(old, new))
        for path in copy.glob("*.py"):
            path.write_text(path.read_text().replace(f"kernels.{folder}", package))
        monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
        monkeypatch.syspath_prepend(copy.parent)
        return importlib.import_module(package)

    yield plant
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def images():
    return few_images()


def checked(mutant: ModuleType, name: str, compiled: bool, images, monkeypatch) -> Iterator[Check]:
    """Yield what `harness check` would find if the backend were the mutant."""
    kind, _, rest = name.partition(": ")
    if kind in ("trial", "choices"):
        backends = {"numpy": mutant, "numba": numba_backend}
        monkeypatch.setattr(setup, "backend", backends.__getitem__)
    if kind == "network":
        yield from network_checks(rest, mutant, numpy_backend, "mutant", reads_packed=compiled)
    elif kind == "trial":
        yield from trajectory_checks(rest, images)
    elif kind == "choices":
        yield from distinct_checks(rest, "numpy", images)
    else:
        yield from kernel_checks(name, mutant, numpy_backend if compiled else mutant, "mutant")


def ids(mutant: Mutant) -> str:
    return f"{mutant.file.removesuffix('.py')}: {mutant.fault}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=ids)
def test_mutant_is_killed(mutant, planted, images, monkeypatch):
    backend = planted(mutant.file, mutant.old, mutant.new)
    compiled = mutant.file.startswith("numba")
    with np.errstate(all="ignore"):
        found = (c for name in mutant.checks for c in checked(backend, name, compiled, images, monkeypatch))
        killed = any(not check.good for check in found)
    assert killed, f"{ids(mutant)} survives {', '.join(mutant.checks)}"


HEALTHY = (
    ("numpy_backend/affine.py", "affine_backward"),
    ("numpy_backend/epoch.py", "network: all together"),
    ("numpy_backend/epoch.py", "trial: defaults"),
    ("numba_backend/optimizers.py", "adam_step"),
)


@pytest.mark.parametrize(("file", "name"), HEALTHY)
def test_a_copy_without_a_fault_passes(file, name, planted, images, monkeypatch):
    first_line = (Path(kernels.__file__).parent / file).read_text().splitlines()[0]
    backend = planted(file, first_line, first_line)
    with np.errstate(all="ignore"):
        found = list(checked(backend, name, file.startswith("numba"), images, monkeypatch))
    assert found
    assert [str(check) for check in found if not check.good] == []


def test_at_least_thirty_mutants_are_planted():
    assert len(MUTANTS) == len({ids(mutant) for mutant in MUTANTS}) >= 30
