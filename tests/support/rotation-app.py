"""A server that logs in for every request, so that an invalid credential at any moment fails a request.

It speaks to PostgreSQL, Redis and Neo4j with nothing but the standard library. As `python app.py try` it takes one
login as JSON on standard input and says whether it is good.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class Refused(Exception):
    """The server did not take the login."""


def secret(name):
    with open(os.environ[f"{name}_FILE"], encoding="utf-8") as file:
        return file.read()


def read(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise Refused("the connection was closed")
        data += part
    return data


def postgres(url):
    """Logs in with SCRAM-SHA-256 and asks who it is."""
    where = urlsplit(url)
    user, password = unquote(where.username), unquote(where.password)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:

        def send(kind, body):
            connection.sendall(kind + struct.pack("!i", len(body) + 4) + body)

        def receive():
            kind, size = struct.unpack("!ci", read(connection, 5))
            body = read(connection, size - 4)
            if kind == b"E":
                raise Refused(body.replace(b"\0", b" ").decode())
            return kind, body

        database = where.path[1:]
        send(b"", struct.pack("!i", 196608) + f"user\0{user}\0database\0{database}\0\0".encode())
        receive()
        first = "n=,r=" + secrets.token_urlsafe(18)
        message = ("n,," + first).encode()
        send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(message)) + message)
        challenge = receive()[1][4:].decode()
        said = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(said["s"]), int(said["i"]))
        client = hmac.digest(salted, b"Client Key", "sha256")
        final = "c=biws,r=" + said["r"]
        signed = hmac.digest(hashlib.sha256(client).digest(), f"{first},{challenge},{final}".encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signed, strict=True))).decode()
        send(b"p", f"{final},p={proof}".encode())
        while receive()[0] != b"Z":
            pass
        send(b"Q", b"SELECT current_user\0")
        rows = []
        while True:
            kind, body = receive()
            if kind == b"D":
                rows.append(body[6:].decode())
            if kind == b"Z":
                return rows[0]


def redis(url):
    where = urlsplit(url)
    password = unquote(where.password).encode()
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n*1\r\n$4\r\nPING\r\n" % (len(password), password))
        answer = b""
        while answer.count(b"\r\n") < 2:
            part = connection.recv(1024)
            if not part:
                break
            answer += part
        if answer != b"+OK\r\n+PONG\r\n":
            raise Refused(answer.decode())
        return "PONG"


def neo4j(address, user, password):
    """Bolt 4.4: the login and one query."""
    where = urlsplit(address)

    def text(value):
        data = value.encode()
        return (bytes([0x80 + len(data)]) if len(data) < 16 else struct.pack("!BB", 0xD0, len(data))) + data

    def mapping(values):
        return bytes([0xA0 + len(values)]) + b"".join(text(k) + v for k, v in values.items())

    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:

        def ask(message):
            connection.sendall(struct.pack("!H", len(message)) + message + b"\0\0")
            answer = b""
            while size := struct.unpack("!H", read(connection, 2))[0]:
                answer += read(connection, size)
            if answer[1] != 0x70:
                raise Refused(repr(answer))

        connection.sendall(b"\x60\x60\xb0\x17" + b"\0\0\x04\x04" + b"\0" * 12)
        read(connection, 4)
        login = {"user_agent": text("test/1"), "scheme": text("basic")}
        ask(b"\xb1\x01" + mapping({**login, "principal": text(user), "credentials": text(password)}))
        ask(b"\xb3\x10" + text("RETURN 1") + b"\xa0\xa0")
        return "1"


def sign(key):
    payload = secrets.token_hex(8)
    return f"{payload}.{hmac.digest(key.encode(), payload.encode(), 'sha256').hex()}"


def verify(token):
    payload, _, signature = token.partition(".")
    keys = [secret("KEY"), *secret("KEY_ACCEPTED").split("\n")]
    for key in filter(None, keys):
        if hmac.compare_digest(hmac.digest(key.encode(), payload.encode(), "sha256").hex(), signature):
            return "valid"
    raise Refused("no key of this set signed it")


def answer(path):
    match path.partition("?")[::2]:
        case ("/db", _):
            return postgres(secret("DATABASE_URL"))
        case ("/cache", _):
            return redis(secret("REDIS_URL"))
        case ("/graph", _):
            return neo4j(os.environ["NEO4J_URI"], os.environ["NEO4J_USER"], secret("NEO4J_PASSWORD"))
        case ("/token", ""):
            return sign(secret("KEY"))
        case ("/token", token):
            return verify(token)
        case ("/key", _):
            return hashlib.sha256(secret("API_KEY").encode()).hexdigest()
        case _:
            return "ok"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, body = 200, answer(self.path)
        except (Refused, OSError) as error:
            status, body = 503, f"{type(error).__name__}: {error}"
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def main():
    if sys.argv[1:] == ["try"]:
        kind, *login = json.load(sys.stdin)
        try:
            {"postgres": postgres, "redis": redis, "neo4j": neo4j}[kind](*login)
            print("good")
        except Refused as error:
            print(f"refused: {error}")
        return
    if os.environ.get("CRASH"):
        sys.exit("CRASH is set")
    import signal
    import threading

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        # What is in hand is answered before the process ends.
        daemon_threads = False

    server = Server(("", 8000), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()


main()
