"""What is language rather than kernel: what Numba lacks, and what a loop needs before it says a formula.

compile     how a function becomes machine code, and where that is kept
chain       a choice among kernels as branches of compiled code
simd        vectors that live in registers
views       parts of flat arrays without their usual price
buffers     the parts that `kernels.layout` lays out: a layer's weights, its units' rows, …
elementary  exp and tanh that vectorise
"""
