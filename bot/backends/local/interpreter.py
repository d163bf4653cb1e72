"""Which Python runs the notebooks, and with which environment variables. Standard library only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from bot.errors import UsageError

_OURS = ("NBCI_", "INPUT_")
_TOKENS = {
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_RESULTS_URL",
}

_HARMLESS = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "CI"),
    *("LANG", "LANGUAGE", "TZ", "TERM"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PKG_CONFIG_PATH", "MANPATH", "INFOPATH"),
    *("VIRTUAL_ENV", "IPYTHONDIR", "MPLBACKEND", "MPLCONFIGDIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *(
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
    ),
}
# Languages and their packages, conda, graphics processors, numbers of threads.
_HARMLESS_PREFIXES = (
    *("LC_", "XDG_", "PYTHON", "Python", "pythonLocation", "JUPYTER_", "CONDA_", "MAMBA_"),
    *("R_", "JAVA_HOME", "JDK_", "JULIA_", "SPARK_", "HADOOP_"),
    *("CUDA_", "NVIDIA_", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_"),
)


def interpreters(chosen: str | None, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the Pythons to try, the best first: one that was *chosen* or activated is the only one.

    Then come `python` of the PATH and, for its kernel spec, the Python that nbci runs in. All paths
    are absolute. Raises UsageError when *chosen* is not there.
    """
    explicit = _explicit(chosen, environment)
    if explicit:
        yield str(Path(explicit).absolute())
        return
    found = shutil.which("python", path=environment.get("PATH")) or shutil.which(
        "python3", path=environment.get("PATH")
    )
    if found:
        yield str(Path(found).absolute())
    if not found or not same_file(found, sys.executable):
        yield sys.executable


def same_file(first: str, second: str) -> bool:
    """Whether two paths name the same interpreter; those of two virtual environments never do."""
    return os.path.abspath(first) == os.path.abspath(second)  # noqa: PTH100 - must not follow links


def _explicit(chosen: str | None, environment: Mapping[str, str]) -> str | None:
    if chosen:
        found = shutil.which(chosen, path=environment.get("PATH"))
        if found is None:
            raise UsageError(f"--python {chosen}: there is no such program")
        return found
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = environment.get(variable)
        if prefix and (Path(prefix) / "bin" / "python").exists():
            return str(Path(prefix) / "bin" / "python")
    return None


def kernel_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* as a notebook may see it: without nbci's settings and tokens."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_OURS) and name not in _TOKENS
    }


def allowed_environment(environment: Mapping[str, str], also: Collection[str]) -> dict[str, str]:
    """Return what of *environment* a notebook may see where the rest may be secret.

    That is what programs need to be found and to run, and the variables *also* names.
    """
    return {
        name: value
        for name, value in kernel_environment(environment).items()
        if name in also or name in _HARMLESS or name.startswith(_HARMLESS_PREFIXES)
    }


def with_python_first(environment: Mapping[str, str], python: str) -> dict[str, str]:
    """Return *environment* with the folder of *python* first on the PATH, for `!pip` and such."""
    folder = str(Path(python).parent)
    path = environment.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] == folder:
        return dict(environment)
    return {**environment, "PATH": folder + os.pathsep + path}


def with_kernels_beside(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* such that kernels installed in the environment of *python* are found."""
    kernels = Path(python).parents[1] / "share" / "jupyter"
    known = environment.get("JUPYTER_PATH")
    path = os.pathsep.join([str(kernels), known] if known else [str(kernels)])
    return {**with_python_first(environment, python), "JUPYTER_PATH": path}
