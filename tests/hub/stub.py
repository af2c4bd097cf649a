"""The Hub on the loopback interface: one repository, the endpoints that huggingface_hub calls, and failures on purpose.

It keeps commits as the Hub does: a commit on a parent that is not the head is refused, a pull request leaves the head alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

FRONT_MATTER = re.compile(r"\A(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")  # that of the Hub, formats.md 1.3
CALLS = {
    ("GET", r"/api/models/(.+)/revision/main"): "revision",
    ("GET", r"/api/models/(.+)/tree/([^/]+)(?:/(.+))?"): "tree",
    ("GET", r"/(.+)/resolve/([^/]+)/(.+)"): "resolve",
    ("HEAD", r"/(.+)/resolve/([^/]+)/(.+)"): "resolve",
    ("POST", r"/api/validate-yaml"): "validate",
    ("POST", r"/api/models/(.+)/preupload/main"): "preupload",
    ("POST", r"/api/models/(.+)/commit/main"): "commit",
}


def blob(content: bytes) -> str:
    """Return the name that git gives a content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Failure:
    """What goes wrong with a call: a status, no answer at all, or an answer that comes too late. ``after``: once it was carried out."""

    call: str
    status: int | None = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0
    drop: bool = False
    after: bool = False
    times: int = 1_000_000


