"""The Action's way in.

Nothing is imported here before the process has begun anew without its secrets: it would be twice.
"""

from __future__ import annotations

import os
import sys

from action.secrets import taken_apart


def main() -> int:
    """Run the step and return its exit code."""
    secrets = taken_apart(os.environ)

    from action.step import run_step

    return run_step(secrets)


if __name__ == "__main__":
    sys.exit(main())
