"""`python -m analyzer`: serves with gunicorn until SIGTERM."""

from longshore_service.settings import load_or_exit
from longshore_service.wsgi_server import serve

from . import analyze as analyze  # before the workers are forked, which then share its memory
from .settings import Settings

if __name__ == "__main__":
    serve("analyzer", "analyzer.app:create", load_or_exit(Settings), threads=4)
