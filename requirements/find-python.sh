#!/bin/sh
# Print the Python that .venv is to be made with: the one given as $1, or the first that fits.
set -eu

problems=""
for candidate in ${1:-python3 python3.13 python3.12 python3.11 python}; do
    # Beside the version: a .venv that is active now must not be the base of its own successor.
    if found=$("$candidate" - 2>/dev/null <<'PYTHON'
import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    print("is Python %d.%d" % sys.version_info[:2])
else:
    try:
        import ensurepip, venv
    except ImportError:
        print("cannot make virtual environments (Debian: apt-get install python3-venv)")
    else:
        print(sys._base_executable)
PYTHON
    ); then
        case $found in
            /*) echo "$found"; exit ;;
            *) problems="$problems
  $candidate $found" ;;
        esac
    fi
done

echo "nbci needs Python 3.11, 3.12 or 3.13.${problems:-
  ${1:-python3} does not run}
Name another one with: make PYTHON=/path/to/python" >&2
exit 1
