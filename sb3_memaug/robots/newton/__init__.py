"""The geometry of robots in Newton, and so in Isaac Lab."""
