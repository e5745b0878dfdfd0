"""References in a step's values: `{{ steps.fetch.body.items.0 }}` and `{{ input.name }}`.

Nothing is evaluated: a reference is a path through JSON and nothing else.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from .schemas import HttpStep, Step, TransformStep, texts

_REFERENCE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PART = re.compile(r"[^.{}\s][^.{}]*")


class BadReference(ValueError):
    """A reference that is none, or that leads nowhere."""


def values_of(step: Step) -> list[JsonValue]:
    """The values of a step in which references count."""
    match step:
        case HttpStep():
            return [step.url, dict(step.headers), step.body]
        case TransformStep():
            return [step.value]
        case _:
            return []


def parse(text: str) -> list[str]:
    """The parts of the path between the braces.

    :raises BadReference: when it is none
    """
    parts = text.strip().split(".")
    if parts[0] not in ("steps", "input") or not all(_PART.fullmatch(part) for part in parts):
        raise BadReference(f"expected {{{{ steps.ID.… }}}} or {{{{ input.… }}}}, got {{{{{text}}}}}")
    if parts == ["steps"]:
        raise BadReference("expected {{ steps.ID.… }}: a step's id is missing")
    return parts


def references(value: JsonValue) -> list[list[str]]:
    """All references in a value, as parts of their paths."""
    return [parse(found) for text in texts(value) for found in _REFERENCE.findall(text)]


def resolve(value: JsonValue, context: Mapping[str, Any]) -> Any:
    """The value with what its references stand for. A text that is one reference becomes what it leads to.

    :raises BadReference: when one leads nowhere
    """
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value.strip())
        if whole and "}}" not in whole.group(1):
            return look_up(parse(whole.group(1)), context)
        return _REFERENCE.sub(lambda found: as_text(look_up(parse(found.group(1)), context)), value)
    if isinstance(value, list):
        return [resolve(item, context) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, context) for key, item in value.items()}
    return value


def look_up(parts: list[str], context: Mapping[str, Any]) -> Any:
    found: Any = context
    for position, part in enumerate(parts):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isascii() and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise BadReference(
                f"{{{{ {'.'.join(parts)} }}}} leads nowhere: {'.'.join(parts[:position])} has no {part!r}"
            )
    return found


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
