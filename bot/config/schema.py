"""The keys of `.github/nbci.yml`, and the JSON Schema made of them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bot.config.config import MAX_PARAMETER_SETS, Config, Rule, Settings
from bot.config.scalars import (
    BackendName,
    Env,
    EnvironmentFile,
    Flag,
    IncludePatterns,
    KernelName,
    Matrix,
    MemoryLimit,
    Minutes,
    ModuleNames,
    NotebookCount,
    Parameters,
    Patterns,
    bytes_of,
)

MAX_RULES = 200


class Section(BaseModel):
    """A mapping of the file; a key with nothing after it is as good as absent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class SettingsSection(Section):
    """How notebooks are run, unless a rule says otherwise."""

    backend: BackendName | None = Field(
        default=None,
        description="Where the notebooks run: `local` (this machine) or `azureml`. Default: local.",
        examples=["azureml"],
    )
    environment: EnvironmentFile | None = Field(
        default=None,
        description="Requirements file (.txt) or conda file (.yml) of the repository whose packages"
        " the kernel gets. Default: the environment that is already there.",
        examples=["requirements.txt", "envs/gpu.yml"],
    )
    kernel: KernelName | None = Field(
        default=None,
        description="Kernel spec to use instead of the one the notebook names.",
        examples=["python3", "ir"],
    )
    timeout_minutes: Minutes | None = Field(
        default=None,
        description="Minutes a notebook may take, fractions allowed. Default: 30.",
        examples=[90],
    )
    cell_timeout_minutes: Minutes | None = Field(
        default=None,
        description="Minutes one cell may take, fractions allowed. Default: no limit of its own.",
        examples=[2.5],
    )
    memory_limit: MemoryLimit | None = Field(
        default=None,
        description="Memory the kernel and its children may use together, in MB, GB (powers of"
        " 1000), MiB or GiB (powers of 1024). Default: no limit.",
        examples=["512MB", "4GB"],
    )
    parameters: Parameters | None = Field(
        default=None,
        description="Values for the cell tagged `parameters`, as papermill injects them.",
        examples=[{"rows": 1000, "region": "north"}],
    )
    matrix: Matrix | None = Field(
        default=None,
        description="Parameters with several values each; a notebook is run once for every"
        f" combination, {MAX_PARAMETER_SETS} at most.",
        examples=[{"model": ["linear", "forest"], "seed": [1, 2]}],
    )
    depends_on: Patterns | None = Field(
        default=None,
        description="Files besides imported modules whose change makes the notebooks run.",
        examples=[["data/*.csv", "conf/"]],
    )
    allow_failure: Flag | None = Field(
        default=None,
        description="Whether a notebook may fail without failing the review. Default: false.",
        examples=[True],
    )
    env: Env | None = Field(
        default=None,
        description="Environment variables of the kernel. Not for secrets: the file is public to"
        " all who read the repository.",
        examples=[{"OMP_NUM_THREADS": "2"}],
    )
    preload: ModuleNames | None = Field(
        default=None,
        description="Modules a kernel may find imported already, to start faster.",
        examples=[["numpy", "pandas"]],
    )

    @model_validator(mode="after")
    def _one_source_for_each_parameter(self) -> SettingsSection:
        if both := set(self.parameters or ()) & set(self.matrix or ()):
            raise ValueError(f"has {sorted(both)[0]!r} in both parameters and matrix")
        return self

    def settings(self) -> Settings:
        """Return what this section says in the units of the rest of the program."""
        options = {
            "backend": self.backend,
            "environment": self.environment,
            "kernel": self.kernel,
            "timeout": self.timeout_minutes and self.timeout_minutes * 60,
            "cell_timeout": self.cell_timeout_minutes and self.cell_timeout_minutes * 60,
            "memory_limit": self.memory_limit and bytes_of(self.memory_limit),
            "allow_failure": self.allow_failure,
        }
        return Settings(
            options={name: value for name, value in options.items() if value is not None},
            env=self.env or {},
            preload=tuple(self.preload or ()),
            parameters=self.parameters or {},
            matrix=self.matrix or {},
            depends_on=tuple(self.depends_on or ()),
        )


class RuleSection(SettingsSection):
    """Settings for some notebooks; of several rules that match, the later one wins."""

    paths: Annotated[Patterns, Field(min_length=1)] = Field(
        description="The notebooks this rule is for, as patterns like those of `include`.",
        examples=[["experiments/", "train_*.ipynb"]],
    )


class ConfigFile(Section):
    """The configuration of nbci for one repository, kept in `.github/nbci.yml`."""

    model_config = ConfigDict(title="nbci configuration")

    include: IncludePatterns = Field(
        default=list(Config.include),
        description="Which files are notebooks, as .gitignore patterns from the top of the"
        " repository. A text notebook needs a pattern that spells its ending out.",
        examples=[["examples/", "guide/*.md"]],
    )
    exclude: Patterns = Field(
        default=list(Config.exclude),
        description="Notebooks that are never run.",
        examples=[["archive/", "*_draft.ipynb"]],
    )
    max_notebooks: NotebookCount = Field(
        default=Config.max_notebooks,
        description="A change that affects more notebooks than this is refused rather than run.",
        examples=[50],
    )
    defaults: SettingsSection = Field(
        default_factory=SettingsSection,
        description="How notebooks are run, unless a rule says otherwise.",
    )
    rules: Annotated[list[RuleSection], Field(max_length=MAX_RULES)] = Field(
        default=[], description="Settings for some of the notebooks, applied in order."
    )

    def config(self) -> Config:
        """Return the plain value the rest of the program uses."""
        return Config(
            include=tuple(self.include),
            exclude=tuple(self.exclude),
            max_notebooks=self.max_notebooks,
            defaults=self.defaults.settings(),
            rules=tuple(
                Rule(paths=tuple(rule.paths), settings=rule.settings()) for rule in self.rules
            ),
        )


class _Generator(GenerateJsonSchema):
    """Leaves out null, which the file need never say, and titles that repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def schema_json() -> str:
    """Return the JSON Schema (draft 2020-12) of the configuration, for editors."""
    schema = ConfigFile.model_json_schema(schema_generator=_Generator)
    dialect = {"$schema": GenerateJsonSchema.schema_dialect}
    return json.dumps(dialect | schema, indent=2, ensure_ascii=False) + "\n"
