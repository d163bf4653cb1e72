"""What is asked for by name, declared dependencies, environments, limits."""

import pytest
from building.plans import selected

from bot.config import Config, Rule, Settings
from bot.errors import UsageError
from bot.forges.opening import open_checkout
from bot.planning.selection import make_plan


@pytest.fixture
def committed(repository):
    for path in ("a.ipynb", "b.ipynb", "nb/c.ipynb", "nb/deep/d.ipynb"):
        repository.write(path, [f"'{path}'"])
    repository.write("data/x.csv", "1")
    repository.write(".gitignore", "ignored*\n")
    repository.commit()
    return repository


class TestByName:
    @pytest.mark.parametrize(
        ("names", "notebooks"),
        [
            (["a.ipynb"], ["a.ipynb"]),
            (["b.ipynb", "a.ipynb", "a.ipynb"], ["a.ipynb", "b.ipynb"]),
            (["nb"], ["nb/c.ipynb", "nb/deep/d.ipynb"]),
            (["nb/"], ["nb/c.ipynb", "nb/deep/d.ipynb"]),
            (["./nb/deep"], ["nb/deep/d.ipynb"]),
            (["."], ["a.ipynb", "b.ipynb", "nb/c.ipynb", "nb/deep/d.ipynb"]),
            (["*.ipynb"], ["a.ipynb", "b.ipynb"]),
            (["nb/*"], ["nb/c.ipynb", "nb/deep/d.ipynb"]),
            (["**/d.ipynb"], ["nb/deep/d.ipynb"]),
            (["[ab].ipynb"], ["a.ipynb", "b.ipynb"]),
        ],
    )
    @pytest.mark.parametrize("head", [None, "HEAD"])
    def test_means(self, committed, plan, names, notebooks, head):
        result = plan(notebooks=names, head=head)

        assert selected(result) == {path: ["requested by name"] for path in notebooks}

    def test_an_ignored_file_is_found_on_disk(self, committed, plan):
        committed.write("ignored.ipynb", ["1"])

        assert list(selected(plan(notebooks=["ignored.ipynb"]))) == ["ignored.ipynb"]

    def test_an_excluded_notebook_runs_if_it_is_named_itself(self, committed, plan):
        config = Config(exclude=("nb/",))

        assert list(selected(plan(config=config, notebooks=["nb/c.ipynb"]))) == ["nb/c.ipynb"]
        with pytest.raises(UsageError, match="no notebook in nb"):
            plan(config=config, notebooks=["nb"])

    def test_a_script_is_a_text_notebook_if_it_is_named(self, committed, plan):
        committed.write("s.py", "1")

        assert list(selected(plan(notebooks=["s.py"]))) == ["s.py"]

    def test_a_symlink_is_left_to_the_runner(self, committed, plan):
        (committed.root / "link.ipynb").symlink_to("/etc/passwd")

        assert list(selected(plan(notebooks=["link.ipynb"]))) == ["link.ipynb"]

    def test_a_name_with_wildcards_that_exists_is_that_file(self, committed, plan):
        committed.write("[ab].ipynb", ["1"])

        assert list(selected(plan(notebooks=["[ab].ipynb"]))) == ["[ab].ipynb"]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("nb/cc.ipynb", "there is no notebook nb/cc.ipynb; did you mean nb/c.ipynb?"),
            ("zzz", "there is no notebook zzz"),
            ("data", "there is no notebook in data"),
            ("data/x.csv", "data/x.csv is no notebook: its name would end in .ipynb"),
            ("zzz*.ipynb", "no notebook matches zzz*.ipynb"),
            ("x" * 300, f"there is no notebook {'x' * 300}"),
            ("[z-a]", "the pattern '[z-a]' is not a pattern as .gitignore has them"),
            ("../a.ipynb", "../a.ipynb is outside of the repository"),
            ("/etc/passwd", "/etc/passwd is outside of the repository"),
            ("a\0.ipynb", "a\\x00.ipynb is outside of the repository"),
            ("a\n.ipynb", "there is no notebook a\\n.ipynb; did you mean a.ipynb?"),
        ],
    )
    def test_a_mistake_is_explained(self, committed, plan, name, message):
        with pytest.raises(UsageError) as caught:
            plan(notebooks=[name])

        assert str(caught.value) == message

    def test_a_notebook_of_the_working_tree_is_not_in_the_commit(self, committed, plan):
        committed.write("new.ipynb", ["1"])

        with pytest.raises(UsageError, match=r"there is no notebook new\.ipynb"):
            plan(notebooks=["new.ipynb"], head="HEAD")

    def test_works_outside_of_git(self, tmp_path):
        (tmp_path / "a.ipynb").write_text("{}")
        checkout = open_checkout(tmp_path)
        request = checkout.request(notebooks=["a.ipynb"])

        result = make_plan(checkout.source(request), Config(), request)

        assert selected(result) == {"a.ipynb": ["requested by name"]}


class TestEverything:
    def test_is_every_notebook_that_the_configuration_includes(self, committed, plan):
        result = plan(everything=True, config=Config(exclude=("/nb/deep/",)))

        assert selected(result) == {
            path: ["all notebooks were asked for"] for path in ("a.ipynb", "b.ipynb", "nb/c.ipynb")
        }


