"""The git data API and git over HTTP of the fake GitHub, which are the same repository."""

from __future__ import annotations

import base64

import pytest
from building.repositories import make_repository
from github import GithubException, InputGitAuthor, InputGitTreeElement, UnknownObjectException


@pytest.fixture
def token(fake, repo):
    return fake.token(repo, permissions={"contents": "write"})


@pytest.fixture
def client_repo(connect, token):
    return connect(token).get_repo("octo/demo")


@pytest.fixture
def elsewhere(tmp_path):
    """An empty repository on another machine."""
    return make_repository(tmp_path / "elsewhere")


def url(repository, token=None):
    given = f"http://x-access-token:{token}@" if token else "http://"
    return repository.git_url.replace("http://", given)


def test_a_commit_made_through_the_api_is_what_git_fetches(repo, client_repo, elsewhere, token):
    blob = client_repo.create_git_blob(base64.b64encode(b"\0bytes").decode(), "base64")
    tree = client_repo.create_git_tree(
        [
            InputGitTreeElement("pr-1/abc/a.ipynb", "100644", "blob", content='{"cells": []}'),
            InputGitTreeElement("pr-1/abc/raw.bin", "100644", "blob", sha=blob.sha),
        ]
    )
    author = InputGitAuthor("nbci", "nbci@example.org", "2026-01-02T03:04:05Z")
    commit = client_repo.create_git_commit("Outputs", tree, [], author)
    client_repo.create_git_ref("refs/heads/nbci-outputs", commit.sha)

    elsewhere.git("fetch", "--quiet", url(repo, token), "nbci-outputs")

    assert elsewhere.git("rev-parse", "FETCH_HEAD") == commit.sha
    assert elsewhere.git("show", "FETCH_HEAD:pr-1/abc/a.ipynb") == '{"cells": []}'
    assert elsewhere.git("log", "-1", "--format=%an %aI %cn", "FETCH_HEAD") == (
        "nbci 2026-01-02T03:04:05+00:00 nbci"
    )
    assert repo.files("nbci-outputs") == {
        "pr-1/abc/a.ipynb": b'{"cells": []}',
        "pr-1/abc/raw.bin": b"\0bytes",
    }


def test_a_tree_is_its_base_with_changes(repo, client_repo):
    base = client_repo.get_git_tree("main")
    folder = client_repo.create_git_tree([InputGitTreeElement("x", "100644", "blob", content="x")])

    tree = client_repo.create_git_tree(
        [
            InputGitTreeElement("lib/tool.py", "100644", "blob", sha=None),
            InputGitTreeElement("lib/new.py", "100755", "blob", content="new"),
            InputGitTreeElement("whole", "040000", "tree", sha=folder.sha),
        ],
        base,
    )

    entries = repo.store.entries(tree.sha, recursive=True)
    files = [(item.mode, item.path) for item in entries if item.kind == "blob"]
    assert files == [("100644", "a.ipynb"), ("100755", "lib/new.py"), ("100644", "whole/x")]


