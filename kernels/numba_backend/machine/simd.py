"""Vectors of one cache line (16 float32 or 8 float64) that live in registers: what plain loops do not give.

A loop over a small constant tile is unrolled before the compiler vectorises it, and a sum that stays in registers over
many rows is not found at all. Written with these vectors it is. LLVM maps a vector to the registers that the machine
has (one of AVX-512, two of AVX2, four of SSE or NEON). Arithmetic is element-wise, scalars are broadcast by `splat`,
and ``a + b * c`` contracts to one fused multiply-add where the machine has it.

All indices count elements of the flat array, whatever its shape, and are not checked.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

LINE = 64
"""Bytes in a vector: a cache line on all current machines."""


class Simd(types.Type):
    """The type of a vector of `dtype`."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.lanes = LINE * 8 // dtype.bitwidth
        super().__init__(name=f"Simd({dtype})")


@register_model(Simd)
class _SimdModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _vector_type(dmm.lookup(fe_type.dtype).get_value_type(), fe_type.lanes))


def _vector_type(element, lanes):
    return ir.VectorType(element, lanes)


def _llvm_name(simd):
    return f"v{simd.lanes}f{simd.dtype.bitwidth}"


def _address(context, builder, array_type, array, index, simd=None):
    """Pointer to element `index` of an array's data; to a vector there when `simd` is given."""
    data = context.make_array(array_type)(context, builder, array).data
    pointer = builder.gep(data, [index])
    if simd is None:
        return pointer
    return builder.bitcast(pointer, context.get_value_type(simd).as_pointer())


