"""Every forward kernel and every update once more, as the textbook writes it, by other means than `kernels`.

Each function has the name of its kernel, takes that kernel's inputs by name (float64) and returns its outputs by name;
``result`` is what a kernel returns. Backward kernels are absent: their truth is the derivative of the forward pass.
"""

import itertools
import math

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax


def affine_forward(x, w, b):
    return {"z": np.einsum("nd,dm->nm", x, w) + b}


def residual_forward(z, skip):
    return {"z": z + skip}


def pack_rows(pixels):
    starts, nonzeros = [0], []
    wide = math.ceil(pixels.shape[1] / math.ceil(pixels.shape[1] / 256))
    for row in pixels.tolist():
        for part in (row[left : left + wide] for left in range(0, len(row), wide)):
            nonzeros += [256 * place + value for place, value in enumerate(part) if value]
            starts.append(len(nonzeros))
    return {"starts": np.array(starts), "nonzeros": np.array(nonzeros, np.uint16)}


def gather_rows(pixels, rows, scale, shift):
    return {"x": np.take(pixels, rows, axis=0).astype(np.float64) * scale + shift}


def _unpacked(starts, nonzeros, d):
    parts = math.ceil(d / 256)
    dense = np.zeros(((len(starts) - 1) // parts, parts, 256))
    for place, (start, stop) in enumerate(itertools.pairwise(starts)):
        dense[place // parts, place % parts, nonzeros[start:stop] // 256] = nonzeros[start:stop] % 256
    used = np.arange(256) < math.ceil(d / parts)  # of each part; its last columns may lie beyond the last
    return dense[:, :, used].reshape(len(dense), -1)[:, :d]


def sparse_affine_forward(starts, nonzeros, rows, w, b, scale):
    return {"z": np.einsum("nd,dm->nm", _unpacked(starts, nonzeros, len(w))[rows] * scale, w) + b}


def sparse_affine_sgd_step(w, dz, starts, nonzeros, rows, scale, rate):
    x = _unpacked(starts, nonzeros, len(w))[rows] * scale
    return {"w": w - rate * np.einsum("nd,nm->dm", x, dz)}


def identity_forward(z):
    return {"a": z}


def sigmoid_forward(z):
    return {"a": expit(z)}


def tanh_forward(z):
    return {"a": np.expm1(2 * z) / (np.expm1(2 * z) + 2)}


def relu_forward(z):
    return {"a": (z + np.abs(z)) / 2}


def leaky_relu_forward(z, alpha):
    return {"a": np.maximum(alpha * z, z)}


def softmax_forward(z):
    return {"p": softmax(z, axis=1)}


def cross_entropy_forward(z, labels):
    losses = -np.take_along_axis(log_softmax(z, axis=1), labels[:, None].astype(np.int64), axis=1)
    return {"losses": losses[:, 0], "p": softmax(z, axis=1)}


def _one_hot(labels, outputs):
    return np.eye(outputs)[labels] if outputs > 1 else labels[:, None].astype(np.float64)


def binary_cross_entropy_forward(z, labels):
    y = _one_hot(labels, z.shape[1])
    return {"losses": -(y * log_expit(z) + (1 - y) * log_expit(-z)).sum(axis=1), "p": expit(z)}


def mse_forward(z, labels):
    return {"losses": ((expit(z) - _one_hot(labels, z.shape[1])) ** 2).sum(axis=1) / 2, "p": expit(z)}


def batch_norm_forward(running_mean, running_variance, x, gamma, beta, momentum, epsilon):
    xhat = (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + epsilon)
    unbiased = np.var(x, axis=0, ddof=1) if len(x) > 1 else np.var(x, axis=0)
    return {
        "out": gamma * xhat + beta,
        "xhat": xhat,
        "mean": np.mean(x, axis=0),
        "inverse_std": (np.var(x, axis=0) + epsilon) ** -0.5,
        "running_mean": momentum * running_mean + (1 - momentum) * np.mean(x, axis=0),
        "running_variance": momentum * running_variance + (1 - momentum) * unbiased,
    }


def batch_norm_inference(x, running_mean, running_variance, gamma, beta, epsilon):
    return {"out": gamma * (x - running_mean) / np.sqrt(running_variance + epsilon) + beta}


def layer_norm_forward(x, gamma, beta, epsilon):
    deviation = np.sqrt(np.var(x, axis=1) + epsilon)
    xhat = (x - np.mean(x, axis=1)[:, None]) / deviation[:, None]
    return {"out": gamma * xhat + beta, "xhat": xhat, "inverse_std": 1 / deviation}


def _philox(counter, key):
    """Philox4x32-10 of one block in Python's integers (Salmon et al. 2011, section 3.3)."""
    for _ in range(10):
        left, right = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            right >> 32 ^ counter[1] ^ key[0],
            right & 0xFFFFFFFF,
            left >> 32 ^ counter[3] ^ key[1],
            left & 0xFFFFFFFF,
        ]
        key = [key[0] + 0x9E3779B9 & 0xFFFFFFFF, key[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return counter


def _kept(shape, key, step, layer, rate):
    halves = [int(key) & 0xFFFFFFFF, int(key) >> 32]
    words = [
        _philox([unit // 4, row, int(layer), int(step)], halves)[unit % 4]
        for row in range(shape[0])
        for unit in range(shape[1])
    ]
    return (np.array(words) / 2**32 >= rate).reshape(shape)


def dropout_mask(shape, key, step, layer, rate):
    return {"mask": _kept(shape, key, step, layer, rate)}


def dropout_forward(x, key, step, layer, rate, scale):
    mask = _kept(x.shape, key, step, layer, rate)
    return {"out": x * mask * scale, "mask": mask}


def l2_forward(w, coefficient):
    return {"result": coefficient * math.fsum(float(v) ** 2 for v in w) / 2}


def global_norm(gradients):
    return {"result": math.hypot(*gradients)}


def clip_by_global_norm(gradients, max_norm):
    norm = math.hypot(*gradients)
    return {"result": norm, "gradients": gradients * min(1.0, max_norm / norm)}


def sgd_step(parameters, gradients, rate):
    return {"parameters": parameters - rate * gradients}


def ema_momentum_step(parameters, velocity, gradients, rate, momentum):
    new = momentum * velocity + (1 - momentum) * gradients
    return {"velocity": new, "parameters": parameters - rate * new}


def momentum_step(parameters, velocity, gradients, rate, momentum):
    new = momentum * velocity + gradients
    return {"velocity": new, "parameters": parameters - rate * new}


def nesterov_step(parameters, velocity, gradients, rate, momentum):
    """In the form of Bengio et al. 2013, equation 7: the step that looks ahead, about the point it looks at."""
    new = momentum * velocity + gradients
    return {"velocity": new, "parameters": parameters - rate * (momentum**2 * velocity + (1 + momentum) * gradients)}


def adagrad_step(parameters, squares, gradients, rate, epsilon):
    new = squares + gradients**2
    return {"squares": new, "parameters": parameters - rate / (new**0.5 + epsilon) * gradients}


def rmsprop_step(parameters, squares, gradients, rate, rho, epsilon):
    new = rho * squares + (1 - rho) * gradients**2
    return {"squares": new, "parameters": parameters - rate / (new + epsilon) ** 0.5 * gradients}


def rmsprop_eps_outside_step(parameters, squares, gradients, rate, rho, epsilon):
    new = rho * squares + (1 - rho) * gradients**2
    return {"squares": new, "parameters": parameters - rate / (new**0.5 + epsilon) * gradients}


def adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step):
    m = beta1 * first + (1 - beta1) * gradients
    v = beta2 * second + (1 - beta2) * gradients**2
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return {"first": m, "second": v, "parameters": parameters - rate * m_hat / (v_hat**0.5 + epsilon)}


def adamw_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step, decay, decayed):
    adam = adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step)
    shrunk = np.where(np.arange(len(parameters)) < decayed, rate * decay * parameters, 0)
    return adam | {"parameters": adam["parameters"] - shrunk}
