"""The sample loses no order: it repeats whatever is no answer of Sluice's, with one key, until its patience is over.

Each test talks to a server of its own on a free port.
"""

import contextlib
import json
import logging
import os
import socket
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

import storefront  # noqa: E402

ACCEPTED = (202, "application/json", json.dumps({"order_id": "ord_x", "status": "ACCEPTED"}))
HTML = "<html><body>Forbidden</body></html>"
CLOSE = "close the connection without an answer"
CUT = "announce more than is sent"
# Seconds, in which a busy machine too tries more than once.
PATIENCE = 1


def problem(status, name):
    body = {"type": f"urn:sluice:problem:{name}", "status": status, "detail": "why"}
    return status, "application/problem+json", json.dumps(body)


class Server(ThreadingHTTPServer):
    """Gives the answers one after the other, and then the last again. Keeps the keys of what it was asked."""

    daemon_threads = True

    def __init__(self, *answers, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.answers = list(answers)
        self.keys = []
        self.address = f"http://127.0.0.1:{self.server_port}/v1"

    def next(self, key):
        self.keys.append(key)
        return self.answers[min(len(self.keys), len(self.answers)) - 1]

    def handle_error(self, request, client_address):
        """What a client that is no HTTP says is no error of the test."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.next(self.headers["Idempotency-Key"])
        if answer == CLOSE:
            return
        if answer == CUT:
            self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{")
            return
        status, content_type, body = answer
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:1/login")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Storefront(unittest.TestCase):
    def setUp(self):
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)
        settings = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment = mock.patch.dict(os.environ, {**kept, **settings}, clear=True)
        environment.start()
        self.addCleanup(environment.stop)
        # Pauses are random; here they are short.
        pauses = mock.patch("random.uniform", lambda low, high: 0.02)
        pauses.start()
        self.addCleanup(pauses.stop)

    def place(self, address, patience=20):
        basket = {"order": {"customer_id": "c"}}
        status, answer = storefront.place(address, basket, patience)
        return status, answer, basket["idempotency_key"]

    def test_an_answer_of_sluice_is_final(self):
        for answer in [ACCEPTED, problem(422, "invalid-order"), problem(400, "invalid-json"), problem(413, "order-too-large")]:
            with self.subTest(answer), Server(answer) as server:
                status, body, key = self.place(server.address)
                self.assertEqual((status, body), (answer[0], json.loads(answer[2])))
                self.assertEqual(server.keys, [key])

    def test_what_is_no_answer_of_sluice_is_repeated_under_the_same_key(self):
        for nothing in [
            CLOSE,
            CUT,
            (403, "text/html", HTML),
            (407, "text/html", HTML),
            (408, "text/html", HTML),
            (404, "text/html", HTML),
            (200, "text/html", HTML),
            (302, "text/html", HTML),
            (502, "text/html", HTML),
            (202, "application/json", ""),
            (202, "application/json", "{"),
            (202, "application/json", b"\xff\xfe"),
            (202, "application/json", "[]"),
            (202, "application/json", "null"),
            (202, "application/json", "{}"),
            (200, "application/json", "{}"),
            # API Gateway's own: it says nothing of the order.
            (403, "application/json", '{"message": "The security token included in the request is expired"}'),
            (429, "application/json", '{"message": "Too Many Requests"}'),
            (504, "application/json", '{"message": "Endpoint request timed out"}'),
            problem(503, "outcome-unknown"),
            problem(503, "not-accepted"),
        ]:
            with self.subTest(nothing), Server(nothing, nothing, ACCEPTED) as server:
                status, body, key = self.place(server.address)
                self.assertEqual((status, body["order_id"]), (202, "ord_x"))
                self.assertEqual(server.keys, [key] * 3)

    def test_without_an_answer_the_outcome_is_unknown(self):
        with Server((403, "text/html", HTML)) as server:
            self.assertEqual(self.place(server.address, PATIENCE)[:2], (None, None))
            self.assertGreater(len(server.keys), 2)

    def test_a_server_that_cannot_be_reached_is_no_error(self):
        nowhere = f"127.0.0.1:{closed_port()}"
        with Server(ACCEPTED) as plain:
            for name, address in {
                "refused": f"http://{nowhere}/v1",
                "refused with TLS": f"https://{nowhere}/v1",
                "no such name": "http://nonexistent.invalid/v1",
                "a name that is none": f"http://{'x' * 70}.invalid/v1",
                "no TLS there": plain.address.replace("http:", "https:"),
            }.items():
                with self.subTest(name):
                    tries = []
                    with mock.patch("random.uniform", lambda low, high: tries.append(high) or 0.02):
                        self.assertEqual(self.place(address, PATIENCE)[:2], (None, None))
                    self.assertGreater(len(tries), 1)
            self.assertEqual(plain.keys, [])

    def test_a_proxy_that_cannot_be_reached_is_no_error(self):
        with Server(ACCEPTED) as server, mock.patch.dict(os.environ, {"http_proxy": f"http://127.0.0.1:{closed_port()}"}):
            self.assertEqual(self.place(server.address, PATIENCE)[:2], (None, None))
            self.assertEqual(server.keys, [])

    def test_a_server_that_comes_back_is_found(self):
        with contextlib.ExitStack() as later:
            port = closed_port()
            server = []

            def pause(low, high):
                if not server:
                    server.append(later.enter_context(Server(ACCEPTED, port=port)))
                return 0.02

            with mock.patch("random.uniform", pause):
                status, _, key = self.place(f"http://127.0.0.1:{port}/v1")
            self.assertEqual((status, server[0].keys), (202, [key]))

    def test_a_basket_keeps_its_key(self):
        with Server(ACCEPTED) as server:
            basket = {"order": {}, "idempotency_key": "kept"}
            storefront.place(server.address, basket)
            storefront.place(server.address, basket)
            self.assertEqual(server.keys, ["kept", "kept"])


if __name__ == "__main__":
    unittest.main()
