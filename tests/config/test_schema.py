import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from bot.config import parse_config, schema_json
from bot.config.config import Config
from bot.config.schema import ConfigFile, RuleSection
from bot.model import RunOptions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/configuration.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema_json()))


def table_rows():
    return {
        name: cells
        for name, *cells in re.findall(
            r"^\| `(\w+)` \| (.*?) \| (.*?) \| .* \|$", PAGE, re.MULTILINE
        )
    }


def test_the_schema_in_the_repository_is_the_one_that_is_printed():
    kept = (ROOT / "schema/nbci.schema.json").read_text()

    assert json.loads(kept) == json.loads(schema_json()), (
        "run: nbci schema > schema/nbci.schema.json"
    )


def test_the_schema_is_valid_by_its_own_dialect():
    schema = json.loads(schema_json())

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert schema["title"]


def test_every_key_is_described_with_an_example_that_is_valid():
    schema = json.loads(schema_json())
    sections = [schema, *schema["$defs"].values()]
    keys = {
        name: key
        for section in sections
        for name, key in section.get("properties", {}).items()
        if name not in ("defaults", "rules")
    }

    for name, key in keys.items():
        assert key["description"], name
        for example in key["examples"]:
            VALIDATOR.evolve(schema={**key, "$defs": schema["$defs"]}).validate(example)


def test_every_key_is_documented_and_no_other():
    keys = {*ConfigFile.model_fields, *RuleSection.model_fields}

    # The bot's settings, on the same page, are in capitals.
    assert {key for key in table_rows() if not key.isupper()} == keys


def test_the_documented_defaults_are_those_of_the_program():
    rows = table_rows()
    options = RunOptions()

    assert yaml.safe_load(rows["include"][1].strip("`")) == list(Config().include)
    assert rows["max_notebooks"][1] == f"`{Config().max_notebooks}`"
    assert rows["timeout_minutes"][1] == f"`{options.timeout / 60:g}`"
    assert rows["backend"][1] == f"`{options.backend}`"
    assert rows["allow_failure"][1] == f"`{str(options.allow_failure).lower()}`"
    assert options.cell_timeout is None
    assert options.memory_limit is None


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_of_the_page_are_valid_configurations(text):
    parse_config(text.encode())

    VALIDATOR.validate(yaml.safe_load(text) or {})


def test_the_page_has_examples_for_every_key():
    given = "\n".join(EXAMPLES)

    for key in {*ConfigFile.model_fields, *RuleSection.model_fields}:
        assert re.search(rf"\b{key}:", given), key


@pytest.mark.parametrize(
    "wrong",
    [
        {"excluded": []},
        {"defaults": {"timeout_minutes": True}},
        {"defaults": {"memory_limit": 4}},
        {"defaults": {"env": {"A": 1}}},
        {"rules": [{"timeout_minutes": 3}]},
        {"include": "*.ipynb"},
        {"defaults": {"matrix": {"x": []}}},
    ],
)
def test_editors_see_mistakes_too(wrong):
    assert not VALIDATOR.is_valid(wrong)
