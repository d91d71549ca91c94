"""``python -m nmclick``."""

import sys

from nmclick.cli import main

if __name__ == "__main__":
    sys.exit(main())
