"""Terms that Isaac Lab has not: of commands, observations, rewards and events."""
