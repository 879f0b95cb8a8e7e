"""Speed, measured: ratios in one run, never absolute times. ``python -m benchmarks --help``."""
