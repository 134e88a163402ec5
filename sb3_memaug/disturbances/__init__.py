"""What may disturb a robot: drawn, decided by options of a reset, mirrored and named once, whatever simulates it."""