@intrinsic
def lanes(typingctx, array):  # noqa: ARG001
    """Number of elements of an array in a vector, known when compiled."""

    def codegen(context, builder, sig, args):  # noqa: ARG001
        return context.get_constant(types.intp, LINE * 8 // array.dtype.bitwidth)

    return types.intp(array), codegen


@intrinsic
def load(typingctx, array, index):  # noqa: ARG001
    """Return the vector that starts at flat element `index`."""
    simd = Simd(array.dtype)

    def codegen(context, builder, sig, args):
        pointer = _address(context, builder, sig.args[0], args[0], args[1], simd)
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return simd(array, types.intp), codegen


@intrinsic
def store(typingctx, array, index, vector):  # noqa: ARG001
    """Write a vector to the flat elements from `index` on."""
    simd = Simd(array.dtype)

    def codegen(context, builder, sig, args):
        pointer = _address(context, builder, sig.args[0], args[0], args[1], simd)
        builder.store(args[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, simd), codegen


def _first_lanes(builder, simd, count):
    """Mask (lanes × i1) of the lanes below `count`."""
    index = ir.IntType(32)
    numbers = ir.Constant(ir.VectorType(index, simd.lanes), list(range(simd.lanes)))
    limit = _splat(builder, builder.trunc(count, index), simd.lanes)
    return builder.icmp_signed("<", numbers, limit)


def _masked_load(context, builder, simd, pointer, mask):
    """The lanes of the mask; the others are zero, and not read."""
    vector, word = context.get_value_type(simd), ir.IntType(32)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(vector, [pointer.type, word, mask.type, vector]),
        f"llvm.masked.load.{_llvm_name(simd)}.p0",
    )
    align = ir.Constant(word, simd.dtype.bitwidth // 8)
    return builder.call(function, [pointer, align, mask, ir.Constant(vector, None)])


@intrinsic
def load_some(typingctx, array, index, count):  # noqa: ARG001
    """Return a vector whose first `count` lanes start at flat element `index`; the others are zero, and not read."""
    simd = Simd(array.dtype)

    def codegen(context, builder, sig, args):
        pointer = _address(context, builder, sig.args[0], args[0], args[1], simd)
        return _masked_load(context, builder, simd, pointer, _first_lanes(builder, simd, args[2]))

    return simd(array, types.intp, types.intp), codegen


@intrinsic
def store_some(typingctx, array, index, vector, count):  # noqa: ARG001
    """Write the first `count` lanes of a vector to the flat elements from `index` on."""
    simd = Simd(array.dtype)

    def codegen(context, builder, sig, args):
        pointer = _address(context, builder, sig.args[0], args[0], args[1], simd)
        mask = _first_lanes(builder, simd, args[3])
        masked = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [args[2].type, pointer.type, ir.IntType(32), mask.type]),
            f"llvm.masked.store.{_llvm_name(simd)}.p0",
        )
        builder.call(masked, [args[2], pointer, ir.Constant(ir.IntType(32), array.dtype.bitwidth // 8), mask])
        return context.get_dummy_value()

    return types.void(array, types.intp, simd, types.intp), codegen


def _splat(builder, scalar, lanes):
    vector = ir.VectorType(scalar.type, lanes)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


@intrinsic
def splat(typingctx, scalar):  # noqa: ARG001
    """Return a vector with the scalar in every lane."""
    simd = Simd(scalar)

    def codegen(context, builder, sig, args):  # noqa: ARG001
        return _splat(builder, args[0], simd.lanes)

    return simd(scalar), codegen


@intrinsic
def constant(typingctx, like, number):  # noqa: ARG001
    """Return a vector of the type of `like` with the number in every lane."""

    def codegen(context, builder, sig, args):
        scalar = context.cast(builder, args[1], sig.args[1], like.dtype)
        return _splat(builder, scalar, like.lanes)

    return like(like, number), codegen


@intrinsic
def broadcast(typingctx, array, index):  # noqa: ARG001
    """Return a vector with flat element `index` in every lane."""
    simd = Simd(array.dtype)

    def codegen(context, builder, sig, args):
        scalar = builder.load(_address(context, builder, sig.args[0], args[0], args[1]))
        return _splat(builder, scalar, simd.lanes)

    return simd(array, types.intp), codegen


@intrinsic
def transpose(typingctx, out, to, array, index, stride, rows, columns):  # noqa: ARG001
    """Write the transpose of a block of an array, of rows `stride` apart, from `to` on: `lanes` rows of as many lanes.

    What lies beyond the block's rows and columns, at most `lanes` of each, is not read; something is written for it.
    """
    simd = Simd(array.dtype)

    def codegen(context, builder, sig, args):
        target, to, source, index, stride, rows, columns = args
        mask, zero, read = _first_lanes(builder, simd, columns), ir.Constant(stride.type, 0), []
        for row in range(simd.lanes):
            pointer = _address(context, builder, sig.args[2], source, index, simd)
            read.append(_masked_load(context, builder, simd, pointer, mask))
            more = builder.icmp_signed("<", ir.Constant(rows.type, row + 1), rows)
            index = builder.add(index, builder.select(more, stride, zero))
        size = simd.lanes // 2
        while size:
            read = _swap_blocks(builder, read, size)
            size //= 2
        for i, column in enumerate(read):
            place = builder.add(to, ir.Constant(to.type, i * simd.lanes))
            pointer = _address(context, builder, sig.args[0], target, place, simd)
            builder.store(column, pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(out, types.intp, array, types.intp, types.intp, types.intp, types.intp), codegen


def _swap_blocks(builder, rows, size):
    """Swap the two blocks off the diagonal in each square of four blocks of this size."""
    lanes = len(rows)
    upper = [c if not c & size else lanes + c - size for c in range(lanes)]
    lower = [c + size if not c & size else lanes + c for c in range(lanes)]
    masks = [ir.Constant(ir.VectorType(ir.IntType(32), lanes), mask) for mask in (upper, lower)]
    swapped = list(rows)
    for i in range(lanes):
        if not i & size:
            for at, mask in zip((i, i + size), masks, strict=True):
                swapped[at] = builder.shuffle_vector(rows[i], rows[i + size], mask)
    return swapped


@intrinsic
def prefetch(typingctx, array, index):  # noqa: ARG001
    """Ask for the cache line of flat element `index`, which may lie outside the array."""

    def codegen(context, builder, sig, args):
        pointer = _address(context, builder, sig.args[0], args[0], args[1])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, word, word, word]), "llvm.prefetch.p0"
        )
        read, keep, data = (ir.Constant(word, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(pointer, byte), read, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


def _limit(name, predicate):
    """Return the intrinsic ``name(x, limit)``, which lets NaN through."""

    def typed(typingctx, x, limit):  # noqa: ARG001
        def codegen(context, builder, sig, args):  # noqa: ARG001
            return builder.select(builder.fcmp_ordered(predicate, *args), args[1], args[0])

        return x(x, x), codegen

    typed.__name__ = name
    return intrinsic(typed)


at_least = _limit("at_least", "<")
at_most = _limit("at_most", ">")


@intrinsic
def square_root(typingctx, x):  # noqa: ARG001
    """Return the square root of each lane."""

    def codegen(context, builder, sig, args):  # noqa: ARG001
        return _call(builder, f"llvm.sqrt.{_llvm_name(x)}", args[0].type, args)

    return x(x), codegen


def _estimates_roots(context, simd):
    return simd.dtype == types.float32 and "+avx512f" in context.codegen().magic_tuple()[2].split(",")


@intrinsic
def estimates_roots(typingctx, x):  # noqa: ARG001
    """Tell whether the machine has `reciprocal_root_estimate` for x; known when compiled."""

    def codegen(context, builder, sig, args):  # noqa: ARG001
        return context.get_constant(types.boolean, _estimates_roots(context, x))

    return types.boolean(x), codegen


@intrinsic
def reciprocal_root_estimate(typingctx, x):  # noqa: ARG001
    """Return ``1 / √x`` to 14 bits at the cost of a product; only where the machine `estimates_roots`."""

    def codegen(context, builder, sig, args):  # noqa: ARG001
        vector = args[0].type
        if not _estimates_roots(context, x):
            return ir.Constant(vector, ir.Undefined)
        everywhere = ir.Constant(ir.IntType(16), -1)
        return _call(builder, "llvm.x86.avx512.rsqrt14.ps.512", vector, [args[0], args[0], everywhere])

    return x(x), codegen


def _call(builder, name, result, args):
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def _arithmetic(python_operator, instruction):
    """Let an operator take two vectors of one type."""

    @infer_global(python_operator)
    class _Typed(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and not kws and args[0] == args[1] and isinstance(args[0], Simd):
                return signature(args[0], *args)
            return None

    @lower_builtin(python_operator, Simd, Simd)
    def _lowered(context, builder, sig, args):  # noqa: ARG001
        return getattr(builder, instruction)(*args, flags=("contract",))


for _operator, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _arithmetic(_operator, _instruction)
