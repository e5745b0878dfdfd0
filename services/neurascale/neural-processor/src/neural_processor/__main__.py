"""`python -m neural_processor`: serves until SIGTERM."""

from longshore_service.server import serve
from longshore_service.settings import load_or_exit

from .settings import Settings


def main() -> None:
    serve("neural_processor", "neural_processor.app:from_environment", load_or_exit(Settings))


if __name__ == "__main__":
    main()
