"""Learning: options, schedules, steps and checkpoints of a training run."""
