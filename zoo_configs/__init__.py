"""Hyperparameters for rl-zoo3, one file for each algorithm."""
