"""How the Hub is called: with the token of the user, never for longer than a time limit, and without ever showing the token."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from email.message import Message
from importlib import import_module
from typing import Any

from cardgen.problems import CardgenError, printable

INSTALL = "pip install 'cardgen[hub]'"
LOG_IN = "log in with: hf auth login, or set HF_TOKEN; tokens are made at https://huggingface.co/settings/tokens"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0  # without an answer; HF_HUB_DOWNLOAD_TIMEOUT, a setting of huggingface_hub, wins

_HIDDEN = "<token>"
_WITHOUT_REPEAT = 400  # the lowest status that ends the work


class Refused(Exception):
    """A request that was not fulfilled. ``status`` is None where there was no answer; ``sent`` is False where nothing was asked."""

    def __init__(
        self, request: Any, status: int | None = None, said: str = "", headers: Mapping[str, str] | None = None, *, sent: bool = True
    ):
        super().__init__(f"{request.method} {request.url.path}: {status or 'no answer'}")
        self.path, self.status, self.said, self.headers, self.sent = request.url.path, status, said, headers or {}, sent


def library() -> Any:
    """Return huggingface_hub; raises CardgenError where it is missing or too old."""
    try:
        import huggingface_hub
    except ImportError:
        raise CardgenError("publishing needs huggingface_hub, which is not installed", 2, f"install it: {INSTALL}") from None
    if not hasattr(huggingface_hub, "set_client_factory"):
        found = getattr(huggingface_hub, "__version__", "an older one")
        raise CardgenError(f"publishing needs huggingface_hub 1.0 or newer, found {found}", 2, f"install it: {INSTALL}")
    return huggingface_hub


def token() -> str | None:
    """Return the token of the user, from HF_TOKEN or from ``hf auth login``, or None; raises CardgenError for one that cannot be sent."""
    try:
        found = library().get_token()
    except CardgenError:
        raise
    except Exception as error:  # a login that expired, a file that cannot be read
        raise CardgenError(f"the token cannot be read: {type(error).__name__}", hint=LOG_IN) from None
    if found and not re.fullmatch(r"[!-~]+", found):
        raise CardgenError("the token holds characters that no token has, such as spaces or quotes; it is not shown here", hint=LOG_IN)
    return found or None


def hide(text: str, secret: str | None) -> str:
    """Return a text without the token.

    >>> hide("Bearer hf_abc is not valid", "hf_abc")
    'Bearer <token> is not valid'
    """
    return text.replace(secret, _HIDDEN) if secret else text


def connect(secret: str | None) -> None:
    """Make huggingface_hub call the Hub with time limits, raise ``Refused`` at once for what is refused, and hide the token in its log.

    Left alone it waits without end for an answer, and for as long as the server asks before it tries again.
    """
    hub = library()
    _hide_in_log(secret)
    plain = hub.utils.get_session()
    hooks, kind = plain.event_hooks, _bounded(getattr(plain, "unbounded", type(plain)), _seconds(hub))
    hub.set_client_factory(lambda: kind(event_hooks=hooks, follow_redirects=True, timeout=None))


def _bounded(kind: type, seconds: float) -> type:
    """Return a class of HTTP client as huggingface_hub uses it, with time limits and without second tries."""
    packages = (each.__module__.partition(".")[0] for each in kind.__mro__)
    http = import_module(next(name for name in packages if name.startswith("httpx")))  # httpx2 from huggingface_hub 2.0 on
    limits = {"connect": min(CONNECT_SECONDS, seconds), "read": seconds, "write": seconds, "pool": seconds}

    class Bounded(kind):  # type: ignore[misc]
        unbounded = kind

        def send(self, request: Any, **options: Any) -> Any:
            given = request.extensions.get("timeout", {})
            request.extensions["timeout"] = {name: given.get(name) or limit for name, limit in limits.items()}
            try:
                response = super().send(request, **options)
                if response.status_code < _WITHOUT_REPEAT:
                    return response
                response.read()
            except (http.ConnectError, http.ConnectTimeout, http.UnsupportedProtocol, http.ProxyError) as error:
                raise Refused(request, said=_reason(error), sent=False) from None
            except http.TimeoutException:
                raise Refused(request, said=f"no answer within {seconds:g} s") from None
            except (http.TransportError, http.TooManyRedirects, http.DecodingError) as error:
                raise Refused(request, said=_reason(error)) from None
            except ConnectionError:  # HF_HUB_OFFLINE
                raise Refused(request, said="HF_HUB_OFFLINE is set", sent=False) from None
            raise Refused(request, response.status_code, _words(response), response.headers)

    return Bounded


def _seconds(hub: Any) -> float:
    return float(hub.constants.HF_HUB_DOWNLOAD_TIMEOUT) if os.environ.get("HF_HUB_DOWNLOAD_TIMEOUT") else ANSWER_SECONDS


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _words(response: Any) -> str:
    """Return what the server says about a refusal, from its header, its JSON or its plain text; pages are left out."""
    if said := response.headers.get("x-error-message"):
        return str(said)
    try:
        data = response.json()
    except ValueError:
        return "" if _kind_of_text(response) == "text/html" else response.text
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors") if isinstance(data.get("errors"), list) else []
    found = [data.get("error"), *(item.get("message") if isinstance(item, dict) else item for item in errors)]
    return "; ".join(dict.fromkeys(str(item) for item in found if item))


def _kind_of_text(response: Any) -> str:
    message = Message()
    message["content-type"] = response.headers.get("content-type", "text/plain")
    return message.get_content_type()


def _hide_in_log(secret: str | None) -> None:
    """Keep the token out of what huggingface_hub logs, whatever a server sends back."""

    class Hiding(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.msg, record.args = printable(hide(record.getMessage(), secret), 2000), ()
            if record.exc_info:
                record.exc_text, record.exc_info = f"{getattr(record.exc_info[0], '__name__', '')}", None
            return True

    for handler in logging.getLogger("huggingface_hub").handlers:
        for old in [each for each in handler.filters if type(each).__name__ == "Hiding"]:
            handler.removeFilter(old)
        handler.addFilter(Hiding())
