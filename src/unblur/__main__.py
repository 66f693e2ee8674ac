"""`python -m unblur`: the same as the command `unblur`."""

import sys

from unblur.apps.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
