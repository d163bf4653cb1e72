from hypothesis import given
from hypothesis import strategies as st

from bot.planning.graph import Graph

NODES = "abcdefg"
EDGES = st.fixed_dictionaries(
    {node: st.lists(st.sampled_from(NODES), max_size=3) for node in NODES}
)


def reachable(edges, start):
    seen, waiting = {start}, [start]
    while waiting:
        for node in edges[waiting.pop()]:
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen


@given(EDGES)
def test_bits_come_from_everything_that_can_be_reached(edges):
    own = {node: 1 << number for number, node in enumerate(NODES)}

    bits = Graph(edges).reachable_bits(own)

    assert bits == {node: sum(own[other] for other in reachable(edges, node)) for node in NODES}


@given(EDGES, st.sets(st.sampled_from(NODES), max_size=2))
def test_steps_lead_to_a_goal_wherever_there_is_one(edges, goals):
    steps = Graph(edges).steps_towards(goals)

    assert steps.keys() == {
        node for node in NODES if node not in goals and goals & reachable(edges, node)
    }
    for node, (following, goal) in steps.items():
        assert following in edges[node]
        assert goal in goals
        assert following == goal or steps[following][1] == goal


def test_a_very_long_way_is_no_problem():
    edges = {str(number): [str(number + 1)] for number in range(50_000)} | {"50000": []}

    graph = Graph(edges)

    assert graph.reachable_bits({"50000": 1})["0"] == 1
    assert graph.steps_towards({"50000"})["0"] == ("1", "50000")
