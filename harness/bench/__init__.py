"""Benchmarks: each kernel against the machine's limits, whole trainings against bare BLAS and against peers.

    kernels   cases + costs + limits + timing ──▶ kernels.csv, limits.csv
    training  networks × contenders, in alternating rounds ──▶ training.csv, ratios.csv
    growth    width, depth, batch ──▶ growth.csv
    system    start, compile time, workers, memory ──▶ system.csv

`run` puts them together and writes the tables into `<results>/bench/`; `summary` is what the command prints. All that
is timed runs in processes of its own (`process`): one thread, one core, the same for all.
"""
