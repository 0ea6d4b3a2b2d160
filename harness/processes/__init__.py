"""Fresh interpreters of this machine that run functions: for trials, for measurements, for figures.

`executor` starts and keeps them, `process_main` is the program of each, `calls` names the functions that they run.
"""
