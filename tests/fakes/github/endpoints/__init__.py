"""What the fake GitHub answers, by the name GitHub gives the operation."""

from fakes.github.endpoints import (
    actions,
    apps,
    check_runs,
    commits,
    contents,
    git_objects,
    git_refs,
    issue_comments,
    people,
    pulls,
    repositories,
    statuses,
)
from fakes.github.endpoints.permissions import Endpoint

_PARTS = (
    actions,
    apps,
    check_runs,
    commits,
    contents,
    git_objects,
    git_refs,
    issue_comments,
    people,
    pulls,
    repositories,
    statuses,
)
ENDPOINTS: dict[str, Endpoint] = {
    name: endpoint for part in _PARTS for name, endpoint in part.ENDPOINTS.items()
}
