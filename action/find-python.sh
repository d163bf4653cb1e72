#!/usr/bin/env bash
# Choose the Python that nbci's own environment is made with, and say where that environment goes.
# Outputs: python, environment, key (of the cache), present (already made by an earlier step).
set -euo pipefail

# The system's own first: it is the same whatever Python the job sets up for its notebooks.
candidates=(/usr/bin/python3 python3.13 python3.12 python3.11 python3 python)
shopt -s nullglob
candidates+=("${RUNNER_TOOL_CACHE:-/opt/hostedtoolcache}"/Python/3.1[123].*/*/bin/python)

problems=""
for candidate in "${candidates[@]}"; do
    command -v "$candidate" >/dev/null || continue
    # -I: neither PYTHONPATH nor the folder we are in can change what is asked here.
    found=$("$candidate" -I - "$GITHUB_ACTION_PATH/requirements/action.txt" 2>/dev/null <<'PYTHON'
import hashlib, os, sys, sysconfig

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    print("is Python %d.%d" % sys.version_info[:2])
    sys.exit()
try:
    import ensurepip, venv
except ImportError:
    print("cannot make virtual environments (Debian: apt-get install python3-venv)")
    sys.exit()

python = getattr(sys, "_base_executable", sys.executable)
temp = os.environ["RUNNER_TEMP"]
# An environment can neither be moved nor be used by another build of Python.
soabi = str(sysconfig.get_config_var("SOABI"))
made_of = [sys.version, python, temp, sysconfig.get_platform(), soabi]
digest = hashlib.sha256("\n".join(made_of).encode())
with open(sys.argv[1], "rb") as lock:
    digest.update(lock.read())
name = "nbci-" + digest.hexdigest()[:24]
environment = os.path.join(temp, name)
system = "-".join(os.environ.get(name, "any") for name in ("RUNNER_OS", "RUNNER_ARCH"))
print("python=" + python)
print("environment=" + environment)
print("key=%s-%s" % (name, system))
print("present=" + str(os.path.exists(os.path.join(environment, "bin", "python"))).lower())
PYTHON
    ) || found="does not run"
    case $found in
        python=*)
            printf '%s\n' "$found" >>"$GITHUB_OUTPUT"
            exit
            ;;
    esac
    problems="$problems%0A  $candidate $found"
done

echo "::error title=nbci found no Python for itself::nbci needs Python 3.11, 3.12 or 3.13\
 (notebooks may use any other).${problems:-%0A  No Python was found at all.}%0AAdd a step with\
 actions/setup-python and python-version: '3.12' before nbci."
exit 1
