"""The eight tasks as configurations in Isaac Lab's style."""
