"""What befalls a robot: drawn, mirrored and named once, whatever simulates it."""