def test_a_whole_folder_can_be_taken_out(repo, client_repo):
    base = client_repo.get_git_tree("main")

    tree = client_repo.create_git_tree(
        [InputGitTreeElement("lib", "040000", "tree", sha=None)], base
    )

    assert [item.path for item in repo.store.entries(tree.sha)] == ["a.ipynb"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"path": "a/../b", "mode": "100644", "content": ""}, "malformed path component"),
        ({"path": "/a", "mode": "100644", "content": ""}, "malformed path component"),
        ({"path": ".git/config", "mode": "100644", "content": ""}, "malformed path component"),
        ({"path": "a", "mode": "100644"}, "tree.sha or tree.content"),
        ({"path": "a", "mode": "100600", "content": ""}, "is not one of"),
        ({"path": "a", "mode": "100644", "sha": "1" * 40}, "is not a valid blob"),
        ({"path": "nowhere", "mode": "100644", "sha": None}, "GitRPC::BadObjectState"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(repo, raw, token, entry, message):
    base = repo.store.tree_of("main")

    answer = raw.ask(
        "POST", "/repos/octo/demo/git/trees", token=token, json={"base_tree": base, "tree": [entry]}
    )

    assert answer.status_code == 422
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        (
            "POST",
            "refs",
            {"ref": "refs/heads/feature", "sha": "{main}"},
            "Reference already exists",
        ),
        ("POST", "refs", {"ref": "refs/heads/x", "sha": "1" * 40}, "Object does not exist"),
        ("POST", "refs", {"ref": "heads/x", "sha": "{main}"}, "must start with 'refs/'"),
        ("POST", "refs", {"ref": "refs/heads/a..b", "sha": "{main}"}, "not a valid ref name"),
        ("POST", "refs", {"ref": "refs/pull/9/head", "sha": "{main}"}, "not a valid ref name"),
        ("PATCH", "refs/heads/x", {"sha": "{main}"}, "Reference does not exist"),
        ("PATCH", "refs/heads/feature", {"sha": "{main}"}, "Update is not a fast forward"),
        ("PATCH", "refs/heads/feature", {"sha": "2" * 40}, "Object does not exist"),
        ("DELETE", "refs/heads/x", None, "Reference does not exist"),
        ("POST", "commits", {"message": "m", "tree": "1" * 40}, "Tree SHA does not exist"),
        (
            "POST",
            "commits",
            {"message": "m", "tree": "{tree}", "parents": ["1" * 40]},
            "Parent SHA does not exist",
        ),
    ],
)
def test_a_ref_or_commit_that_cannot_be_is_refused(repo, raw, token, method, path, body, message):
    values = {"main": repo.branch_sha("main"), "tree": repo.store.tree_of("main")}
    body = body and {
        name: value.format(**values) if isinstance(value, str) else value
        for name, value in body.items()
    }

    answer = raw.ask(method, f"/repos/octo/demo/git/{path}", token=token, json=body)

    assert answer.status_code == 422
    assert message in answer.json()["message"]


def test_a_ref_moves_forward_or_by_force_and_goes(repo, pull, client_repo, token, working):
    main, feature = repo.branch_sha("main"), repo.branch_sha("feature")
    ref = client_repo.create_git_ref("refs/heads/x", main)

    ref.edit(feature)
    ref.edit(main, force=True)

    assert client_repo.get_git_ref("heads/x").object.sha == main
    found = [item.ref for item in client_repo.get_git_matching_refs("heads/")]
    assert found == ["refs/heads/feature", "refs/heads/main", "refs/heads/x"]
    assert client_repo.get_git_ref("pull/1/head").object.sha == feature
    ref.delete()
    with pytest.raises(UnknownObjectException):
        client_repo.get_git_ref("heads/x")


def test_a_branch_moved_through_the_api_moves_its_pull_request(repo, pull, client_repo, working):
    tree = client_repo.get_git_tree("feature")
    parent = client_repo.get_git_commit(pull.head_sha)
    commit = client_repo.create_git_commit("more", tree, [parent])

    client_repo.get_git_ref("heads/feature").edit(commit.sha)

    assert pull.head_sha == commit.sha


def test_a_tree_says_when_it_is_cut_off(fake, repo, client_repo):
    whole = client_repo.get_git_tree("main", recursive=True)
    fake.limits.tree_entries = 2

    cut = client_repo.get_git_tree("main", recursive=True)

    assert [item.path for item in whole.tree] == ["a.ipynb", "lib", "lib/tool.py"]
    assert whole.raw_data["truncated"] is False
    assert [item.path for item in cut.tree] == ["a.ipynb", "lib"]
    assert cut.raw_data["truncated"] is True


def test_large_files_come_as_blobs_and_too_large_ones_not_at_all(
    fake, repo, client_repo, working, raw
):
    fake.limits.contents_bytes, fake.limits.blob_bytes = 10, 1000
    working.write("small.txt", b"1234567890")
    working.write("large.txt", b"12345678901")
    working.write("huge.txt", b"1" * 1001)
    working.commit("sizes")
    repo.sync()

    small, large = (
        client_repo.get_contents(f"{name}.txt", "feature") for name in ("small", "large")
    )

    assert (small.encoding, small.decoded_content) == ("base64", b"1234567890")
    assert (large.encoding, large.content, large.size) == ("none", "", 11)
    assert base64.b64decode(client_repo.get_git_blob(large.sha).content) == b"12345678901"
    huge = raw.ask("GET", "/repos/octo/demo/contents/huge.txt?ref=feature")
    assert (huge.status_code, huge.json()["errors"][0]["code"]) == (403, "too_large")
    blob = raw.ask("GET", f"/repos/octo/demo/git/blobs/{working.git('rev-parse', ':huge.txt')}")
    assert blob.status_code == 403