@dataclass
class Stub:
    """The state of the Hub, for a test to set and to look at."""

    repository: str = "acme/pond-7b"
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # token -> "write" or "read"
    private: bool = False
    calls: list[str] = field(default_factory=list)
    tokens_seen: set[str | None] = field(default_factory=set)
    commits: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)  # pull requests
    failures: list[Failure] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)  # called once, as somebody else who is quicker
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    endpoint: str = ""

    def __post_init__(self) -> None:
        self.history: dict[str, dict[str, bytes]] = {}
        self.push({}, "initial commit")
        self.commits.clear()

    @property
    def head(self) -> str:
        return list(self.history)[-1]

    def push(self, files: Mapping[str, bytes | None], title: str) -> str:
        """Add a commit, as anybody with a clone does, and return its name. None removes a file."""
        self.files = {path: content for path, content in {**self.files, **files}.items() if content is not None}
        name = hashlib.sha1(f"{len(self.history)} {title}".encode()).hexdigest()
        self.history[name] = dict(self.files)
        return name

    def fail(self, call: str, status: int | None = None, **how: Any) -> None:
        self.failures.append(Failure(call, status, **how))

    def failure(self, call: str) -> Failure | None:
        for failure in self.failures:
            if failure.call in (call, "*") and failure.times > 0:
                failure.times -= 1
                return failure
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_GET

    def answer(self) -> None:
        address = urlsplit(self.path)
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.query = parse_qs(address.query)
        for (method, pattern), call in CALLS.items():
            match = re.fullmatch(pattern, unquote(address.path)) if method == self.command else None
            if match:
                return self.called(call, match.groups())
        self.send(404, {"error": "Not Found"})

    def called(self, call: str, parts: tuple[str, ...]) -> None:
        stub = self.stub
        stub.calls.append(call)
        if action := stub.before.pop(call, None):
            action()
        failure = stub.failure(call)
        if failure and not failure.after:
            return self.failed(failure)
        self.muted = failure is not None
        if refusal := self.not_allowed(call, parts):
            return self.send(*refusal)
        getattr(self, call)(*parts[1:])
        if failure:
            self.muted = False
            self.failed(failure)

    def failed(self, failure: Failure) -> None:
        time.sleep(failure.hang)
        if failure.drop:
            self.close_connection = True
            return self.connection.close()
        if failure.status:
            told = failure.body.replace("$TOKEN", self.token or "")
            headers = {name: value.replace("$TOKEN", self.token or "") for name, value in failure.headers.items()}
            self.send(failure.status, told.encode(), headers)

    @property
    def token(self) -> str | None:
        return (self.headers.get("authorization") or "").removeprefix("Bearer ") or None

    def not_allowed(self, call: str, parts: tuple[str, ...]) -> tuple[int, dict[str, str], dict[str, str]] | None:
        """Return the refusal that the Hub gives for a token, or None."""
        self.stub.tokens_seen.add(self.token)
        role = self.stub.tokens.get(self.token or "")
        if self.token and role is None:
            return 401, {"error": "Invalid credentials in Authorization header"}, {}
        if call != "validate" and (parts[0] != self.stub.repository or (self.stub.private and role is None)):
            if self.token is None:
                return 401, {"error": "Invalid username or password."}, {}
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        writes = call in ("preupload", "commit")
        if writes and role is None:
            return 401, {"error": "Invalid username or password."}, {}
        if writes and role == "read" and "create_pr" not in self.query:
            return 403, {"error": "you don't have the rights to write to this repository"}, {}
        return None

    def revision(self) -> None:
        self.send(200, {"id": self.stub.repository, "sha": self.stub.head, "siblings": [{"rfilename": path} for path in self.stub.files]})

    def tree(self, revision: str, folder: str | None) -> None:
        files = self.stub.history[revision]
        prefix = f"{folder}/" if folder else ""
        inside = {path: content for path, content in files.items() if path.startswith(prefix)}
        if folder and not inside:
            return self.send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
        rows = [
            {"type": "file", "path": path, "oid": blob(content), "size": len(content)}
            for path, content in inside.items()
            if "/" not in path.removeprefix(prefix)
        ]
        folders = {prefix + path.removeprefix(prefix).split("/")[0] for path in inside if "/" in path.removeprefix(prefix)}
        self.send(200, [*rows, *({"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in sorted(folders))])

    def resolve(self, revision: str, path: str) -> None:
        commit = self.stub.head if revision == "main" else revision
        content = self.stub.history[commit].get(path)
        if content is None:
            return self.send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
        self.send(200, content, {"ETag": f'"{blob(content)}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"})

    def validate(self) -> None:
        asked = json.loads(self.body)
        errors = list(_metadata_errors(asked["content"]))
        self.send(400 if errors else 200, {"errors": errors, "warnings": [{"message": remark} for remark in self.stub.remarks]})

    def preupload(self) -> None:
        rows = []
        for file in json.loads(self.body)["files"]:
            there = self.stub.files.get(file["path"])
            sample = base64.b64decode(file["sample"])
            mode = "lfs" if b"\0" in sample or file["size"] > 10_000_000 else "regular"
            rows.append({
                "path": file["path"], "uploadMode": mode, "shouldIgnore": file["path"] in self.stub.ignored,
                "oid": blob(there) if there is not None else None,
            })  # fmt: skip
        self.send(200, {"files": rows})

    def commit(self) -> None:
        lines = [json.loads(line) for line in self.body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit") not in (None, self.stub.head):
            return self.send(412, {"error": "A commit has happened since. Please refresh and try again."})
        files: dict[str, bytes | None] = {
            line["value"]["path"]: base64.b64decode(line["value"]["content"]) for line in lines if line["key"] == "file"
        }
        files |= {line["value"]["path"]: None for line in lines if line["key"] == "deletedFile"}
        record = {"header": header, "files": files}
        if "create_pr" in self.query:
            self.stub.requests.append(record)
            address = f"{self.stub.endpoint}/{self.stub.repository}/discussions/{len(self.stub.requests)}"
            name = hashlib.sha1(address.encode()).hexdigest()
            extra = {"pullRequestUrl": address}
        else:
            self.stub.commits.append(record)
            name, extra = self.stub.push(files, header["summary"]), {}
        self.send(
            200, {"success": True, "commitOid": name, "commitUrl": f"{self.stub.endpoint}/{self.stub.repository}/commit/{name}", **extra}
        )

    def send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        if getattr(self, "muted", False):
            return
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        found = {"Content-Type": "application/octet-stream" if isinstance(body, bytes) else "application/json", **(headers or {})}
        for name, value in found.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _metadata_errors(card: str) -> Iterator[dict[str, str]]:
    match = FRONT_MATTER.match(card)
    if not match:
        return
    try:
        data = yaml.safe_load(match[2])
    except yaml.YAMLError as error:
        yield {"message": f"bad YAML: {error.args[0]}"}
        return
    if data is not None and not isinstance(data, dict):
        yield {"message": "the metadata must be a mapping"}
    elif isinstance(data, dict) and not isinstance(data.get("license", ""), (str, list)):
        yield {"message": '"license" must be a string'}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:  # clients that give up are part of the tests
        pass


@contextmanager
def hub(**state: Any) -> Iterator[Stub]:
    """Run the stub in a thread, and give its state."""
    stub = Stub(**state)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    stub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
