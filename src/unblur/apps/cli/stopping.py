"""What is said when the program is stopped; imports nothing, so that it can be said at once."""

INTERRUPTED = 130
"""The exit code after Ctrl-C or SIGTERM."""
STOPPED = "stopped"
GOES_ON = "; what is finished is kept, and the same command does the rest"
"""Is said too of a command that goes on where it was."""
