"""The paper's experiments: policies × tasks × seeds, on one machine or on a cluster."""
