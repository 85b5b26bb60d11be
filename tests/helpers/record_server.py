"""A server on this machine that answers as Zenodo and the Materials Data Facility do."""

from __future__ import annotations

import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np


class Server(ThreadingHTTPServer):
    """A record like those of Zenodo; it can break off, be wrong, redirect, and ignore ranges.

    The same files are a dataset of the Materials Data Facility, which `search_url` finds by Globus
    Search.
    """

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
        self.overloaded = 0
        self.redirect = False
        self.files_in: str | None = "record"
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/records/10901820"

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def search_url(self) -> str:
        words = quote('dc.identifier.identifier:"10.18126/6w8c-by76"')
        return f"{self.root}/v1/index/1a57bbe5-5272/search?q={words}&advanced=true&limit=10000"

    def search(self, words: str) -> dict[str, Any]:
        """Answer of Globus Search: the dataset by its DOI, and its records by their source."""
        if self.answer is not None:
            return self.answer
        files = [
            {
                "url": f"{self.root}/mdf_open/ms25/1.0/{quote(key)}",
                "filename": key.rsplit("/")[-1],
                "length": len(content),
                "sha512": self.stated.get(key, hashlib.sha512(content).hexdigest()),
            }
            for key, content in self.content.items()
        ]
        dataset: dict[str, Any] = {
            "mdf": {"source_id": "ms25_v1.0", "resource_type": "dataset"},
            "data": {
                "endpoint_path": "globus://82f1b5c6-6e9b-11e5-ba47-22000b92c6ec/mdf_open/ms25/1.0/"
            },
        }
        record = {"mdf": {"source_id": "ms25_v1.0", "resource_type": "record"}, "files": files}
        if self.files_in == "dataset":
            dataset["files"] = files
        found = [dataset]
        if "source_id" in words and self.files_in == "record":
            found.append(record)
        entries = [{"subject": str(n), "entries": [{"content": c}]} for n, c in enumerate(found)]
        return {"gmeta": entries, "count": len(found), "total": len(found)}

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
        if server.overloaded:
            server.overloaded -= 1
            self.send_response(503)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if server.status != 200:
            self.send_error(server.status)
            return
        name = next((k for k in server.content if quote(k) in self.path), None)
        if name is not None and server.redirect and "/storage/" not in self.path:
            self.send_response(302)
            self.send_header("Location", f"/storage/{quote(name)}/content")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if name is None:
            query = parse_qs(urlsplit(self.path).query)
            answer = server.search(query["q"][0]) if "/search" in self.path else server.record()
            body = json.dumps(answer).encode()
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
