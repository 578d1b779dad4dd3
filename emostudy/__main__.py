"""`python -m emostudy`."""

import sys

from emostudy.cli import main

if __name__ == "__main__":
    sys.exit(main())
