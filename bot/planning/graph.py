"""What can be reached in a directed graph. Cycles are fine; nothing recurses."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence


class Graph:
    """Nodes by name, each with those that it leads to; those it names must be nodes too."""

    def __init__(self, edges: Mapping[str, Sequence[str]]) -> None:
        self._edges = edges
        self._backward: defaultdict[str, list[str]] = defaultdict(list)
        for node in sorted(edges):
            for successor in set(edges[node]):
                self._backward[successor].append(node)

    def reachable_bits(self, own: dict[str, int]) -> dict[str, int]:
        """Return for each node its own bits and those of everything that can be reached from it."""
        bits = dict.fromkeys(self._edges, 0) | own
        waiting = deque(self._successors_first())
        is_waiting = set(waiting)
        while waiting:
            node = waiting.popleft()
            is_waiting.remove(node)
            total = bits[node]
            for successor in self._edges[node]:
                total |= bits[successor]
            if total != bits[node]:
                bits[node] = total
                # Only on a cycle has a predecessor been looked at already.
                again = [other for other in self._backward[node] if other not in is_waiting]
                waiting.extend(again)
                is_waiting.update(again)
        return bits

    def steps_towards(self, goals: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return for each node the next one on a shortest way to a goal, and that goal.

        Nodes that are goals or reach none are left out. The same edges give the same ways.
        """
        steps: dict[str, tuple[str, str]] = {}
        waiting = deque((goal, goal) for goal in sorted(goals))
        while waiting:
            node, goal = waiting.popleft()
            for predecessor in self._backward[node]:
                if predecessor not in steps and predecessor not in goals:
                    steps[predecessor] = (node, goal)
                    waiting.append((predecessor, goal))
        return steps

    def _successors_first(self) -> list[str]:
        """Return the nodes so that each stands behind those it leads to, except on cycles."""
        done: list[str] = []
        seen: set[str] = set()
        for start in self._edges:
            path = [(start, iter(self._edges[start]))] if start not in seen else []
            seen.add(start)
            while path:
                node, successors = path[-1]
                unseen = next((other for other in successors if other not in seen), None)
                if unseen is None:
                    path.pop()
                    done.append(node)
                else:
                    seen.add(unseen)
                    path.append((unseen, iter(self._edges[unseen])))
        return done
