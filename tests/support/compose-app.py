"""A small server for the tests of the Compose provider: answers its version, and fails in the ways that it is told to."""

import hashlib
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = os.environ.get("APP_VERSION", "1")
SECRET_FILE = os.environ.get("TOKEN_FILE")
READY_AT = time.monotonic() + float(os.environ.get("READY_AFTER", "0"))
DATA = os.environ.get("DATA")


def secret_digest():
    if not SECRET_FILE:
        return ""
    with open(SECRET_FILE, encoding="utf-8") as file:
        return hashlib.sha256(file.read().encode()).hexdigest()[:12]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        ready = time.monotonic() >= READY_AT and not os.path.exists("/tmp/ill")
        if self.path == "/stream":
            self.stream()
            return
        self.reply(200 if ready else 503, f"version={VERSION} secret={secret_digest()} path={self.path}\n")

    def stream(self):
        """Two pieces; the second once the client has had time to see the first alone."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        time.sleep(1)
        self.wfile.write(b"data: second\n\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if DATA:
            with open(os.path.join(DATA, "posts"), "ab") as file:
                file.write(body + b"\n")
        self.reply(200, "ok\n")

    def reply(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text.encode())))
        for name in ("X-Request-Id", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"):
            if self.headers.get(name):
                self.send_header(f"Seen-{name}", self.headers[name])
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def main():
    print(f"version {VERSION} starts", flush=True)
    if os.environ.get("CRASH"):
        if SECRET_FILE:
            print("the token is", open(SECRET_FILE, encoding="utf-8").read(), flush=True)
        print("cannot go on: the flux capacitor is missing", file=sys.stderr, flush=True)
        sys.exit(3)
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
    server.daemon_threads = False
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
