"""Views into flat buffers without Numba's usual price: no negative indices, no reference counting, no checks.

A view borrows: it is valid while the array it was taken from is, which the callers' arguments guarantee.
"""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kernels.layout import CACHE_LINE


def _borrowed(context, builder, source_type, source, start, shape, view_type):
    """An array struct over another's memory, starting at flat element `start`."""
    original = context.make_array(source_type)(context, builder, source)
    view = context.make_array(view_type)(context, builder)
    item = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(source_type.dtype)))
    strides, step = [], item
    for extent in reversed(shape):
        strides.insert(0, step)
        step = builder.mul(step, extent)
    context.populate_array(
        view,
        data=builder.gep(original.data, [start]),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=item,
        meminfo=None,
    )
    return view._getvalue()


def _contiguous(source, ndim):
    return types.Array(source.dtype, ndim, "C", readonly=not source.mutable)


@intrinsic
def vector(typingctx, buffer, start, size):  # noqa: ARG001
    """View (size,) from flat element `start` of a contiguous array."""
    view = _contiguous(buffer, 1)

    def codegen(context, builder, sig, args):
        return _borrowed(context, builder, sig.args[0], args[0], args[1], [args[2]], view)

    return view(buffer, types.intp, types.intp), codegen


@intrinsic
def matrix(typingctx, buffer, start, rows, columns):  # noqa: ARG001
    """View (rows, columns) from flat element `start` of a contiguous array."""
    view = _contiguous(buffer, 2)

    def codegen(context, builder, sig, args):
        return _borrowed(context, builder, sig.args[0], args[0], args[1], [args[2], args[3]], view)

    return view(buffer, types.intp, types.intp, types.intp), codegen


@intrinsic
def row(typingctx, array, index):  # noqa: ARG001
    """View (M,) of row `index` of a contiguous (N, M) array."""
    view = _contiguous(array, 1)

    def codegen(context, builder, sig, args):
        source = context.make_array(sig.args[0])(context, builder, args[0])
        width = cgutils.unpack_tuple(builder, source.shape, 2)[1]
        start = builder.mul(args[1], width)
        return _borrowed(context, builder, sig.args[0], args[0], start, [width], view)

    return view(array, types.intp), codegen


@intrinsic
def flat(typingctx, array):  # noqa: ARG001
    """View of all elements of a contiguous array as (size,)."""
    view = _contiguous(array, 1)

    def codegen(context, builder, sig, args):
        source = context.make_array(sig.args[0])(context, builder, args[0])
        zero = context.get_constant(types.intp, 0)
        return _borrowed(context, builder, sig.args[0], args[0], zero, [source.nitems], view)

    return view(array), codegen


@intrinsic
def words(typingctx, buffer):  # noqa: ARG001
    """View of bytes (size,) as uint32 (size // 4,), wherever they lie."""
    view = types.Array(types.uint32, 1, "C", aligned=False)

    def codegen(context, builder, sig, args):
        source = context.make_array(sig.args[0])(context, builder, args[0])
        made = context.make_array(view)(context, builder)
        item = context.get_constant(types.intp, 4)
        context.populate_array(
            made,
            data=builder.bitcast(source.data, context.get_data_type(types.uint32).as_pointer()),
            shape=cgutils.pack_array(builder, [builder.udiv(source.nitems, item)]),
            strides=cgutils.pack_array(builder, [item]),
            itemsize=item,
            meminfo=None,
        )
        return made._getvalue()

    return view(buffer), codegen


@intrinsic(prefer_literal=True)
def on_stack(typingctx, array, lines):  # noqa: ARG001
    """Return memory of so many cache lines, a constant, as an array of another's type; gone when the caller returns.

    The caller is not inlined: its own caller would keep the memory, and in each place where it is called.
    """
    found, item = types.Array(array.dtype, 1, "C"), array.dtype.bitwidth // 8
    size = lines.literal_value * CACHE_LINE // item

    def codegen(context, builder, sig, args):  # noqa: ARG001
        builder.function.attributes.add("noinline")
        memory = cgutils.alloca_once(builder, context.get_value_type(array.dtype), size=size)
        memory.align = CACHE_LINE
        fresh = context.make_array(found)(context, builder)
        context.populate_array(
            fresh,
            data=memory,
            shape=cgutils.pack_array(builder, [context.get_constant(types.intp, size)]),
            strides=cgutils.pack_array(builder, [context.get_constant(types.intp, item)]),
            itemsize=context.get_constant(types.intp, item),
            meminfo=None,
        )
        return fresh._getvalue()

    return found(array, lines), codegen
