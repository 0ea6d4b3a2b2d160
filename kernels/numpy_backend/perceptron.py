"""The perceptron: a unit with a threshold, and the rule by which it learns."""

import numpy as np


def perceptron_forward(y, x, w, b):
    """``yᵢ = 1 where xᵢ · w + b > 0, else 0``: on the line itself the unit does not fire.

    Out: y (N,). In: x (N, D), w (D,), b (1,). Source: tutorial 1.1; Rosenblatt 1958.
    """
    y[...] = x @ w + b > 0


def perceptron_epoch(w, b, x, labels, rate) -> int:
    """``w ← w + η (label - y) x, b ← b + η (label - y)``, sample by sample in their order; return the mistakes.

    Only a sample on which the unit is wrong changes it. Where a line separates the labels, one is found after finitely
    many passes; else the mistakes never end.
    In and out: w (D,), b (1,). In: x (N, D), labels (N,) of 0 and 1. Source: Rosenblatt 1958; Novikoff 1962.
    """
    mistakes, y = 0, np.empty(1, x.dtype)
    for i in range(len(x)):
        perceptron_forward(y, x[i : i + 1], w, b)
        error = int(labels[i]) - int(y[0])
        w += rate * error * x[i]
        b += rate * error
        mistakes += error != 0
    return mistakes
