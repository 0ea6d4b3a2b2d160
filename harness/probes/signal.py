"""How far signal and gradient keep their variance through a deep network at its first weights."""

import numpy as np

from harness.probes.measured import Measured
from harness.spec.probes import Signal
from harness.training.initializers import INITIALIZERS
from harness.training.streams import stream
from kernels.branches import ACTIVATE, ACTIVATE_BACKWARD, call_chosen
from kernels.choices import ACTIVATIONS
from kernels.numpy_backend import activations, affine

TINY = float(np.finfo(np.float64).tiny)
ALPHA = 0.01  # slope of leaky ReLU below zero, a trial's default

activate = call_chosen(ACTIVATE, activations)
activate_backward = call_chosen(ACTIVATE_BACKWARD, activations)


def signal(asked: Signal) -> Measured:
    """Send N(0, 1) inputs forward and an N(0, 1) gradient backward through `depth` layers of `units` units, no biases.

    Variances are over samples and units, about 0 for the gradient: that of the loss in a layer's pre-activations.
    Source: tutorial 4.1; Glorot and Bengio 2010; He et al. 2015.
    """
    code = ACTIVATIONS.index(asked.activation)
    shape = asked.samples, asked.units
    rng = stream(asked.seed, "weights")
    extra = {"std": asked.init_std} if asked.initializer == "normal" else {}
    weights = [INITIALIZERS[asked.initializer](rng, asked.units, asked.units, **extra) for _ in range(asked.depth)]
    a, bias = rng.normal(size=shape), np.zeros(asked.units)
    zs, outs = [], []
    for w in weights:
        z, out = np.empty(shape), np.empty(shape)
        affine.affine_forward(z, a, w, bias)
        activate(code, a=out, z=z, alpha=ALPHA)
        zs.append(z)
        outs.append(out)
        a = out
    gradients: list[float] = []
    da = rng.normal(size=shape)
    for z, out, w in zip(reversed(zs), reversed(outs), reversed(weights), strict=True):
        dz, dx = np.empty(shape), np.empty(shape)
        activate_backward(code, dz=dz, da=da, a=out, z=z, alpha=ALPHA)
        affine.affine_backward(dx, np.empty_like(w), np.empty_like(bias), dz, out, w)
        gradients.insert(0, float(np.mean(dz**2)))
        da = dx
    forward = [float(z.var()) for z in zs]
    ratios = _ratio(forward[-1], forward[0]), _ratio(gradients[0], gradients[-1])
    return Measured(
        {
            "forward_ratio": ratios[0],
            "backward_ratio": ratios[1],
            "forward_drift": abs(np.log10(ratios[0])),
            "backward_drift": abs(np.log10(ratios[1])),
        },
        {
            "layer": range(1, asked.depth + 1),
            "preactivation_variance": forward,
            "activation_variance": [float(out.var()) for out in outs],
            "gradient_variance": gradients,
        },
    )


def _ratio(last: float, first: float) -> float:
    """A ratio of variances; what has vanished below the smallest number counts as that number."""
    return max(last, TINY) / max(first, TINY)
