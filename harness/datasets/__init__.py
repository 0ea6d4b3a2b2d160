"""Images and labels: IDX files in, read-only arrays out.

`catalog` finds the four files of a name or folder, `idx` reads and distrusts them, `store` keeps them decoded
and mapped, `dataset` puts them together, `splits` divides them, `service` lists, fetches and verifies.
"""

from harness.datasets.dataset import Dataset, dataset_digest, load_dataset
from harness.datasets.idx import read_idx
from harness.datasets.splits import split_indices

__all__ = ["Dataset", "dataset_digest", "load_dataset", "read_idx", "split_indices"]
