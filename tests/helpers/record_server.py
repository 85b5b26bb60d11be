"""A server on this machine that answers as Zenodo does."""

from __future__ import annotations

import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np


class Server(ThreadingHTTPServer):
    """A record like those of Zenodo; it can break off, be wrong, and ignore ranges."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = {
            "MS25 data.zip": np.random.default_rng(0).bytes(700_000),
            "README.md": b"# data\n",
        }
        self.stated: dict[str, str] = {}
        self.break_after: list[int] = []
        self.ranges = True
        self.answer: dict[str, Any] | None = None
        self.status = 200
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/records/10901820"

    def record(self) -> dict[str, Any]:
        if self.answer is not None:
            return self.answer
        files = []
        for key, content in self.content.items():
            md5 = self.stated.get(key, hashlib.md5(content).hexdigest())
            link = f"{self.url}/files/{key.replace(' ', '%20')}/content"
            files.append(
                {
                    "key": key,
                    "size": len(content),
                    # Not every record states one.
                    "checksum": f"md5:{md5}" if md5 else None,
                    "links": {"self": link},
                }
            )
        return {"id": 10901820, "files": files}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range", "")
        server.requests.append(f"{self.path.rsplit('/', 2)[-2]} {wanted}".strip())
        if server.status != 200:
            self.send_error(server.status)
            return
        name = next((k for k in server.content if k.replace(" ", "%20") in self.path), None)
        if name is None:
            body = json.dumps(server.record()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        body = server.content[name]
        match = re.match(r"bytes=(\d+)-", wanted)
        if match and server.ranges:
            start = int(match[1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[start:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.break_after and name.endswith(".zip"):
            self.wfile.write(body[: server.break_after.pop(0)])
            self.close_connection = True
            return
        self.wfile.write(body)
