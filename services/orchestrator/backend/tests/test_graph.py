import random
from typing import Any

import pytest

from orchestrator.graph import cycle_in, issues, layers, startable, unreachable
from orchestrator.schemas import STEPS, Step
from orchestrator.templates import BadReference, resolve


def steps(*described: dict[str, Any]) -> list[Step]:
    return STEPS.validate_python([{"kind": "delay", "seconds": 0, **one} for one in described])


def messages(*described: dict[str, Any]) -> list[tuple[str, str]]:
    return [(issue.path, issue.message) for issue in issues(steps(*described))]


def test_a_sound_graph_has_no_issues_and_its_order() -> None:
    graph = steps({"id": "a"}, {"id": "c", "needs": ["a", "b"]}, {"id": "b"}, {"id": "d", "needs": ["c"]})
    assert issues(graph) == []
    assert layers(graph) == [["a", "b"], ["c"], ["d"]]


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    found = messages(
        {"id": "a", "needs": ["a"]},
        {"id": "b", "needs": ["nowhere", "a", "a"]},
        {"id": "b"},
    )
    assert ("steps.2.id", "'b' is the id of step 1 too") in found
    assert ("steps.1.needs.0", "there is no step 'nowhere'") in found
    assert ("steps.1.needs.2", "'a' is named twice") in found
    assert ("steps.0.needs", "the steps need each other in a circle: a → a") in found


def test_a_circle_is_named_without_what_only_leads_to_it() -> None:
    found = messages({"id": "z", "needs": ["a"]}, {"id": "a", "needs": ["b"]}, {"id": "b", "needs": ["a"]})
    assert len(found) == 1
    assert found[0][1] in (
        "the steps need each other in a circle: a → b → a",
        "the steps need each other in a circle: b → a → b",
    )


def test_random_graphs_have_a_circle_exactly_when_they_have_no_order() -> None:
    generator = random.Random(7)  # noqa: S311
    for _ in range(300):
        names = [f"s{number}" for number in range(generator.randint(1, 8))]
        needs = {name: generator.sample(names, generator.randint(0, min(2, len(names)))) for name in names}
        cycle = cycle_in(needs)
        for position, name in enumerate(cycle):
            assert cycle[(position + 1) % len(cycle)] in needs[name]
        if not cycle:
            order = [
                step
                for layer in layers(steps(*({"id": n, "needs": m} for n, m in needs.items())))
                for step in layer
            ]
            assert all(order.index(need) < order.index(name) for name in names for need in needs[name])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{{ steps.b.x }}", "refers to steps.b, which need not be finished by then; add it to needs"),
        ("{{ steps.nope }}", "refers to steps.nope, but there is no such step"),
        ("{{ steps }}", "expected {{ steps.ID.… }}: a step's id is missing"),
        ({"deep": ["{{ os.environ }}"]}, "expected {{ steps.ID.… }} or {{ input.… }}, got {{ os.environ }}"),
        (["{{ input }}"] * 101, "expected at most 100 references, got 101"),
    ],
)
def test_references_are_checked_before_anything_runs(value: Any, message: str) -> None:
    found = messages({"id": "a", "kind": "delay"}, {"id": "b", "needs": ["a"]})
    assert found == []
    checked = STEPS.validate_python(
        [
            {"id": "a", "kind": "transform", "value": value},
            {"id": "b", "kind": "delay", "seconds": 0, "needs": ["a"]},
        ]
    )
    assert [(issue.path, issue.message) for issue in issues(checked)] == [("steps.0", message)]


def test_references_keep_types_join_in_text_and_evaluate_nothing() -> None:
    context = {"input": {"name": "Ada", "n": 3}, "steps": {"a": {"list": [1, {"x": None}]}}}
    assert resolve("{{ input.n }}", context) == 3
    assert resolve("{{input.name}} has {{ steps.a.list }}", context) == 'Ada has [1, {"x": null}]'
    assert resolve({"v": ["{{ steps.a.list.1.x }}", True]}, context) == {"v": [None, True]}
    assert resolve("{{ input.name }} and {{ input.n }}", context) == "Ada and 3"
    with pytest.raises(BadReference, match=r"steps\.a has no 'b'"):
        resolve("{{ steps.a.b }}", context)
    with pytest.raises(BadReference):
        resolve("{{ input.__class__ }}", context)


def test_what_may_start_and_what_never_will() -> None:
    graph = steps(
        {"id": "a"},
        {"id": "b"},
        {"id": "c", "needs": ["a", "b"]},
        {"id": "d", "needs": ["c"]},
        {"id": "e", "needs": ["b"]},
    )
    states: Any = {"a": "failed", "b": "succeeded", "c": "pending", "d": "pending", "e": "pending"}
    assert [step.id for step in startable(graph, states)] == ["e"]
    assert unreachable(graph, states) == ["c", "d"]
