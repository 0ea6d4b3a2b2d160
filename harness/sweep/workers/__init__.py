"""Where trials run.

`pool` is what the runner asks of workers; `local` has processes of this machine, `dask_cluster` those of a cluster.
`dispatch` hands trials to them and collects the answers; `call` is what a worker does with one trial, `warm_up` what
local ones do first, `environment` what each tells of itself.
"""
