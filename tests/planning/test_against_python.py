"""The planner against Python itself: in random repositories both must name the same files."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from building.notebooks import notebook
from hypothesis import given
from hypothesis import strategies as st

from bot.forges.plain_folder import FolderFiles
from bot.planning.fact_cache import FactCache
from bot.planning.impact import Impact
from bot.planning.layout import Layout
from bot.planning.library import Library
from bot.planning.links import Links
from bot.planning.project_roots import project_roots

# In each of these folders a module of the same name may lie.
FOLDERS = ["nb", "src", "", "extra", "lib"]
HELPERS = ["h0", "h1", "h2"]
PACKAGED = {
    "src/pkg0/__init__.py": "pkg0",
    "src/pkg0/m0.py": "pkg0.m0",
    "src/pkg0/m1.py": "pkg0.m1",
    "src/pkg0/sub/__init__.py": "pkg0.sub",
    "src/pkg0/sub/m2.py": "pkg0.sub.m2",
    "src/pkg0/sub/m3.py": "pkg0.sub.m3",
    "pkg1/__init__.py": "pkg1",
    "pkg1/m4.py": "pkg1.m4",
    "extra/pkg2/__init__.py": "pkg2",
    "extra/pkg2/m5.py": "pkg2.m5",
}
ABSOLUTE = [
    *(f"import {name}" for name in [*HELPERS, *PACKAGED.values(), "nowhere", "pkg0.nowhere"]),
    *(f"import {name} as alias" for name in ("pkg0.sub.m2", "pkg2.m5")),
    *(f"from {name} import *" for name in ("pkg0", "pkg0.sub", "h0", "pkg1.m4")),
    *("from pkg0 import m0", "from pkg0 import sub, m1", "from pkg0.sub import (m2,\n        m3)"),
    *("from pkg1 import m4, nothing", "from h1 import nothing", "from pkg2 import m5"),
    *("import importlib; importlib.import_module('pkg0.sub.m3')", "__import__('pkg2.m5')"),
]
RELATIVE = {
    "src/pkg0/": [
        "from . import m0",
        "from .m1 import *",
        "from .sub import m2",
        "from .sub import *",
    ],
    "src/pkg0/sub/": [
        "from . import m2",
        "from .. import m0",
        "from ..m1 import *",
        "from .m3 import x",
    ],
    "pkg1/": ["from . import m4", "from .m4 import *"],
    "extra/pkg2/": [
        "from .m5 import x",
        "import importlib; importlib.import_module('.m5', 'pkg2')",
    ],
}
PATHS = [
    "",
    "sys.path.append('../extra')",
    "sys.path.insert(0, '../extra')",
    "sys.path[:0] = ['../src']",
]

# Executes a notebook's code and prints what it imported. Where the repository's packages lie is
# looked through last, as for a kernel in whose environment they are installed.
ORACLE = """
import importlib.machinery, json, sys
root, code = sys.argv[1], sys.argv[2]
shared = [f"{root}/{folder}".rstrip("/") for folder in ("src", "", "lib", "python")]
class Shared:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return importlib.machinery.PathFinder.find_spec(name, shared) if path is None else None
sys.path.insert(0, "")
sys.meta_path.append(Shared)
exec(code)
files = [getattr(module, "__file__", None) for module in sys.modules.values()]
print(json.dumps([file for file in files if file]))
"""


def guarded(statements: list[str]) -> str:
    lines = (f"try:\n    {statement}\nexcept ImportError:\n    pass" for statement in statements)
    return "\n".join(["import sys", *lines, ""])


@st.composite
def repositories(draw):
    helpers = draw(st.sets(st.sampled_from([*itertools.product(FOLDERS, HELPERS)]), max_size=8))
    paths = [f"{folder}/{name}.py".lstrip("/") for folder, name in sorted(helpers)]
    files = {}
    for path in [*paths, *PACKAGED]:
        possible = [*ABSOLUTE, *RELATIVE.get(path.rpartition("/")[0] + "/", [])]
        files[path] = guarded(draw(st.lists(st.sampled_from(possible), max_size=3)))
    imports = draw(st.lists(st.sampled_from(ABSOLUTE), min_size=1, max_size=3))
    return files, ["import sys", draw(st.sampled_from(PATHS)), guarded(imports)]


def loaded_by_python(root: Path, cells: list[str]) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-B", "-E", "-S", "-P", "-c", ORACLE, str(root), "\n".join(cells)],
        cwd=root / "nb",
        check=True,
        capture_output=True,
    )
    files = [os.path.relpath(root / "nb" / file, root) for file in json.loads(done.stdout)]
    return {file for file in files if not file.startswith("..")}


def reached_by_the_planner(root: Path) -> set[str]:
    source = FolderFiles(root)
    layout = Layout(source.entries(), gone=[], changed=[])
    library = Library(source, FactCache(root.parent / "cache"), ["nb/a.ipynb"])
    library.load([*layout.index.files, "nb/a.ipynb"])
    links = Links(library, layout, project_roots(source))
    return {
        path
        for path in layout.index.files
        if Impact(library, links, layout.index, {path}).reached_from("nb/a.ipynb").total
    }


@given(repositories())
def test_the_planner_finds_what_python_imports(repository):
    files, cells = repository
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "repository"
        for path, text in {**files, "nb/a.ipynb": json.dumps(notebook(*cells))}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)

        found = reached_by_the_planner(root)

        assert found == loaded_by_python(root, cells)
