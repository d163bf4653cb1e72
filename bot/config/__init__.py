"""The configuration of a repository, `.github/nbci.yml`: reading it and asking it.

Importing this package is cheap; PyYAML and pydantic are imported when there is a file to read.
"""

from bot.config.config import DEFAULT_PATH, Config, NotebookSettings, Rule, Settings
from bot.config.file import (
    OTHER_PATH,
    check_config,
    config_from,
    load_config,
    parse_config,
    schema_json,
)
from bot.config.patterns import TEXT_SUFFIXES, Matcher, matcher

__all__ = [
    "DEFAULT_PATH",
    "OTHER_PATH",
    "TEXT_SUFFIXES",
    "Config",
    "Matcher",
    "NotebookSettings",
    "Rule",
    "Settings",
    "check_config",
    "config_from",
    "load_config",
    "matcher",
    "parse_config",
    "schema_json",
]
