#!/usr/bin/env bash
# Make sure that nbci's own environment is there, and lead it to this copy of nbci.
# Outputs: python (of that environment), installed (anew, so worth keeping).
set -euo pipefail

python="$NBCI_ENVIRONMENT/bin/python"

works() {
    # A few of the packages with compiled parts: they tell a damaged environment from a sound one.
    "$python" -I -c 'import github, nh3, pydantic, yaml, zmq' 2>/dev/null
}

install() {
    # Set for other environments, these would send packages elsewhere.
    unset PIP_CONSTRAINT PIP_NO_BINARY PIP_NO_DEPS PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_ROOT \
        PIP_TARGET PIP_USER
    "$NBCI_BASE_PYTHON" -I -m venv --clear "$NBCI_ENVIRONMENT" &&
        "$python" -I -m pip --disable-pip-version-check --no-input install --no-user \
            --progress-bar off --require-hashes --only-binary=:all: \
            -r "$GITHUB_ACTION_PATH/requirements/action.txt"
}

installed=false
if ! works; then
    echo "::group::Installing nbci's packages"
    if ! install; then
        echo "::endgroup::"
        echo "::error title=nbci could not be installed::The log above has pip's reason. nbci\
 needs a package index: PyPI, or another one named by PIP_INDEX_URL."
        exit 1
    fi
    echo "::endgroup::"
    installed=true
fi

# Each version of nbci lies elsewhere, while its packages often stay the same.
"$python" -I - <<'PYTHON'
import os
import sysconfig

path = os.path.join(sysconfig.get_path("purelib"), "nbci.pth")
with open(path, "wb") as file:
    file.write(os.fsencode(os.path.abspath(os.environ["GITHUB_ACTION_PATH"])) + b"\n")
PYTHON

{
    printf 'python=%s\n' "$python"
    printf 'installed=%s\n' "$installed"
} >>"$GITHUB_OUTPUT"
