"""What simulations share with the benchmarks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for null_families
