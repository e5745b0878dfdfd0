import os
from pathlib import Path


def secret(name: str) -> str | None:
    """The value in the file that NAME_FILE names; None when there is no such secret here."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else None
