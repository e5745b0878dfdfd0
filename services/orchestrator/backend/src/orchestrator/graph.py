"""The graph that the steps of a workflow make."""

from collections.abc import Iterable, Mapping

from .schemas import Issue, Step, StepStatus
from .templates import BadReference, references, values_of

REFERENCES = 100
"""References that one step may have; each may bring a whole output along."""


def issues(steps: list[Step]) -> list[Issue]:
    """Everything that is wrong with the graph: ids used twice, unknown steps, cycles, references that lead nowhere."""
    found: list[Issue] = []
    first: dict[str, int] = {}
    for position, step in enumerate(steps):
        if step.id in first:
            found.append(
                Issue(
                    path=f"steps.{position}.id", message=f"{step.id!r} is the id of step {first[step.id]} too"
                )
            )
        first.setdefault(step.id, position)
    for position, step in enumerate(steps):
        for place, needed in enumerate(step.needs):
            path = f"steps.{position}.needs.{place}"
            if needed not in first:
                found.append(Issue(path=path, message=f"there is no step {needed!r}"))
            elif needed in step.needs[:place]:
                found.append(Issue(path=path, message=f"{needed!r} is named twice"))
    needs = {step.id: [need for need in step.needs if need in first] for step in steps}
    cycle = cycle_in(needs)
    if cycle:
        found.append(
            Issue(
                path=f"steps.{first[cycle[0]]}.needs",
                message=f"the steps need each other in a circle: {' → '.join([*cycle, cycle[0]])}",
            )
        )
    for position, step in enumerate(steps):
        found.extend(_reference_issues(f"steps.{position}", step, before(step.id, needs), first))
    return found


def _reference_issues(path: str, step: Step, earlier: set[str], known: Iterable[str]) -> list[Issue]:
    try:
        named = [reference for value in values_of(step) for reference in references(value)]
    except BadReference as error:
        return [Issue(path=path, message=str(error))]
    if len(named) > REFERENCES:
        return [Issue(path=path, message=f"expected at most {REFERENCES} references, got {len(named)}")]
    found = []
    for identifier in dict.fromkeys(reference[1] for reference in named if reference[0] == "steps"):
        if identifier not in known:
            found.append(Issue(path=path, message=f"refers to steps.{identifier}, but there is no such step"))
        elif identifier not in earlier:
            found.append(
                Issue(
                    path=path,
                    message=f"refers to steps.{identifier}, which need not be finished by then; add it to needs",
                )
            )
    return found


def before(step: str, needs: Mapping[str, Iterable[str]]) -> set[str]:
    """Every step that is finished when this one starts."""
    found: set[str] = set()
    waiting = list(needs[step])
    while waiting:
        need = waiting.pop()
        if need not in found:
            found.add(need)
            waiting.extend(needs[need])
    return found


def cycle_in(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Steps of one circle, in the order in which they need each other; empty when there is none."""
    left = {step: set(needed) for step, needed in needs.items()}
    while free := [step for step, needed in left.items() if not needed & left.keys()]:
        for step in free:
            del left[step]
    if not left:
        return []
    # Whatever is left needs something that is left: following that comes back to where it was before.
    trail = [next(iter(left))]
    while True:
        step = next(need for need in needs[trail[-1]] if need in left)
        if step in trail:
            return trail[trail.index(step) :]
        trail.append(step)


def layers(steps: list[Step]) -> list[list[str]]:
    """Steps that can run at the same time, in order. The graph has no cycles."""
    left = {step.id: set(step.needs) for step in steps}
    found = []
    while left:
        free = [step for step, needed in left.items() if not needed & left.keys()]
        found.append(free)
        for step in free:
            del left[step]
    return found


def startable(steps: list[Step], states: Mapping[str, StepStatus]) -> list[Step]:
    """The steps that may start now."""
    return [
        step
        for step in steps
        if states[step.id] == "pending" and all(states[need] == "succeeded" for need in step.needs)
    ]


def unreachable(steps: list[Step], states: Mapping[str, StepStatus]) -> list[str]:
    """The steps that can never start, because one before them did not succeed."""
    left = {step.id: step for step in steps if states[step.id] == "pending"}
    broken = {step for step, status in states.items() if status in ("failed", "skipped", "cancelled")}
    found: list[str] = []
    while blocked := [step for step in left.values() if broken.intersection(step.needs)]:
        for step in blocked:
            found.append(step.id)
            broken.add(step.id)
            del left[step.id]
    return found
