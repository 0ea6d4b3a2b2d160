"""Networks from scratch: kernels driven by an ablation and benchmark harness."""
