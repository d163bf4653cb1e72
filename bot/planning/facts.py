"""What a file's code says of other files, independent of where the file lies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Import(NamedTuple):
    """One name of an import statement.

    `from ..a.b import c` is `Import(2, "a.b", "c")`, `import a.b` is `Import(0, "a.b", "")`; the
    name is `*` where all names are imported.
    """

    level: int
    module: str
    name: str


class Place(NamedTuple):
    """A literal path, relative to the file that names it or else to the working folder."""

    path: str
    from_file: bool


class SearchFolder(NamedTuple):
    """A folder that the code puts on `sys.path`, before or after what is there."""

    place: Place
    is_first: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file imports, which files it runs, where it has modules looked for.

    `exports` are the names in `__all__` where a package gives it: `import *` imports submodules of
    these names.
    """

    imports: tuple[Import, ...] = ()
    runs: tuple[Place, ...] = ()
    folders: tuple[SearchFolder, ...] = ()
    exports: tuple[str, ...] = ()

    @classmethod
    def joined(cls, parts: Iterable[Facts]) -> Facts:
        """Return everything that *parts* say, each thing once."""
        found = list(parts)
        return cls(
            imports=tuple(dict.fromkeys(item for part in found for item in part.imports)),
            runs=tuple(dict.fromkeys(item for part in found for item in part.runs)),
            folders=tuple(dict.fromkeys(item for part in found for item in part.folders)),
            exports=tuple(dict.fromkeys(item for part in found for item in part.exports)),
        )

    def to_json(self) -> str:
        """Return a text from which `from_json` makes the same facts."""
        return json.dumps([self.imports, self.runs, self.folders, self.exports])

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Return the facts; raise ValueError or TypeError when *text* holds something else."""
        imports, runs, folders, exports = json.loads(text)
        return cls(
            tuple(map(Import._make, imports)),
            tuple(map(Place._make, runs)),
            tuple(SearchFolder(Place(*place), is_first) for place, is_first in folders),
            tuple(exports),
        )
