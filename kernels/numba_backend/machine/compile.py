"""How a kernel is compiled and where its machine code is kept.

Numba's own `cache=True` looks only at the file that a function stands in, so an edited callee elsewhere would go
unnoticed. Here the cache directory carries a digest of all kernel sources and of the versions of Numba, llvmlite and
NumPy. A damaged entry costs a recompile, an unwritable directory costs one in each process; neither is an error.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

import numba
from llvmlite.binding import Linkage, parse_assembly
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, UserProvidedCacheLocator
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

from kernels.cache import cache_root


def _digest() -> str:
    digest = hashlib.sha256()
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(f"{package} {version(package)}\n".encode())
    for source in sorted(Path(__file__).parents[2].rglob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


DIGEST = _digest()
CACHE_DIR = cache_root() / "numba" / DIGEST


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
    """A function that only compiled callers use, who link its code in: no machine code is made of it by itself.

    Numba takes the addresses of the function and its environment, so a module that runs nothing has these names.
    """

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


class _PartCompiler(_KernelCompiler):
    Library = _LinkedIn


def _compiler(compiler, *flags: str, **options: bool):
    """No `nnan` or `ninf` among the flags, ever: the training loop looks for NaN and infinity."""

    def decorate(function):
        # error_model="numpy": Python's check of every division for zero would keep loops scalar.
        # no_cfunc_wrapper: nobody passes kernels around as C functions.
        dispatcher = numba.njit(
            error_model="numpy", fastmath=set(flags), pipeline_class=compiler, no_cfunc_wrapper=True, **options
        )(function)
        dispatcher._cache = _DiskCache(function)
        return dispatcher

    return decorate


kernel = _compiler(_KernelCompiler, "contract")
# A kernel's own parts: without machine code and an entry from Python they compile in less than half the time.
part = _compiler(_PartCompiler, "contract", no_cpython_wrapper=True)
inlined = _compiler(_PartCompiler, "contract", no_cpython_wrapper=True, forceinline=True)
# Sums may be reordered, which vectorises them; not for code that relies on the order of roundings.
summing_part = _compiler(_PartCompiler, "contract", "reassoc", "nsz", no_cpython_wrapper=True)
