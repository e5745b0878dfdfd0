"""`python -m orchestrator`: serves the API until SIGTERM."""

from longshore_service.server import serve
from longshore_service.settings import load_or_exit

from .settings import Settings

if __name__ == "__main__":
    serve("orchestrator", "orchestrator.app:from_environment", load_or_exit(Settings))
