"""What is said when the program is stopped; imports nothing, so that it can be said at once."""

INTERRUPTED = 130
"""The exit code after a signal to stop: Ctrl-C, SIGTERM, or SIGHUP of a closed terminal."""
STOPPED = "stopped"
GOES_ON = "; what is finished is kept, and the same command does the rest"
"""Is said too of a command that goes on where it was."""
