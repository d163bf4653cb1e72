"""`nbci check-config`: say whether the configuration is right."""

from __future__ import annotations

from pathlib import Path

import click

from bot.config import DEFAULT_PATH, check_config, load_config
from bot.errors import UsageError
from bot.forges.opening import open_checkout


def check(path: Path | None) -> None:
    """Print one line if the configuration is right; raises ConfigError with what is wrong."""
    if path is not None:
        if not path.is_file():
            raise UsageError(f"{path}: there is no such file")
        check_config(path)
        click.echo(f"{path} is valid")
        return
    root = open_checkout(Path.cwd()).root
    load_config(root)
    exists = (root / DEFAULT_PATH).exists() or (root / DEFAULT_PATH).with_suffix(".yaml").exists()
    click.echo(
        f"{DEFAULT_PATH} is valid" if exists else f"there is no {DEFAULT_PATH}; defaults are used"
    )
