"""What the documents say can be tried: links lead somewhere, examples work."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.cli.group import cli
from bot.config import parse_config

ROOT = Path(__file__).parents[2]
COMMANDS = cli.list_commands(click.Context(cli))
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(document):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_configuration_in_the_readme_is_valid():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (example,) = [block for block in blocks if "jobs:" not in block]

    assert len(parse_config(example.encode()).rules) == 2


def test_the_readme_uses_options_that_exist():
    readme = (ROOT / "README.md").read_text()
    options = {
        option
        for command in cli.commands.values()
        for parameter in command.params
        for option in parameter.opts
    }

    used = set(re.findall(r"(?<![\w-])--[a-z]+", "\n".join(re.findall(r"`(nbci [^`]*)`", readme))))

    assert used - options == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    result = CliRunner().invoke(cli, [name, "--help"])

    assert result.exit_code == 0
    assert "\\b" not in result.output
