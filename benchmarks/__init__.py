"""Measurements of the product beside yardsticks computed in the same run on the same data. See benchmarks/README.md."""
