"""The node: one operation on one table, with typed input and output. Dataflow makes nodes, everyone else calls them."""

from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    """`table.operation`, such as `document.create`."""
    table: str
    operation: str
    """`create`, `read`, `update`, `delete`, `list` or `search`."""
    description: str
    input: Json
    """JSON Schema (2020-12) of the arguments."""
    output: Json
    """JSON Schema of the result."""
    internal: bool = False
    """Kept from people and models: for the platform's own use."""

    def as_json(self) -> Json:
        return asdict(self)

    @property
    def tool(self) -> str:
        """The name as Model Context Protocol clients take it: they allow no dots everywhere."""
        return f"{self.table}_{self.operation}"
