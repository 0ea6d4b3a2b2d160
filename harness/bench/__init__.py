"""Benchmarks: each kernel against the machine's limits, whole trainings against bare BLAS and against peers.

    kernel_times     cases × limits ──▶ kernels.csv, limits.csv
    training_rows    recipes × contenders, in alternating rounds ──▶ training.csv, ratios.csv
    sweep_rows       arms × seeds, evaluations included, ours and in other libraries ──▶ sweep.csv
    recipe_times     seconds to 98 % test accuracy, seed by seed ──▶ recipe.csv
    growth           width, depth, batch ──▶ growth.csv
    system           start, compile time, workers, memory ──▶ system.csv

`benchmarks` runs them and writes the tables into `<results>/bench/` (`bench_folder`); `summary` makes the text that the
command prints. Arguments, sizes and costs of kernels come from `harness.check.facts`. Whatever is timed runs in a
process of its own (`process`) with one thread on one core.
"""
