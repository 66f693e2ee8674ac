"""The command `unblur`: words in, words and exit codes out. Computes nothing itself."""
