"""`python -m gateway.cli`: how the supervisor starts the roles."""

import sys

from gateway.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
