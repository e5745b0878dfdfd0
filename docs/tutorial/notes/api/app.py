import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

from settings import secret

URL = secret("DATABASE_URL")


class Notes(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/livez":  # without a look at the database
            return self.answer(200, "alive")
        try:
            with psycopg.connect(URL, connect_timeout=2) as database:
                notes = database.execute("SELECT body FROM note ORDER BY id").fetchall()
        except psycopg.Error as error:
            return self.answer(503, type(error).__name__)
        self.answer(200, "ready" if self.path == "/readyz" else [body for (body,) in notes])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with psycopg.connect(URL) as database:
            database.execute("INSERT INTO note (body) VALUES (%s)", [body])
        self.answer(201, body)

    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *arguments):
        print(json.dumps({"message": format % arguments}))


server = ThreadingHTTPServer(("", 8000), Notes)
# SIGTERM: no new requests, those in flight are answered.
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
