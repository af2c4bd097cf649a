"""What the Hub refuses, in words that say what to do: each refusal becomes a CardgenError."""

from __future__ import annotations

from dataclasses import dataclass

from cardgen.hub.connection import LOG_IN, Refused, hide
from cardgen.problems import CardgenError, printable

NOTHING = "nothing was written"
STATUS_PAGE = "https://status.huggingface.co"


@dataclass(frozen=True)
class Asked:
    """What was asked of whom: ``step`` is "read" or "write"."""

    repository: str
    address: str
    host: str
    step: str
    secret: str | None
    create_pr: bool = False


def explain(refused: Refused, asked: Asked, outcome: str = NOTHING) -> CardgenError:
    """Return the error for a refusal, exit code 4, with what the server said and whether something was written."""
    message, hint = _words(refused, asked)
    said = " ".join(printable(hide(refused.said, asked.secret), 300).split())
    heard = f"; it says: {said}" if said and refused.status else ""
    return CardgenError(f"{message}{heard}; {outcome}", 4, hint)


def _words(refused: Refused, asked: Asked) -> tuple[str, str]:
    status, host, repository = refused.status, asked.host, asked.repository
    if status is None:
        reason = printable(hide(refused.said, asked.secret), 200)
        hint = "unset it" if "HF_HUB_OFFLINE" in reason else "check the network, the proxy and HF_ENDPOINT, and publish again"
        return (f"{host}: {reason}" if refused.sent else f"{host} cannot be reached: {reason}"), hint
    if status == 401 and asked.secret is None:
        return f"{repository}: {host} asks for a token (401), and there is none", LOG_IN
    if status == 401:
        return f"{repository}: {host} does not accept the token (401)", f"it may have expired or been revoked; {LOG_IN}"
    if status == 403:
        return _forbidden(asked)
    if status == 404:
        return (
            f"{repository}: there is no such model on {host}, or the token may not see it (404)",
            f"check the name; make it with: hf repos create {repository}; a private one needs a token with the right to read it",
        )
    if status == 429:
        return f"{repository}: {host} has had too many requests (429)", f"publish again after {waiting(refused)}"
    if status >= 500:
        return f"{repository}: {host} has a fault ({status})", f"publish again later; {STATUS_PAGE} says how it stands"
    return f"{repository}: {host} refuses to {asked.step} ({status})", "what it says should name the way out"


def _forbidden(asked: Asked) -> tuple[str, str]:
    """Return which right is missing, and for which repository."""
    if asked.step == "read":
        what = f"{asked.repository}: the token has no right to read it (403)"
        return what, f'ask for access at {asked.address}, or give the token "Read access to contents" of {asked.repository}'
    if asked.create_pr:
        what = f"{asked.repository}: the token has no right to open pull requests in it (403)"
        return what, f'give the token the right to "open pull requests" in {asked.repository}, and allow them in its settings'
    what = f"{asked.repository}: the token has no right to write to it (403)"
    return what, f'give the token "Write access to contents" of {asked.repository}, or propose the change with --create-pr'


def waiting(refused: Refused) -> str:
    """Return how long the server asks to wait, in words: from Retry-After, else from its rate limit."""
    text = (refused.headers.get("retry-after") or "").strip()
    if not text:
        text = next((part[2:] for part in (refused.headers.get("ratelimit") or "").replace(" ", "").split(";") if part[:2] == "t="), "")
    if text.isascii() and text.isdigit():
        seconds = int(text[:9])
        return f"{seconds} s" + (f" (about {max(round(seconds / 60), 1)} min)" if seconds >= 60 else "")
    return printable(text, 60) if text else "some minutes"
