import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupytext.formats import NOTEBOOK_EXTENSIONS

from bot.config.patterns import TEXT_SUFFIXES, matcher, problem_of


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "is empty or a comment to git and would match nothing"),
        ("  ", "is empty or a comment to git and would match nothing"),
        ("# drafts", "is empty or a comment to git and would match nothing"),
        ("./a", "begins with './' and would match nothing; write '/a'"),
        ("!./a", "begins with './' and would match nothing; write '!/a'"),
        ("../a", "leaves the repository with '..' and would match nothing"),
        ("a/../b", "leaves the repository with '..' and would match nothing"),
        ("a\nb", "has control characters or is longer than 500 characters"),
        ("a" * 501, "has control characters or is longer than 500 characters"),
        ("a*b*c*d*", "has more than 3 '*' between two '/'; write several patterns"),
        ("a/**/b/**/c/**/d/**/e", "has more than 3 '**'; write several patterns"),
        ("!", "is not a pattern as .gitignore has them"),
        ("/", "is not a pattern as .gitignore has them"),
        ("a\\", "is not a pattern as .gitignore has them"),
        ("[z-a]", "is not a pattern as .gitignore has them"),
        ("[[:alpha:]]", "is not a pattern as .gitignore has them"),
    ],
)
def test_a_pattern_that_cannot_mean_anything_is_explained(pattern, problem):
    assert problem_of(pattern) == problem


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "**",
        "*.ipynb",
        "/a",
        "a/",
        "!a",
        "a b",
        "**/a/**",
        "[ab]?.py",
        "größe/*.md",
        "\\#a",
        "a..b",
    ],
)
def test_ordinary_patterns_are_fine(pattern):
    assert problem_of(pattern) is None


PARTS = st.sampled_from(["a", "b", "ab", "a.md", "b.ipynb", "x y"])
# Without those that end in `**/`: to pathspec `b/**/` is the same as `b/`, to git it is not.
PATTERNS = st.lists(
    st.builds(
        lambda rooted, parts, folder: rooted + "/".join(parts) + folder,
        st.sampled_from(["", "/"]),
        st.lists(
            PARTS | st.sampled_from(["*", "**", "?", "a*", "*.md", "[ab]"]), min_size=1, max_size=3
        ),
        st.sampled_from(["", "/"]),
    ).filter(lambda pattern: problem_of(pattern) is None and not pattern.endswith("**/")),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


@given(patterns=PATTERNS, path=st.lists(PARTS, min_size=1, max_size=4).map("/".join))
def test_patterns_match_a_file_as_git_does(repository, patterns, path):
    (repository / ".gitignore").write_text("\n".join(patterns) + "\n")

    said = subprocess.run(
        ["git", "-C", repository, "check-ignore", "-q", "--no-index", path], check=False
    )

    assert matcher(patterns)(path) is (said.returncode == 0)


def test_paths_may_hold_anything_a_file_name_can():
    matches = matcher(["folder/", "*.ipynb"])

    assert matches("folder/new\nline/a")
    assert matches("folder/\udcff")
    assert matches("new\nline.ipynb")
    assert not matches("new\nline.py")


def test_no_pattern_matches_nothing():
    assert not matcher([])("a.ipynb")


def test_every_text_suffix_is_one_jupytext_reads():
    assert set(NOTEBOOK_EXTENSIONS) > TEXT_SUFFIXES
