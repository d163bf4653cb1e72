"""The source of the cell that sets a notebook's parameters, in the notebook's language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bot.model import JsonValue


class Untranslatable(Exception):
    """The parameters cannot be written in the notebook's language; says what would help."""


def parameters_source(
    metadata: Mapping[str, Any], kernel: str | None, parameters: Mapping[str, JsonValue]
) -> str | None:
    """Return the source that assigns *parameters*, None when there are none.

    *metadata* is the notebook's, *kernel* a kernel named in its place. Other languages than Python
    are translated by papermill, where it is installed; raises Untranslatable otherwise.
    """
    if not parameters:
        return None
    spec = metadata.get("kernelspec")
    spec = spec if isinstance(spec, dict) else {}
    info = metadata.get("language_info")
    info = info if isinstance(info, dict) else {}
    name = kernel or str(spec.get("name") or "python3")
    language = "" if kernel else str(spec.get("language") or info.get("name") or "")
    if language.lower() == "python" or (not language and name in ("python", "python3")):
        return _python_source(parameters)
    return _papermill_source(name, language, parameters)


def _python_source(parameters: Mapping[str, JsonValue]) -> str:
    lines = [f"{name} = {_python_literal(value)}" for name, value in parameters.items()]
    return "\n".join(["# Parameters", *lines])


def _python_literal(value: JsonValue) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list):
        return "[" + ", ".join(map(_python_literal, value)) + "]"
    if isinstance(value, dict):
        items = (f"{key!r}: {_python_literal(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    return repr(value)


def _papermill_source(kernel: str, language: str, parameters: Mapping[str, JsonValue]) -> str:
    try:
        from papermill.exceptions import PapermillException
        from papermill.translators import translate_parameters
    except ImportError:
        raise Untranslatable(
            f"parameters for a notebook in {language or kernel} need papermill:"
            " pip install 'nbci[translators]'"
        ) from None
    try:
        return str(translate_parameters(kernel, language, dict(parameters), "Parameters"))
    except PapermillException:
        raise Untranslatable(
            f"papermill cannot write parameters for kernel {kernel} in {language or 'its language'}"
        ) from None
