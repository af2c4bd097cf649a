"""A model repository on the Hub, as huggingface_hub reaches it: its head, its files, and one commit on top of that head."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cardgen import __version__
from cardgen.hub.connection import Refused, connect, hide, library, token
from cardgen.hub.refusals import NOTHING, Asked, explain
from cardgen.problems import CardgenError, printable

LARGEST = 64 * 1024 * 1024
METADATA = "/api/validate-yaml"

_Method = TypeVar("_Method", bound=Callable[..., Any])


class Conflict(Exception):
    """Somebody else wrote to the repository since its head was read."""


class MetadataError(Exception):
    """The Hub does not accept the front matter of the card; the text says why."""


@dataclass(frozen=True)
class Stored:
    """A file on the Hub: its git blob, or the SHA-256 of what is stored beside git."""

    blob: str
    sha256: str | None = None


@dataclass(frozen=True)
class Committed:
    """A commit or a pull request that the Hub made: its address, and what the Hub remarked about the card."""

    address: str
    remarks: tuple[str, ...] = ()


def _understood(method: _Method) -> _Method:
    """Return a method whose every failure is a CardgenError, so that nothing that may hold the token is shown."""

    @wraps(method)
    def guarded(self: Repository, *args: Any, **options: Any) -> Any:
        try:
            return method(self, *args, **options)
        except (CardgenError, Conflict, MetadataError):
            raise
        except Refused as refused:
            raise explain(refused, self.asked("read")) from None
        except Exception as error:
            raise self._strange(error, NOTHING) from None

    return guarded  # type: ignore[return-value]


class Repository:
    """A model repository; raises CardgenError, exit code 2, where its name is malformed."""

    def __init__(self, name: str, *, secret: str | None = None, endpoint: str | None = None) -> None:
        hub = library()
        self._secret = secret if secret is not None else token()
        self.name = _checked(name, hub, self._secret)
        connect(self._secret)
        self._api = hub.HfApi(endpoint=endpoint, token=self._secret or False, library_name="cardgen", library_version=__version__)
        parts = urlsplit(self._api.endpoint)
        self.host = printable(hide(parts.netloc.rpartition("@")[2], self._secret) or "HF_ENDPOINT", 100)
        self.address = f"{parts.scheme}://{self.host}/{self.name}"

    @property
    def has_token(self) -> bool:
        """Return whether there is a token: without one, public repositories can be read."""
        return self._secret is not None

    @_understood
    def head(self) -> str:
        """Return the newest commit of the main branch."""
        found = self._api.model_info(self.name, revision="main").sha
        if not isinstance(found, str) or not found:
            raise ValueError("there is no commit in it")
        return found

    @_understood
    def read(self, path: str, revision: str) -> bytes | None:
        """Return the content of a file at a commit, or None where there is none."""
        hub = library()
        headers = hub.utils.build_hf_headers(token=self._secret or False, library_name="cardgen", library_version=__version__)
        address = hub.hf_hub_url(self.name, path, revision=revision, endpoint=self._api.endpoint)
        content = bytearray()
        try:
            with hub.utils.get_session().stream("GET", address, headers=headers) as response:
                for part in response.iter_bytes():
                    content += part
                    if len(content) > LARGEST:
                        raise CardgenError(f"{self.address}: {path} is larger than 64 MiB", 1)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return bytes(content)

    @_understood
    def files(self, folder: str, revision: str) -> dict[str, Stored]:
        """Return the files that lie directly in a folder at a commit, by their path; none where there is no such folder."""
        try:
            entries = list(self._api.list_repo_tree(self.name, path_in_repo=folder or None, revision=revision))
        except Refused as refused:
            if refused.status == 404:
                return {}
            raise
        return {
            entry.path: Stored(entry.blob_id, entry.lfs.sha256 if entry.lfs else None) for entry in entries if hasattr(entry, "blob_id")
        }

    @_understood
    def commit(self, files: Mapping[str, bytes], removed: Iterable[str], *, parent: str, message: str, create_pr: bool) -> Committed:
        """Return the one commit, or the pull request, that writes and removes files on top of a parent.

        Raises Conflict where the parent is not the head any more, MetadataError where the Hub refuses the card's front matter.
        Nothing or everything is written; where the answer was lost, the error says which.
        """
        hub = library()
        additions = [hub.CommitOperationAdd(path_in_repo=path, path_or_fileobj=content) for path, content in files.items()]
        deletions = [hub.CommitOperationDelete(path_in_repo=path) for path in removed]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self._api.preupload_lfs_files(self.name, additions, create_pr=create_pr)
            except Refused as refused:
                raise self._failed(refused, parent, create_pr) from None
            self._nothing_ignored(additions)
            try:
                made = self._api.create_commit(
                    self.name, [*additions, *deletions], commit_message=message, parent_commit=parent, create_pr=create_pr
                )
            except Refused as refused:
                raise self._failed(refused, parent, create_pr) from None
            except Exception as error:  # an answer without what it should hold
                raise self._strange(error, self._outcome(parent, create_pr)) from None
        remarks = (printable(hide(str(warning.message), self._secret), 400) for warning in caught)
        address = hide(str(made.pr_url if create_pr else made.commit_url), self._secret)
        return Committed(printable(address, 500), tuple(remarks))

    def asked(self, step: str, create_pr: bool = False) -> Asked:
        """Return what the words about a refusal need."""
        return Asked(self.name, self.address, self.host, step, self._secret, create_pr)

    def _nothing_ignored(self, additions: Iterable[Any]) -> None:
        """Raise CardgenError where the Hub would leave files out: the card would show charts that are not there."""
        left_out = [addition.path_in_repo for addition in additions if getattr(addition, "_should_ignore", False)]
        if left_out:
            message = f"{self.name}: its .gitignore leaves out {', '.join(left_out)}; {NOTHING}"
            raise CardgenError(message, 1, "except the folder in .gitignore, with a line such as !environment/**")

    def _strange(self, error: Exception, outcome: str) -> CardgenError:
        said = printable(hide(f"{type(error).__name__}: {error}", self._secret), 200)
        hint = "check HF_ENDPOINT, and whether a proxy answers in its place"
        return CardgenError(f"{self.host}: its answer is not that of the Hub: {said}; {outcome}", 4, hint)

    def _failed(self, refused: Refused, parent: str, create_pr: bool) -> Exception:
        if refused.status in (409, 412):
            return Conflict()
        if refused.status == 400 and refused.path.endswith(METADATA):
            return MetadataError(printable(hide(refused.said, self._secret), 1000))
        unknown = "/commit/" in refused.path and refused.sent and (refused.status is None or refused.status >= 500)
        return explain(refused, self.asked("write", create_pr), self._outcome(parent, create_pr) if unknown else NOTHING)

    def _outcome(self, parent: str, create_pr: bool) -> str:
        """Return whether something was written though the Hub did not say so: it is looked up."""
        look = f"look at {self.address}/{'discussions' if create_pr else 'commits/main'} before you publish again"
        try:
            if not create_pr and self.head() == parent:
                return NOTHING
        except CardgenError:
            pass
        return f"whether it was written is not known: {look}"


def _checked(name: str, hub: Any, secret: str | None) -> str:
    try:
        hub.utils.validate_repo_id(name)
    except ValueError:
        hint = "write it as ORGANISATION/NAME, for example acme/pond-7b"
        raise CardgenError(f'"{printable(hide(name, secret), 200)}" is not the name of a model on the Hub', 2, hint) from None
    return name
