"""How a kernel is compiled and where its machine code is kept.

Numba's own `cache=True` looks only at the file that a function stands in, so an edited callee elsewhere would go
unnoticed. Here the cache directory carries a digest of all kernel sources and of the versions of Numba, llvmlite and
NumPy. A damaged entry costs a recompile, an unwritable directory costs one in each process; neither is an error.
"""

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock
from llvmlite.binding import Linkage, parse_assembly
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, UserProvidedCacheLocator
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NopythonTypeInference

from kernels.cache import cache_root
from kernels.numba_backend.machine.binding import Kernel


def _digest() -> str:
    digest = hashlib.sha256()
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(f"{package} {version(package)}\n".encode())
    for source in sorted(Path(__file__).parents[2].rglob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


DIGEST = _digest()
CACHE_DIR = cache_root() / "numba" / DIGEST
LONGEST = 60.0
"""Seconds after which a process that is to compile a kernel has died or is stopped."""


class _Locator(UserProvidedCacheLocator):
    """One folder for all kernels, as fresh as its name says."""

    def __init__(self, py_func, py_file):
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno
        self._cache_path = str(CACHE_DIR)

    def get_source_stamp(self):
        return DIGEST

    @classmethod
    def from_function(cls, py_func, py_file):
        return cls(py_func, py_file)


class _Impl(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 (Numba's own interface)


class _DiskCache(FunctionCache):
    """Numba's cache, with every failure of the disk turned into a recompile."""

    _impl_class = _Impl

    def load_overload(self, sig, target_context):
        self._choose_file(sig, target_context.codegen())
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a torn pickle may raise anything
            self._forget()
            return None

    def save_overload(self, sig, data):
        self._choose_file(sig, data.codegen)
        try:
            self._impl.locator.ensure_cache_path()
            super().save_overload(sig, data)
        except OSError:
            return

    @contextmanager
    def alone(self, sig: object) -> Iterator[None]:
        """Let one process at a time compile a signature, so that the others find its work.

        Nobody waits where the folder cannot be written, nor for ever.
        """
        name = f"{self._impl.filename_base}.{hashlib.sha256(str(sig).encode()).hexdigest()[:16]}.lock"
        lock = FileLock(Path(self._cache_path, name), timeout=LONGEST)
        with suppress(OSError):  # a timeout is one
            self._impl.locator.ensure_cache_path()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _choose_file(self, sig, codegen):
        """Take a file for each signature and CPU; in Numba's one for all, processes that compile at once would
        overwrite each other's entries, or take one for the other."""
        key = hashlib.sha256(repr(self._index_key(sig, codegen)).encode()).hexdigest()[:16]
        self._cache_file = IndexDataCacheFile(self._cache_path, f"{self._impl.filename_base}.{key}", DIGEST)

    def _forget(self):
        try:
            self.flush()
        except OSError:
            return


class _SelfContained(JITCodeLibrary):
    """The machine code of a function, which calls its own copies of the functions linked into it.

    Numba exports these copies as weak symbols, and a process takes the first of a name that it meets. As each was
    optimized where it stands, the last bits of a result would depend on what was compiled or loaded before.
    """

    def _finalize_final_module(self):
        self._shared_module = self._final_module.clone()  # what others link in: there, copies may still be merged
        _relink(self._shared_module, Linkage.external, Linkage.linkonce_odr)
        _relink(self._final_module, Linkage.linkonce_odr, Linkage.internal)
        super()._finalize_final_module()


class _LinkedIn(JITCodeLibrary):
    """A function that only compiled callers use, who link its code in, optimize it there and make machine code of it.

    Numba takes the addresses of the function and its environment, so a module that runs nothing has these names.
    """

    def _optimize_final_module(self):
        """Left to the callers."""

    def _finalize_final_module(self):
        self._shared_module, self._final_module = self._final_module, self._names_alone()
        _relink(self._shared_module, Linkage.external, Linkage.linkonce_odr)
        super()._finalize_final_module()

    def _names_alone(self):
        module = self._final_module
        functions = [one for one in module.functions if one.linkage == Linkage.external and not one.is_declaration]
        environments = [one for one in module.global_variables if one.linkage == Linkage.common]
        lines = [f'define void @"{function.name}"() {{ unreachable }}' for function in functions]
        lines += [f'@"{pointer.name}" = common global i64 0' for pointer in environments]
        return parse_assembly("\n".join([str(self._codegen._create_empty_module(self.name)), *lines]))


def _relink(module, old, new):
    for function in module.functions:
        if function.linkage == old and not function.is_declaration:
            function.linkage = new


class _KernelCompiler(Compiler):
    Library = _SelfContained

    def __init__(self, typingctx, targetctx, library, *arguments):
        library = self.Library(targetctx.codegen(), "kernel")
        library.enable_object_caching()
        super().__init__(typingctx, targetctx, library, *arguments)

    def compile_extra(self, func):
        with _no_collection():
            return super().compile_extra(func)

    def define_pipelines(self):
        (pipeline,) = super().define_pipelines()
        pipeline.add_pass_after(_Borrow, NopythonTypeInference)
        pipeline.finalize()
        return [pipeline]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Compiling makes objects by the million, which the collector would go through again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@register_pass(mutates_CFG=False, analysis_only=False)
class _Borrow(FunctionPass):
    """From here on arrays have no reference counts: kernels allocate nothing, and their callers hold what they use."""

    _name = "kernels_borrow"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        state.targetctx = state.targetctx.subtarget(enable_nrt=False)
        return True


class _PartCompiler(_KernelCompiler):
    Library = _LinkedIn


def _compiler(dispatcher, compiler, *flags: str, **options: bool):
    """No `nnan` or `ninf` among the flags, ever: the training loop looks for NaN and infinity."""

    def decorate(function):
        # error_model="numpy": Python's check of every division for zero would keep loops scalar.
        # no_cfunc_wrapper: nobody passes kernels around as C functions.
        always = {"nopython": True, "boundscheck": None, "error_model": "numpy", "no_cfunc_wrapper": True}
        made = dispatcher(function, targetoptions=always | {"fastmath": set(flags)} | options, pipeline_class=compiler)
        made._cache = _DiskCache(function)
        return made

    return decorate


kernel = _compiler(Kernel, _KernelCompiler, "contract")
# A kernel's own parts, linked into it, without machine code and an entry from Python of their own.
part = _compiler(CPUDispatcher, _PartCompiler, "contract", no_cpython_wrapper=True)
inlined = _compiler(CPUDispatcher, _PartCompiler, "contract", no_cpython_wrapper=True, forceinline=True)
# Sums may be reordered, which vectorises them; not for code that relies on the order of roundings.
summing_part = _compiler(CPUDispatcher, _PartCompiler, "contract", "reassoc", "nsz", no_cpython_wrapper=True)
