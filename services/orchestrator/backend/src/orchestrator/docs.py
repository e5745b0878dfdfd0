"""The API's description as a page: no script, nothing from elsewhere, so that it can be read wherever the API runs."""

from collections.abc import Iterator
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid GrayText; margin-top: 1.5rem }
code, td:first-child { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top }
"""


def page(api: dict[str, Any]) -> str:
    """The HTML page of an OpenAPI document."""
    info = api["info"]
    operations = [
        operation(path, method, described)
        for path, methods in api["paths"].items()
        for method, described in methods.items()
    ]
    schemas = [schema(name, described) for name, described in sorted(api["components"]["schemas"].items())]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        f"<h1>{escape(info['title'])} API</h1><p>{escape(info.get('description', ''))} Version "
        f'{escape(info["version"])}; for programs: <a href="openapi.json">openapi.json</a>.</p>'
        f"<h2>Operations</h2>{''.join(operations)}<h2>Documents</h2>{''.join(schemas)}</main></body></html>"
    )


def operation(path: str, method: str, described: dict[str, Any]) -> str:
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    rows = [
        (f"{one['in']} {one['name']}", kind(one["schema"]), one.get("description", ""))
        for one in described.get("parameters", ())
    ]
    if body:
        rows.append(("body", kind(body), ""))
    for status, answer in described["responses"].items():
        content = answer.get("content", {}).get("application/json", {}).get("schema")
        rows.append((status, kind(content) if content else "", answer["description"]))
    note = described.get("description", described.get("summary", ""))
    return f"<section><h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(note)}</p>{table(rows)}</section>"


def schema(name: str, described: dict[str, Any]) -> str:
    required = described.get("required", ())
    rows = [
        (
            key,
            kind(one) + ("" if key in required else ", optional"),
            one.get("description", ""),
        )
        for key, one in described.get("properties", {}).items()
    ]
    note = described.get("description", "")
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{escape(note)}</p>{table(rows)}</section>'


def table(rows: list[tuple[str, str, str]]) -> str:
    lines = (f"<tr><td>{escape(a)}</td><td>{b}</td><td>{escape(c)}</td></tr>" for a, b, c in rows)
    return f"<table>{''.join(lines)}</table>"


def kind(described: dict[str, Any]) -> str:
    """What a value is, as HTML that leads to the documents it names."""
    return " or ".join(dict.fromkeys(_kinds(described)))


def _kinds(described: dict[str, Any]) -> Iterator[str]:
    if reference := described.get("$ref"):
        name = escape(reference.rsplit("/", 1)[-1])
        yield f'<a href="#{name}">{name}</a>'
    for one in (*described.get("anyOf", ()), *described.get("oneOf", ())):
        yield from _kinds(one)
    if "const" in described:
        yield f"<code>{escape(str(described['const']))}</code>"
    elif "enum" in described:
        yield ", ".join(f"<code>{escape(str(one))}</code>" for one in described["enum"])
    elif described.get("type") == "array":
        yield f"list of ({kind(described.get('items', {}))})"
    elif "type" in described:
        yield escape(described.get("format", described["type"]))
    elif not described.keys() & {"$ref", "anyOf", "oneOf"}:
        yield "any JSON"
