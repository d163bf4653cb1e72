"""Path patterns as git reads them in `.gitignore`, and which files can be notebooks at all."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

Matcher = Callable[[str], bool]

# What jupytext reads without a program of its own beside it (as .qmd would need quarto).
# fmt: off
TEXT_SUFFIXES = frozenset({
    ".py", ".R", ".r", ".jl", ".md", ".markdown", ".Rmd", ".myst", ".mystnb", ".mnb", ".coco",
    ".cpp", ".ss", ".clj", ".scm", ".sh", ".ps1", ".q", ".m", ".wolfram", ".pro", ".js", ".ts",
    ".scala", ".rs", ".robot", ".resource", ".cs", ".fsx", ".fs", ".sos", ".java", ".groovy",
    ".sage", ".ml", ".hs", ".tcl", ".mac", ".gp", ".do", ".sas", ".xsh", ".lgt", ".logtalk",
    ".lua", ".go",
})
# fmt: on
NOTEBOOK_SUFFIXES = TEXT_SUFFIXES | {".ipynb"}

# A regular expression takes time to the power of the wildcards when a path nearly matches.
MAX_STARS_IN_A_PART = 3
MAX_DOUBLE_STARS = 3
MAX_LENGTH = 500


def matcher(patterns: Sequence[str]) -> Matcher:
    """Return a function that says whether a path of the repository matches *patterns*.

    As in `.gitignore` the last pattern that matches decides, and one that begins with `!` takes
    paths out again. Compiled once, here.
    """
    if not patterns:
        return lambda path: False
    from pathspec import GitIgnoreSpec

    match_file = GitIgnoreSpec.from_lines(patterns).match_file
    # Before pathspec 1 a directory's pattern stops at a newline in the path. No pattern can
    # hold a control character, so another one in its place changes nothing else.
    return lambda path: match_file(path.replace("\n", "\0"))


def for_text_notebooks(patterns: Sequence[str]) -> list[str]:
    """Return those of *patterns* that can select a text notebook: they spell its ending out.

    So `examples/` means the .ipynb files in that folder and not each script beside them.

    >>> for_text_notebooks(["examples/", "guide/*.md", "!guide/index.md"])
    ['guide/*.md', '!guide/index.md']
    """
    return [
        pattern
        for pattern in patterns
        if pattern.startswith("!") or PurePosixPath(pattern).suffix in TEXT_SUFFIXES
    ]


def problem_of(pattern: str) -> str | None:
    """Return what is wrong with a pattern, to be read after it, or None.

    >>> problem_of("./examples/")
    "begins with './' and would match nothing; write '/examples/'"
    """
    if not pattern.strip() or pattern.startswith("#"):
        return "is empty or a comment to git and would match nothing"
    if not pattern.isprintable() or len(pattern) > MAX_LENGTH:
        return f"has control characters or is longer than {MAX_LENGTH} characters"
    if pattern.startswith(("./", "!./")):
        return f"begins with './' and would match nothing; write {pattern.replace('./', '/', 1)!r}"
    if ".." in pattern.split("/"):
        return "leaves the repository with '..' and would match nothing"
    return _too_many_wildcards(pattern) or _not_understood(pattern)


def _too_many_wildcards(pattern: str) -> str | None:
    parts = pattern.split("/")
    if parts.count("**") > MAX_DOUBLE_STARS:
        return f"has more than {MAX_DOUBLE_STARS} '**'; write several patterns"
    if any(part.count("*") > MAX_STARS_IN_A_PART for part in parts):
        return f"has more than {MAX_STARS_IN_A_PART} '*' between two '/'; write several patterns"
    return None


def _not_understood(pattern: str) -> str | None:
    from pathspec import GitIgnoreSpec

    complaint = "is not a pattern as .gitignore has them"
    try:
        with warnings.catch_warnings(action="error"):
            compiled = list(GitIgnoreSpec.from_lines([pattern]).patterns)
    except (ValueError, re.error, FutureWarning):
        return complaint
    understood = len(compiled) == 1 and compiled[0].include is not None
    return None if understood else complaint
