"""Kernels call each other through their addresses, which are asked for when a call first needs one.

So a kernel is compiled once, by itself, and only if something runs it; what calls it does not link its code in.
"""

import hashlib
import inspect
import sys

from numba.core import cgutils, types
from numba.core.registry import CPUDispatcher
from numba.core.typing import signature
from numba.core.typing.templates import make_concrete_template

RETURNED = {inspect.Signature.empty: types.none, float: types.float64, int: types.intp}
"""What a kernel returns, by its annotation: the caller does not look inside."""


class Kernel(CPUDispatcher):
    """A compiled function that other compiled functions call through its address."""

    def __init__(self, function, **options):
        super().__init__(function, **options)
        self.targetctx.insert_func_defn([(self._lower_call, self, (types.VarArg(types.Any),))])

    def __reduce__(self):
        """Pickled by name, as functions are: Numba's way would make one of other options than this, and fails."""
        return self.__qualname__

    def compile(self, sig):
        """As Numba does; of processes that want the same, one compiles."""
        with self._cache.alone(sig):
            return super().compile(sig)

    def get_call_template(self, args, kws):
        """Type a call without compiling the kernel."""
        pysig, args = self._compiler.fold_argument_types(args, kws)
        returned = RETURNED[inspect.signature(self.py_func).return_annotation]
        typed = signature(returned, *map(types.unliteral, args))
        return make_concrete_template(self.__name__, key=self.__name__, signatures=[typed]), pysig, args, {}

    def get_overload(self, sig):  # noqa: ARG002
        """Name what lowers a call, as Numba asks for it."""
        return self

    def _lower_call(self, context, builder, sig, args):
        pointer = context.call_conv.get_function_type(sig.return_type, sig.args).as_pointer()
        function = builder.bitcast(_address(context, builder, _Address(self, sig)), pointer)
        status, result = context.call_conv.call_function(builder, function, sig.return_type, sig.args, args)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return result


class _Address:
    """Where the machine code of a kernel starts: pickled as the call that finds it, it is unpickled as that number."""

    def __init__(self, kernel, sig):
        self.asked = kernel.__module__, kernel.__name__, sig.return_type, sig.args

    def __reduce__(self):
        return address, self.asked


def address(module, name, returned, arguments):
    """Return where the machine code of a kernel starts, as compiled for arguments of these types."""
    kernel = getattr(sys.modules[module], name)
    kernel.compile(arguments)
    made = kernel.overloads[arguments]
    if made.signature.return_type != returned:
        raise TypeError(f"{name} returns {made.signature.return_type}, but its signature says {returned}")
    return made.library.get_pointer_to_function(made.fndesc.llvm_func_name)


def _address(context, builder, wanted):
    """The address, from a cell of this module that the first call fills."""
    name = f"address.{hashlib.sha256(repr(wanted.asked).encode()).hexdigest()[:16]}"
    cell = builder.module.globals.get(name)
    if cell is None:
        cell = cgutils.add_global_variable(builder.module, cgutils.voidptr_t, name)
        cell.linkage, cell.initializer = "internal", cgutils.voidptr_t(None)
    with cgutils.if_unlikely(builder, cgutils.is_null(builder, builder.load(cell))):
        api = context.get_python_api(builder)
        number = api.unserialize(api.serialize_object(wanted))
        with cgutils.if_unlikely(builder, cgutils.is_null(builder, number)):
            context.call_conv.return_exc(builder)
        builder.store(api.long_as_voidptr(number), cell)
        api.decref(number)
    return builder.load(cell)
