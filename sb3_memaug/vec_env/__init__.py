"""Vectorized environments: on a device, normalized, and what stands between an environment and the algorithm."""