def test_contents_are_files_folders_and_links(repo, client_repo, working, raw):
    working.root.joinpath("link.ipynb").symlink_to("a.ipynb")
    working.commit("link")
    repo.sync()

    listed = client_repo.get_contents("", "feature")

    assert [(item.type, item.path) for item in listed] == [
        ("file", "a.ipynb"),
        ("file", "b.ipynb"),
        ("dir", "lib"),
        ("symlink", "link.ipynb"),
    ]
    assert client_repo.get_contents("link.ipynb", "feature").target == "a.ipynb"
    assert client_repo.get_contents("lib", "main")[0].path == "lib/tool.py"
    answer = raw.ask(
        "GET",
        "/repos/octo/demo/contents/lib/tool.py",
        headers={"Accept": "application/vnd.github.raw+json"},
    )
    assert answer.text == "x = 1\n"
    with pytest.raises(UnknownObjectException):
        client_repo.get_contents("nowhere", "main")


@pytest.mark.parametrize("private", [False, True])
def test_git_fetches_one_commit_by_its_sha(fake, working, elsewhere, private):
    repository = fake.add_repository("octo/other", git=working, private=private)
    sha = repository.branch_sha("feature")
    address = url(repository, fake.token(repository) if private else None)

    elsewhere.git("fetch", "--quiet", "--depth=1", "--filter=blob:none", address, sha)

    assert elsewhere.git("rev-list", "FETCH_HEAD") == sha


def test_git_fetches_what_a_forks_pull_request_brought(repo, elsewhere):
    pull = repo.open_pull_request("feature", fork="stranger", author="stranger")

    elsewhere.git("fetch", "--quiet", "--depth=1", url(repo), pull.head_sha)
    elsewhere.git("fetch", "--quiet", url(repo), "refs/pull/1/merge")

    assert elsewhere.git("rev-parse", "FETCH_HEAD") == pull.merge_sha


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("nobody", 401, 401),
        ("unknown", 401, 401),
        ("expired", 401, 401),
        ("another repository", 404, 404),
        ("nothing allowed", 403, 403),
        ("may read", 200, 403),
        ("may write", 200, 200),
    ],
)
def test_git_needs_a_token_for_a_private_repository(fake, repo, working, raw, who, reads, writes):
    hidden = fake.add_repository("octo/hidden", git=working, private=True)
    tokens = {
        "nobody": None,
        "unknown": "ghs_unknown",
        "expired": fake.token(hidden),
        "another repository": fake.token(repo),
        "nothing allowed": fake.token(hidden, permissions={}),
        "may read": fake.token(hidden, permissions={"contents": "read"}),
        "may write": fake.token(hidden, permissions={"contents": "write"}),
    }
    fake.expire(tokens["expired"])
    auth = ("x-access-token", tokens[who]) if tokens[who] else None

    answers = [
        raw.session.get(f"{hidden.git_url}/info/refs", params={"service": service}, auth=auth)
        for service in ("git-upload-pack", "git-receive-pack")
    ]

    assert [answer.status_code for answer in answers] == [reads, writes]


def test_a_push_moves_the_branch_and_its_pull_request(fake, repo, pull, working, token):
    sha = working.commit("pushed")

    working.git("push", "--quiet", url(repo, token), "feature")

    assert repo.branch_sha("feature") == sha
    assert pull.head_sha == sha
    assert all(request.is_git and not request.creates_content for request in fake.requests)


def test_a_large_push_comes_in_chunks(repo, working, token):
    working.write("large.bin", b"".join(number.to_bytes(4, "big") for number in range(2**19)))
    sha = working.commit("large")

    working.git("-c", "http.postBuffer=65536", "push", "--quiet", url(repo, token), "feature")

    assert repo.branch_sha("feature") == sha
    assert len(repo.files("feature")["large.bin"]) == 2**21


def test_deleting_the_default_branch_is_refused(repo, client_repo):
    with pytest.raises(GithubException) as caught:
        client_repo.get_git_ref("heads/main").delete()

    assert caught.value.status == 422
