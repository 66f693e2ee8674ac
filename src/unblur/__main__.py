"""`python -m unblur` and the command `unblur`: where the program starts."""

import sys

from unblur.apps.cli.stopping import INTERRUPTED, STOPPED


def start() -> int:
    """Load the command line and run it; gives the exit code that its `main` does.

    Loading takes some tenths of a second, in which Ctrl-C may come too.
    """
    try:
        from unblur.apps.cli.main import main

        return main()
    except KeyboardInterrupt:
        print(f"unblur: {STOPPED}", file=sys.stderr)  # noqa: T201 - what prints may not be loaded
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(start())
