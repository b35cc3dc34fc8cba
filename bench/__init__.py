"""Benchmarks: how long Dunwell takes, beside its peers."""
