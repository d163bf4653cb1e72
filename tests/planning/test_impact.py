"""Notebooks that are affected without having changed, and why."""

import json

import pytest
from building.notebooks import notebook
from building.plans import selected, skipped

from bot.config import Config


@pytest.fixture
def change(repository, plan):
    """Commit files, write others over them (None deletes), and return the reasons."""

    def make(before, after, **options):
        for path, content in before.items():
            repository.write(path, content)
        repository.commit()
        for path, content in after.items():
            if content is None:
                (repository.root / path).unlink()
            else:
                repository.write(path, content)
        return selected(plan(**options))

    return make


class TestImports:
    def test_of_a_changed_module(self, change):
        files = {"src/recs/__init__.py": "", "src/recs/metrics.py": "", "other.ipynb": ["1"]}
        files["a.ipynb"] = ["from recs.metrics import f"]

        assert change(files, {"src/recs/metrics.py": "f = 1"}) == {
            "a.ipynb": ["imports `src/recs/metrics.py`, changed"]
        }

    def test_through_another_module(self, change):
        files = {"a.py": "import b", "b.py": "", "a.ipynb": ["import a"]}

        assert change(files, {"b.py": "x = 1"}) == {
            "a.ipynb": ["imports `a.py`, which imports `b.py`, changed"]
        }

    def test_through_many_modules(self, change):
        files = {f"m{number}.py": f"import m{number + 1}" for number in range(9)}
        files |= {"m9.py": "", "a.ipynb": ["import m6"], "b.ipynb": ["import m0"]}

        assert change(files, {"m9.py": "x = 1"}) == {
            "a.ipynb": ["imports `m9.py` (through `m6.py`, `m7.py`, `m8.py`), changed"],
            "b.ipynb": ["imports `m9.py` (through `m0.py`, `m1.py`, `m2.py`, ...), changed"],
        }

    @pytest.mark.parametrize(
        "code",
        [
            "import pkg.sub.mod",
            "import pkg.sub.mod as m",
            "from pkg.sub import mod",
            "from pkg.sub.mod import *",
            "from pkg.sub.mod import (\n    a,  # (one)\n    b,\n)",
            "import os, pkg.sub.mod",
            "if True: import pkg.sub.mod",
            "try:\n    import pkg.sub.mod\nexcept ImportError:\n    pass",
            "def f():\n    from pkg.sub import mod\n",
            "x = 1; import pkg.sub.mod",
            "import importlib\nimportlib.import_module('pkg.sub.mod')",
            "from importlib import import_module as i, import_module\nimport_module('pkg.sub.mod')",
            "__import__('pkg.sub.mod')",
            "import runpy\nrunpy.run_module('pkg.sub.mod')",
            "name = 'pkg.sub.mod'\n__import__(name)",
            "%load_ext pkg.sub.mod",
            "%run -m pkg.sub.mod",
            "!python -m pkg.sub.mod --verbose",
            "%%time\nimport pkg.sub.mod",
            "%time import pkg.sub.mod",
            "%matplotlib inline\n!ls\n?print\nprint?\nimport pkg.sub.mod",
            "files = !ls\nx = %env HOME\nimport pkg.sub.mod",
            "print 'python 2'\nimport pkg.sub.mod",
            "await something()\nfrom pkg.sub import mod",
            "this is not python\n  import pkg.sub.mod",
            "%autoreload 2\n%aimport pkg.sub.mod",
            "%%capture out\nimport pkg.sub.mod",
            "from pkg.sub import \\\n    mod",
            "import pkg.sub.mod\r\nx = 1",
            "get_ipython().run_line_magic('load_ext', 'pkg.sub.mod')",
        ],
    )
    def test_are_found_in(self, change, code):
        files = {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/mod.py": ""}

        result = change({**files, "a.ipynb": [code]}, {"pkg/sub/mod.py": "x = 1"})

        assert result == {"a.ipynb": ["imports `pkg/sub/mod.py`, changed"]}

    @pytest.mark.parametrize(
        "code",
        [
            "# import pkg.sub.mod",
            "'''\nimport pkg.sub.mod\n'''",
            "print('import pkg.sub.mod')",
            "text = '''\n%run pkg/sub/mod.py\n'''",
            "import pkg_sub_mod, pkg.sub.model",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pkg.sub.mod",
            "%%html\n<p>\nimport pkg.sub.mod\n</p>",
            "%%javascript\nimport pkg.sub.mod",
            "%%writefile mod2.py\nimport pkg.sub.mod",
            "%%writefile x.py\nimport pkg.sub.mod x",
            "!echo import pkg.sub.mod",
            "mod = 1",
        ],
    )
    def test_are_not_found_in(self, change, code):
        files = {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/mod.py": ""}

        assert change({**files, "a.ipynb": [code]}, {"pkg/sub/mod.py": "x = 1"}) == {}

    def test_of_a_package_execute_its_init_and_those_above(self, change):
        files = {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/mod.py": ""}
        files["a.ipynb"] = ["import pkg.sub.mod"]

        assert change(files, {"pkg/__init__.py": "x = 1"}) == {
            "a.ipynb": ["imports `pkg/__init__.py`, changed"]
        }

    def test_of_a_package_do_not_execute_other_submodules(self, change):
        files = {"pkg/__init__.py": "", "pkg/one.py": "", "pkg/two.py": ""}
        files["a.ipynb"] = ["import pkg\nfrom pkg import one"]

        assert change(files, {"pkg/two.py": "x = 1"}) == {}

    @pytest.mark.parametrize(
        "code",
        [
            "from . import metrics",
            "from .metrics import f",
            "from ..recs.metrics import f",
            "from .. import recs\nfrom .deep import up",
            "import importlib\nimportlib.import_module('.metrics', __package__)",
            "import importlib\nimportlib.import_module('.metrics', package='top.recs')",
            "__all__ = ['metrics']",
        ],
    )
    def test_may_be_relative(self, change, code):
        files = {"top/__init__.py": "", "top/recs/__init__.py": code, "top/recs/metrics.py": ""}
        files |= {
            "top/recs/deep/__init__.py": "",
            "top/recs/deep/up.py": "from ...recs import metrics",
        }
        files["a.ipynb"] = ["import top.recs"]

        assert list(change(files, {"top/recs/metrics.py": "f = 1"})) == ["a.ipynb"]

    def test_in_cycles_end(self, change):
        files = {"a.py": "import b", "b.py": "import a\nimport c", "c.py": "import a"}
        files |= {"a.ipynb": ["import a"], "b.ipynb": ["import b"]}

        assert change(files, {"c.py": "import a  # changed"}) == {
            "a.ipynb": ["imports `c.py` (through `a.py`, `b.py`), changed"],
            "b.ipynb": ["imports `b.py`, which imports `c.py`, changed"],
        }

    def test_of_a_deleted_module_dangle(self, change):
        assert change({"a.py": "", "a.ipynb": ["import a"]}, {"a.py": None}) == {
            "a.ipynb": ["imports `a.py`, deleted"]
        }

    def test_of_a_deleted_module_that_another_one_replaces(self, change):
        files = {"nb/a.py": "", "a.py": "", "nb/a.ipynb": ["import a"]}

        assert change(files, {"nb/a.py": None}) == {"nb/a.ipynb": ["imports `nb/a.py`, deleted"]}

    def test_of_a_renamed_module_dangle(self, change):
        text = "".join(f"x{number} = 1\n" for number in range(50))
        files = {"old.py": text, "a.ipynb": ["import old"], "b.ipynb": ["import new"]}

        assert change(files, {"old.py": None, "new.py": text}) == {
            "a.ipynb": ["imports `old.py`, renamed to `new.py`"],
            "b.ipynb": ["imports `new.py`, renamed from `old.py`"],
        }

    def test_of_a_new_module_that_hides_another(self, change):
        files = {"a.py": "", "nb/a.ipynb": ["import a"]}

        assert change(files, {"nb/a.py": ""}) == {"nb/a.ipynb": ["imports `nb/a.py`, added"]}

    def test_of_a_module_whose_file_mode_changed_are_no_reason(self, repository, plan):
        repository.write("a.py", "")
        repository.write("a.ipynb", ["import a"])
        repository.commit()
        (repository.root / "a.py").chmod(0o755)

        assert selected(plan()) == {}

    def test_between_commits(self, repository, plan):
        repository.write("a.py", "")
        repository.write("a.ipynb", ["import a"])
        repository.commit()
        repository.write("a.py", "x = 1")
        repository.commit()
        repository.write("a.ipynb", ["1"])

        assert selected(plan(base="HEAD~1", head="HEAD")) == {
            "a.ipynb": ["imports `a.py`, changed"]
        }


class TestSearchPath:
    @pytest.mark.parametrize(
        ("module", "code"),
        [
            ("nb/helper.py", "import helper"),
            ("helper.py", "import helper"),
            ("src/helper.py", "import helper"),
            ("lib/helper.py", "import helper"),
            ("python/helper.py", "import helper"),
            ("nb/helpers/helper.py", "from helpers import helper"),
            ("tools/helper.py", "import sys\nsys.path.append('../tools')\nimport helper"),
            ("tools/helper.py", "import sys\nsys.path.insert(0, r'../tools')\nimport helper"),
            ("tools/helper.py", "import sys\nsys.path += ['../tools']\nimport helper"),
            ("tools/helper.py", "import sys\nsys.path = ['../tools'] + sys.path\nimport helper"),
            ("tools/helper.py", "import sys\nsys.path[0:0] = ['../tools']\nimport helper"),
            ("tools/helper.py", "import sys\nsys.path.extend(['..', '../tools'])\nimport helper"),
            ("tools/helper.py", "import site\nsite.addsitedir('../tools')\nimport helper"),
            ("tools/helper.py", "%cd ../tools\nimport helper"),
            ("tools/helper.py", "import os\nos.chdir('../tools')\nimport helper"),
            ("tools/helper.py", "%pip install -e ../tools\nimport helper"),
            ("tools/src/helper.py", "!pip install -q --editable ../tools[all]\nimport helper"),
            (
                "tools/helper.py",
                "import os, sys\n"
                "module_path = os.path.abspath(os.path.join('..', 'tools'))\n"
                "if module_path not in sys.path:\n    sys.path.append(module_path)\n"
                "import helper",
            ),
            (
                "tools/helper.py",
                "import sys\nfrom pathlib import Path\n"
                "root = Path.cwd().parent\nsys.path.insert(0, str(root / 'tools'))\nimport helper",
            ),
            (
                "tools/helper.py",
                "import sys, os\nsys.path.append(os.getcwd() + '/../tools')\nimport helper",
            ),
            (
                "tools/helper.py",
                "import sys, os\nsys.path.append(f'{os.path.dirname(os.getcwd())}/tools')\n"
                "import helper",
            ),
            (
                "tools/helper.py",
                "import sys, pathlib\n"
                "sys.path.append(pathlib.Path('..').resolve().joinpath('tools').as_posix())\n"
                "import helper",
            ),
        ],
    )
    def test_leads_to(self, change, module, code):
        result = change({module: "", "nb/a.ipynb": [code]}, {module: "x = 1"})

        assert result == {"nb/a.ipynb": [f"imports `{module}`, changed"]}

    def test_may_be_extended_in_one_cell_and_used_in_another(self, change):
        cells = [
            "import sys\nroot = '../tools'",
            "sys.path.append(root)",
            "%matplotlib inline\nimport h",
        ]

        assert list(change({"tools/h.py": "", "nb/a.ipynb": cells}, {"tools/h.py": "x = 1"}))

    def test_may_be_extended_by_a_notebook_that_is_run(self, change):
        files = {"nb/setup.ipynb": ["import sys\nsys.path.append('../tools')"], "tools/h.py": ""}
        files["nb/a.ipynb"] = ["%run setup.ipynb\nimport h"]

        assert change(files, {"tools/h.py": "x = 1"}) == {
            "nb/a.ipynb": ["imports `tools/h.py`, changed"]
        }

    def test_may_be_extended_by_a_module_that_is_imported(self, change):
        code = (
            "import sys, os\n"
            "sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'tools'))"
        )
        files = {"nb/paths.py": code, "tools/h.py": "", "nb/a.ipynb": ["import paths, h"]}

        assert change(files, {"tools/h.py": "x = 1"}) == {
            "nb/a.ipynb": ["imports `tools/h.py`, changed"]
        }

    def test_finds_the_notebooks_own_folder_first(self, change):
        files = {"utils.py": "", "nb/utils.py": "", "nb/a.ipynb": ["import utils"]}
        files |= {"other/b.ipynb": ["import utils"]}

        assert change(files, {"utils.py": "x = 1"}) == {
            "other/b.ipynb": ["imports `utils.py`, changed"]
        }

    def test_finds_for_modules_what_it_finds_for_their_notebook(self, change):
        files = {"utils.py": "", "nb/utils.py": "", "src/lib_a.py": "import utils"}
        files |= {"nb/a.ipynb": ["import lib_a"], "other/b.ipynb": ["import lib_a"]}

        assert change(files, {"nb/utils.py": "x = 1"}) == {
            "nb/a.ipynb": ["imports `src/lib_a.py`, which imports `nb/utils.py`, changed"]
        }

    def test_finds_siblings_of_a_helper_beside_the_notebook(self, change):
        files = {"nb/one.py": "import two", "nb/two.py": "", "nb/a.ipynb": ["import one"]}

        assert change(files, {"nb/two.py": "x = 1"}) == {
            "nb/a.ipynb": ["imports `nb/one.py`, which imports `nb/two.py`, changed"]
        }

    def test_finds_the_standard_library_before_what_is_installed(self, change):
        files = {"random.py": "", "src/types.py": "", "nb/a.ipynb": ["import random, types"]}

        assert change(files, {"random.py": "x = 1", "src/types.py": "x = 1"}) == {}

    def test_finds_the_notebooks_own_folder_before_the_standard_library(self, change):
        files = {"nb/random.py": "", "nb/a.ipynb": ["import random"]}

        assert list(change(files, {"nb/random.py": "x = 1"})) == ["nb/a.ipynb"]

    def test_finds_a_package_before_a_namespace(self, change):
        files = {"nb/pkg/data.py": "", "src/pkg/__init__.py": "", "src/pkg/data.py": ""}
        files["nb/a.ipynb"] = ["import pkg.data"]

        assert change(files, {"nb/pkg/data.py": "x = 1"}) == {}

    def test_finds_a_namespace_in_several_folders(self, change):
        files = {"src/space/one.py": "", "lib/space/two.py": "", "a.ipynb": ["import space.two"]}

        assert list(change(files, {"lib/space/two.py": "x = 1"})) == ["a.ipynb"]

    @pytest.mark.parametrize(
        "settings",
        [
            '[tool.setuptools.package-dir]\n"" = "code"',
            '[tool.setuptools.packages.find]\nwhere = ["code"]',
            '[[tool.poetry.packages]]\ninclude = "recs"\nfrom = "code"',
            '[tool.hatch.build.targets.wheel]\npackages = ["code/recs"]',
            '[tool.hatch.build.targets.wheel]\nsources = ["code"]',
            '[tool.pdm.build]\npackage-dir = "code"',
            '[tool.pytest.ini_options]\npythonpath = ["code"]',
        ],
    )
    def test_knows_what_the_build_tool_is_told(self, change, settings):
        files = {
            "pyproject.toml": settings,
            "code/recs/__init__.py": "",
            "nb/a.ipynb": ["import recs"],
        }

        assert change(files, {"code/recs/__init__.py": "x = 1"}) == {
            "nb/a.ipynb": ["imports `code/recs/__init__.py`, changed"]
        }

    @pytest.mark.parametrize(
        "text", ["[tool", "tool = 1", "[tool]\nsetuptools = 7", "\0", "a = '\\x'"]
    )
    def test_survives_a_broken_pyproject(self, change, text):
        files = {"pyproject.toml": text, "src/a.py": "", "a.ipynb": ["import a"]}

        assert list(change(files, {"src/a.py": "x = 1"})) == ["a.ipynb"]

    def test_knows_the_projects_of_a_monorepo(self, change):
        files = {"packages/one/pyproject.toml": "", "packages/one/src/one/__init__.py": ""}
        files["nb/a.ipynb"] = ["import one"]

        assert list(change(files, {"packages/one/src/one/__init__.py": "x = 1"})) == ["nb/a.ipynb"]

    def test_never_leads_out_of_the_repository(self, change):
        code = "import sys\nsys.path.append('../../../..')\nsys.path.append('/etc')\nimport a"

        assert change({"nb/a.ipynb": [code], "b.py": ""}, {"b.py": "x = 1"}) == {}

    def test_follows_symlinks_inside_the_repository(self, repository, plan):
        repository.write("src/shared/plot.py", "")
        repository.write("nb/a.ipynb", ["import plot"])
        repository.write("nb/b.ipynb", ["from shared import plot"])
        (repository.root / "nb/plot.py").symlink_to("../src/shared/plot.py")
        (repository.root / "nb/shared").symlink_to("../src/shared")
        (repository.root / "nb/loop").symlink_to(".")
        repository.commit()
        repository.write("src/shared/plot.py", "x = 1")

        assert selected(plan()) == {
            "nb/a.ipynb": ["imports `src/shared/plot.py`, changed"],
            "nb/b.ipynb": ["imports `src/shared/plot.py`, changed"],
        }

    def test_notices_a_symlink_that_leads_elsewhere(self, repository, plan):
        repository.write("v1/mod.py", "")
        repository.write("v2/mod.py", "")
        repository.write("a.ipynb", ["import current.mod"])
        (repository.root / "current").symlink_to("v1")
        repository.commit()
        (repository.root / "current").unlink()
        (repository.root / "current").symlink_to("v2")

        assert selected(plan()) == {"a.ipynb": ["imports `current/mod.py`, changed"]}


class TestRuns:
    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("nb/x.py", "%run x.py"),
            ("nb/x.py", "%run x"),
            ("nb/x.py", "%run -i -t x.py --option 1"),
            ("nb/x y.py", '%run "./x y.py"'),
            ("nb/x.ipynb", "%run ./x.ipynb"),
            ("nb/x.ipynb", "%run x"),
            ("tools/x.py", "  %run ../tools/x.py"),
            ("nb/x.py", "!python x.py"),
            ("nb/x.py", "out = !python -u x.py 2>&1 | tail"),
            ("tools/x.py", "!cd ../tools && python x.py"),
            ("nb/x.sh", "!bash x.sh"),
            ("nb/x.sh", "%%bash\nset -e\n./x.sh"),
            ("nb/x.ipynb", "!jupyter nbconvert --execute x.ipynb"),
            ("nb/x.py", "exec(open('x.py').read())"),
            ("nb/x.py", "exec(compile(open('x.py').read(), 'x.py', 'exec'))"),
            ("nb/x.py", "from pathlib import Path\nexec(Path('x.py').read_text())"),
            ("nb/x.py", "import runpy\nrunpy.run_path('x.py')"),
            ("nb/x.py", "import subprocess, sys\nsubprocess.run([sys.executable, 'x.py'])"),
            ("nb/x.py", "import os\nos.system('python x.py')"),
            ("nb/x.ipynb", "import papermill as pm\npm.execute_notebook('x.ipynb', 'out.ipynb')"),
            ("nb/x.py", "%load x.py"),
            ("nb/x.py", "get_ipython().run_line_magic('run', 'x.py')"),
            ("nb/x.py", "get_ipython().magic('run x.py')"),
            (
                "nb/x.py",
                "import importlib.util\nimportlib.util.spec_from_file_location('x', 'x.py')",
            ),
        ],
    )
    def test_are_found_in(self, change, path, code):
        before, after = (["1"], ["2"]) if path.endswith(".ipynb") else ("x = 1", "x = 2")

        result = change({path: before, "nb/a.ipynb": [code]}, {path: after})

        assert result["nb/a.ipynb"] == [f"runs `{path}`, changed"]

    @pytest.mark.parametrize(
        "code", ["%run $name.py", "# %run x.py", "%run ../../../x.py", "!ls {x.py}"]
    )
    def test_are_not_found_in(self, change, code):
        assert change({"x.py": "", "a.ipynb": [code]}, {"x.py": "x = 1"}) == {}

    def test_of_a_notebook_of_which_only_outputs_changed_are_no_reason(self, repository, plan):
        repository.write("prepare.ipynb", ["1"])
        repository.write("a.ipynb", ["%run prepare.ipynb"])
        repository.commit()
        content = notebook("1")
        content["cells"][0]["execution_count"] = 5
        repository.write("prepare.ipynb", json.dumps(content))

        result = plan()

        assert selected(result) == {}
        assert list(skipped(result)) == ["prepare.ipynb"]

    def test_go_on_to_what_is_run_and_imported_there(self, change):
        files = {"nb/one.ipynb": ["%run sub/two.ipynb"], "nb/sub/two.ipynb": ["import helper"]}
        files |= {"nb/sub/helper.py": "import deep", "nb/deep.py": "", "nb/a.ipynb": ["%run one"]}

        assert change(files, {"nb/deep.py": "x = 1"})["nb/a.ipynb"] == [
            "imports `nb/deep.py` (through `nb/one.ipynb`, `nb/sub/two.ipynb`, `nb/sub/helper.py`),"
            " changed"
        ]

    def test_start_from_the_folder_of_the_notebook_that_runs(self, change):
        files = {"nb/x.py": "", "nb/sub/x.py": "", "nb/sub/one.ipynb": ["%run x.py"]}
        files["nb/a.ipynb"] = ["%run sub/one.ipynb"]

        assert list(change(files, {"nb/x.py": "x = 1"})) == ["nb/a.ipynb"]

    def test_of_a_deleted_file_dangle(self, change):
        assert change({"x.py": "x = 1", "a.ipynb": ["%run x.py"]}, {"x.py": None}) == {
            "a.ipynb": ["runs `x.py`, deleted"]
        }

    def test_of_an_excluded_notebook_count(self, change):
        files = {"lib/x.ipynb": ["import helper"], "helper.py": "", "a.ipynb": ["%run lib/x.ipynb"]}

        assert change(files, {"helper.py": "x = 1"}, config=Config(exclude=("/lib/",))) == {
            "a.ipynb": ["runs `lib/x.ipynb`, which imports `helper.py`, changed"]
        }

    def test_in_a_circle_end(self, change):
        files = {"a.ipynb": ["%run b.ipynb"], "b.ipynb": ["%run a.ipynb\nimport m"], "m.py": ""}

        assert set(change(files, {"m.py": "x = 1"})) == {"a.ipynb", "b.ipynb"}

    @pytest.mark.parametrize(
        ("language", "code", "path"),
        [
            ("R", "library(ggplot2)\nsource('x.R')", "x.R"),
            ("julia", 'using Plots\ninclude("x.jl")', "x.jl"),
            ("bash", "set -e\nsource ./x.sh", "x.sh"),
        ],
    )
    def test_in_other_languages(self, change, language, code, path):
        kernel = {"name": "k", "language": language, "display_name": "k"}
        content = json.dumps(notebook(code, "import x", kernelspec=kernel))

        assert change({path: "1", "x.py": "", "a.ipynb": content}, {path: "2", "x.py": "1"}) == {
            "a.ipynb": [f"runs `{path}`, changed"]
        }


class TestManyReasons:
    def test_the_nearest_come_first_and_the_rest_is_counted(self, change):
        files = {f"m{number}.py": "" for number in range(8)}
        files["a.ipynb"] = ["\n".join(f"import m{number}" for number in range(8))]

        assert change(files, {f"m{number}.py": "x = 1" for number in range(8)}) == {
            "a.ipynb": [
                *(f"imports `m{number}.py`, changed" for number in range(5)),
                "and 3 more changed files",
            ]
        }

    def test_of_very_many_only_the_way_to_the_nearest_is_told(self, change):
        files = {f"m{number}.py": f"import m{number + 1}" for number in range(30)}
        files |= {"m30.py": "", "a.ipynb": ["import m0"]}

        assert change(
            files, {f"m{number}.py": "x = 1\nimport m%s" % (number + 1) for number in range(30)}
        ) == {"a.ipynb": ["imports `m0.py`, changed", "and 29 more changed files"]}

    def test_a_notebooks_own_change_comes_first(self, change):
        files = {"m.py": "", "a.ipynb": ["import m"], "requirements.txt": "a"}
        after = {"m.py": "x = 1", "a.ipynb": ["import m\n1"], "requirements.txt": "b"}

        assert change(files, after) == {
            "a.ipynb": [
                "changed",
                "imports `m.py`, changed",
                "environment file `requirements.txt` changed",
            ]
        }

    def test_a_notebook_with_new_outputs_still_runs_when_it_is_affected(self, repository, plan):
        repository.write("m.py", "")
        repository.write("a.ipynb", ["import m"])
        repository.commit()
        content = notebook("import m")
        content["cells"][0]["execution_count"] = 5
        repository.write("a.ipynb", json.dumps(content))
        repository.write("m.py", "x = 1")

        result = plan()

        assert selected(result) == {"a.ipynb": ["imports `m.py`, changed"]}
        assert skipped(result) == {}

    def test_names_in_reasons_cannot_hide_anything(self, change):
        name = "x\u202e\n.py"

        result = change({name: "1", "a.ipynb": ["1"]}, {name: "2", "a.ipynb": ["%run 'x\u202e'"]})

        assert all(reason.isprintable() for reason in result["a.ipynb"])


def test_a_change_of_the_configuration_is_no_reason(change):
    assert change({"a.ipynb": ["1"]}, {".github/nbci.yml": "max_notebooks: 3"}) == {}
