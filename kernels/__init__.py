"""Forward and backward kernels of a fully connected network, in two backends.

`kernels.numpy_backend` is the reference: each function reads as its equation. `kernels.numba_backend` has the same
names, order and signatures, compiled. Arrays in, arrays out: no files, no printing, no clocks, no global state.

Convention: samples are rows. ``x (N, D)``, ``w (D, M)``, ``b (M,)``, ``z = x @ w + b (N, M)``, all C-contiguous, all
of one dtype (float32 or float64). The tutorial writes columns, ``z = W a + b`` with ``W (n_out, n_in)``: this is its
transpose, as NumPy, scikit-learn and JAX have it.

Arguments: outputs first, then inputs, then what the forward pass saved, then numbers.
"""