class TestLimit:
    @pytest.mark.parametrize("asked", [{"everything": True}, {"notebooks": ["."]}])
    def test_is_said_with_what_to_do(self, committed, plan, asked):
        with pytest.raises(
            UsageError, match=r"4 notebooks would run, and 3 is the limit"
        ) as caught:
            plan(config=Config(max_notebooks=3), **asked)

        assert "max_notebooks in .github/nbci.yml" in str(caught.value)

    def test_counts_what_a_change_affects(self, committed, plan):
        committed.write("requirements.txt", "numpy")

        with pytest.raises(UsageError, match="4 notebooks"):
            plan(config=Config(max_notebooks=3))

    def test_may_be_reached(self, committed, plan):
        assert len(plan(config=Config(max_notebooks=4), everything=True).selected) == 4


def depending_on(*patterns, paths=("*.ipynb",)):
    return Config(rules=(Rule(paths=paths, settings=Settings(depends_on=patterns)),))


class TestDeclaredDependencies:
    @pytest.mark.parametrize("pattern", ["data/", "*.csv", "/data/x.csv", "data/**"])
    def test_are_a_reason(self, committed, plan, pattern):
        committed.write("data/x.csv", "2")

        result = plan(config=depending_on(pattern, paths=("nb/deep/",)))

        assert selected(result) == {"nb/deep/d.ipynb": ["depends on `data/x.csv`, changed"]}

    def test_may_be_gone(self, committed, plan):
        (committed.root / "data/x.csv").unlink()

        result = plan(config=depending_on("data/", paths=("/a.ipynb",)))

        assert selected(result) == {"a.ipynb": ["depends on `data/x.csv`, deleted"]}

    def test_that_did_not_change_are_none(self, committed, plan):
        committed.write("README.md", "2")

        assert selected(plan(config=depending_on("data/"))) == {}

    def test_are_summed_up(self, committed, plan):
        for number in range(9):
            committed.write(f"data/{number}.csv", "2")

        reasons = selected(plan(config=depending_on("data/")))["a.ipynb"]

        assert len(reasons) == 6
        assert reasons[-1] == "and 4 more files it depends on"


class TestEnvironments:
    @pytest.mark.parametrize(
        ("path", "affected"),
        [
            ("requirements.txt", 4),
            ("requirements-dev.txt", 4),
            ("requirements/base.txt", 4),
            ("environment.yml", 4),
            ("pyproject.toml", 4),
            ("uv.lock", 4),
            ("nb/environment.yaml", 2),
            ("nb/deep/requirements.txt", 1),
            ("data/requirements.txt", 0),
            ("requirements.md", 0),
        ],
    )
    def test_are_those_of_the_folder_and_above(self, committed, plan, path, affected):
        committed.write(path, "numpy")

        result = selected(plan())

        assert len(result) == affected
        assert all(reasons == [f"environment file `{path}` added"] for reasons in result.values())

    def test_that_are_configured_are_the_only_ones(self, committed, plan):
        rule = Rule(paths=("/a.ipynb",), settings=Settings(options={"environment": "env/a.txt"}))
        committed.write("env/a.txt", "numpy")
        committed.write("nb/requirements.txt", "numpy")
        committed.write("environment.yml", "numpy")

        result = selected(plan(config=Config(rules=(rule,))))

        assert result["a.ipynb"] == ["environment file `env/a.txt` added"]
        assert result["b.ipynb"] == ["environment file `environment.yml` added"]
        assert result["nb/c.ipynb"] == [
            "environment file `nb/requirements.txt` added",
            "environment file `environment.yml` added",
        ]


class TestReading:
    def test_planning_again_says_the_same(self, committed, plan):
        committed.write("m.py", "import n")
        committed.write("n.py", "")
        committed.write("a.ipynb", ["import m"])
        committed.commit()
        committed.write("n.py", "x = 1")
        first = plan()

        again = plan()

        assert selected(again) == {"a.ipynb": ["imports `m.py`, which imports `n.py`, changed"]}
        assert again == first

    def test_what_is_remembered_does_not_outlive_the_content(self, committed, plan):
        committed.write("m.py", "")
        committed.write("a.ipynb", ["import m"])
        committed.commit()
        committed.write("m.py", "x = 1")
        plan()

        committed.write("a.ipynb", ["import n"])

        assert selected(plan()) == {"a.ipynb": ["changed"]}

    def test_nothing_unchanged_is_read_when_no_code_changed(self, committed, tmp_path):
        committed.write("data/x.csv", "2")
        checkout = open_checkout(committed.root)
        request = checkout.request("HEAD")
        source = Recording(checkout.source(request))

        make_plan(source, Config(), request, cache_folder=tmp_path / "cache")

        assert source.paths_read == []


class Recording:
    """A source that remembers which files were read at the head."""

    def __init__(self, source):
        self.source = source
        self.paths_read = []

    def read(self, paths):
        for path, data in self.source.read(paths):
            self.paths_read.append(path)
            yield path, data

    def __getattr__(self, name):
        return getattr(self.source, name)
