"""One file for each command: it takes the words apart, calls one function, prints."""
