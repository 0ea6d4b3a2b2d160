"""exp and tanh that the compiler can vectorise: straight-line polynomials in float32, the C library in float64.

`math.exp` is a call, and a call in a loop keeps it scalar. Error in float32: at most 2 units in the last place
(a test measures it). NaN and infinities pass through.
"""

import math

import numpy as np
from llvmlite import ir
from numba import float32, int32, types
from numba.extending import intrinsic, overload

from kernels.numba_backend.machine.compile import part


@intrinsic
def _bits_to_float(typingctx, bits):  # noqa: ARG001
    """Reinterpret an int32 as a float32."""

    def codegen(context, builder, signature, args):  # noqa: ARG001
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), codegen


LOG2_E = float32(1.44269504)
LN2_HIGH = float32(0.693359375)  # few bits, so that n · LN2_HIGH is exact
LN2_LOW = float32(-2.12194440e-4)
EXP_MAX = float32(88.72283)  # exp overflows above
EXP_MIN = float32(-87.33654)  # exp is subnormal below: returned as 0


@part
def _exp32(x):
    """``exp x = 2ⁿ exp r`` with ``|r| ≤ ln 2 / 2``; minimax polynomial of Cephes' expf (Moshier)."""
    clamped = EXP_MAX if x > EXP_MAX else (EXP_MIN if x < EXP_MIN else x)
    n = np.floor(clamped * LOG2_E + float32(0.5))
    r = (clamped - n * LN2_HIGH) - n * LN2_LOW
    p = float32(1.9875691500e-4)
    p = p * r + float32(1.3981999507e-3)
    p = p * r + float32(8.3334519073e-3)
    p = p * r + float32(4.1665795894e-2)
    p = p * r + float32(1.6666665459e-1)
    p = p * r + float32(5.0000001201e-1)
    p = p * (r * r) + r + float32(1)
    # 2ⁿ in two factors: n = 128 has no float32 of its own
    half = int32(n) >> int32(1)
    first = _bits_to_float((half + int32(127)) << int32(23))
    second = _bits_to_float((int32(n) - half + int32(127)) << int32(23))
    y = p * first * second
    return float32(math.inf) if x > EXP_MAX else (float32(0) if x < EXP_MIN else y)


@part
def _tanh32(x):
    """A polynomial near zero, ``1 - 2 / (exp 2|x| + 1)`` elsewhere; Cephes' tanhf (Moshier)."""
    magnitude = abs(x)
    square = x * x
    p = float32(-5.70498872745e-3)
    p = p * square + float32(2.06390887954e-2)
    p = p * square + float32(-5.37397155531e-2)
    p = p * square + float32(1.33314422036e-1)
    p = p * square + float32(-3.33332819422e-1)
    near = p * square * x + x
    tail = float32(1) - float32(2) / (_exp32(magnitude + magnitude) + float32(1))
    far = -tail if x < float32(0) else tail
    return near if magnitude < float32(0.625) else far


def exp(x):
    """Return eˣ in the type of x."""
    return math.exp(x)


def tanh(x):
    """Return the hyperbolic tangent of x in the type of x."""
    return math.tanh(x)


@overload(exp)
def _exp(x):
    if x == types.float32:
        return lambda x: _exp32(x)
    return lambda x: math.exp(x)


@overload(tanh)
def _tanh(x):
    if x == types.float32:
        return lambda x: _tanh32(x)
    return lambda x: math.tanh(x)
