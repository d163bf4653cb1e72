"""Which changed files a notebook makes use of through imports and runs, and on which ways.

The modules of the repository form one graph, in which imports are looked up in the folders that
all share. A notebook's own folders can give a name another meaning; only what can come to import
such a name is followed again from that notebook.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sized
from typing import NamedTuple

from bot.planning.graph import Graph
from bot.planning.library import Library
from bot.planning.links import Links, Surroundings
from bot.planning.module_index import ModuleIndex
from bot.planning.wording import Link, Step

Chain = tuple[Step, ...]

# With more changed files than this only the way to the nearest of them is looked for.
_MOST_TOLD_APART = 20
# Of a longer chain only this many steps are kept, the last of them its end.
_LONGEST_CHAIN = 6
_TOO_LONG: Sized = range(_LONGEST_CHAIN + 1)


class Reached(NamedTuple):
    """Changed files that a notebook makes use of: ways to them, shortest first, and how many."""

    chains: list[Chain]
    total: int


class Impact:
    """The ways from notebooks to the changed files in one state of a repository."""

    def __init__(
        self,
        library: Library,
        links: Links,
        modules: ModuleIndex,
        changed: Collection[str],
    ) -> None:
        """Take the links between files; the facts of *modules* must be loaded."""
        self._links = links
        goals = sorted(changed)
        self._goals = {path: 1 << number for number, path in enumerate(goals)}
        self._edges = self._find_edges(modules.files)
        self._names = self._imported_names(library, modules.names)
        graph = Graph(self._edges)
        self._bits = graph.reachable_bits(self._own_bits(library))
        groups = [[goal] for goal in goals] if len(goals) <= _MOST_TOLD_APART else [goals]
        self._ways = [graph.steps_towards(group) for group in groups]
        self._goal_bits = (1 << len(goals)) - 1
        self._special: dict[tuple[str, ...], int] = {}
        self._known_rests: dict[str, list[Chain]] = {}

    def reached_from(self, notebook: str) -> Reached:
        """Return the changed files that *notebook* makes use of, itself not counted."""
        chains: dict[str, Chain] = {}
        total = 0
        for chain, bits in self._walk(notebook):
            total |= bits
            goal = chain[-1].path
            if goal in self._goals and len(chain) < len(chains.get(goal, _TOO_LONG)):
                chains[goal] = chain
        chains.pop(notebook, None)
        total &= ~self._goals.get(notebook, 0)
        ordered = sorted(chains.values(), key=lambda chain: (len(chain), chain[-1].path))
        return Reached(ordered, total.bit_count())

    def _walk(self, notebook: str) -> Iterator[tuple[Chain, int]]:
        """Yield chains from *notebook*, and the bits of changed files that each leads to."""
        waiting: deque[tuple[str, Surroundings, Chain]] = deque()
        waiting.append((notebook, self._links.surroundings_of(notebook), ()))
        seen: set[tuple[str, Surroundings]] = set()
        while waiting:
            file, around, so_far = waiting.popleft()
            for step in self._links.steps(file, around):
                chain = _extended(so_far, step)
                inside = self._links.behind(step, around)
                if self._is_the_same_for_all(step, inside):
                    yield chain, self._bits.get(step.path, 0) & self._goal_bits
                    yield from ((_extended(chain, *rest), 0) for rest in self._rests(step.path))
                    continue
                yield chain, self._goals.get(step.path, 0)
                if (step.path, inside) not in seen:
                    seen.add((step.path, inside))
                    waiting.append((step.path, inside, chain))

    def _is_the_same_for_all(self, step: Step, surroundings: Surroundings) -> bool:
        """Whether nothing that can be reached behind *step* has another meaning here."""
        if step.link is not Link.IMPORTS:
            return False
        own = surroundings.search_path.own
        if own not in self._special:
            names = surroundings.search_path.special_names
            self._special[own] = sum(self._names.get(name, 0) for name in names)
        return not self._bits.get(step.path, 0) & self._special[own]

    def _rests(self, file: str) -> list[Chain]:
        """Return how chains that came to *file* go on to changed files."""
        if file not in self._known_rests:
            rests = (self._rest(file, ways) for ways in self._ways)
            self._known_rests[file] = [rest for rest in rests if rest]
        return self._known_rests[file]

    def _rest(self, file: str, ways: Mapping[str, tuple[str, str]]) -> Chain:
        chain: list[Step] = []
        while file in ways:
            following, goal = ways[file]
            if len(chain) == _LONGEST_CHAIN - 1:
                following = goal
            chain.append(self._step(file, following))
            file = following
        return tuple(chain)

    def _step(self, file: str, following: str) -> Step:
        steps = self._links.steps(file, self._links.common)
        return next(
            (step for step in steps if step.path == following), Step(Link.IMPORTS, following)
        )

    def _find_edges(self, modules: Iterable[str]) -> dict[str, list[str]]:
        edges: dict[str, list[str]] = {}
        waiting = list(modules)
        while waiting:
            file = waiting.pop()
            if file not in edges:
                edges[file] = [step.path for step in self._links.steps(file, self._links.common)]
                waiting += edges[file]
        return edges

    def _imported_names(self, library: Library, names: Collection[str]) -> dict[str, int]:
        """Return a bit for each of *names* that some module imports from the search path."""
        imported = {
            item.module.partition(".")[0]
            for file in self._edges
            for item in library.facts_of(file).imports
            if not item.level
        }
        return {
            name: 1 << number
            for number, name in enumerate(sorted(imported & set(names)), len(self._goals))
        }

    def _own_bits(self, library: Library) -> dict[str, int]:
        bits: dict[str, int] = dict(self._goals)
        for file in self._edges:
            for item in library.facts_of(file).imports:
                if not item.level:
                    name = item.module.partition(".")[0]
                    bits[file] = bits.get(file, 0) | self._names.get(name, 0)
        return bits


def _extended(chain: Chain, *steps: Step) -> Chain:
    whole = (*chain, *steps)
    return whole if len(whole) <= _LONGEST_CHAIN else (*whole[: _LONGEST_CHAIN - 1], whole[-1])
