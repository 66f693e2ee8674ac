"""Measuring models: how much nearer to sharp, how fast, and whether they do harm."""
