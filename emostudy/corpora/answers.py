"""What a server's answer, or the lack of one, means for a download: how long, which version, try again, or why not."""

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

TRIES = 6  # in a row without one byte more; half as many where nobody answers at all


class AgainError(Exception):
    """Worth another try, `wait` seconds later if the server says so, at most `tries` times."""

    def __init__(self, reason: str, wait: float | None = None, tries: int = TRIES) -> None:
        super().__init__(reason)
        self.wait, self.tries = wait, tries


def total_of(answer: requests.Response, start: int) -> int | None:
    """How long the whole file is, in bytes, as far as the server tells."""
    told = answer.headers.get("Content-Length", "")
    plain = answer.headers.get("Content-Encoding", "identity") == "identity"
    return start + int(told) if told.isdecimal() and plain else None


def mark_of(answer: requests.Response) -> str:
    """What tells one version of the file from another; "" where the server gives nothing that `If-Range` may hold."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def asked_wait(text: str) -> float | None:
    """Seconds that a `Retry-After` asks for, given in seconds or as a date; None if it says neither."""
    if text.isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    return None


def cut_off(error: Exception, url: str) -> AgainError:
    """What to say of a connection that broke, or was never made."""
    if isinstance(error, requests.Timeout | TimeoutError) or "timed out" in str(error):
        return AgainError("the server does not answer in time")
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NewConnectionError) or isinstance(error, requests.exceptions.ProxyError):
        host = urlsplit(url).hostname
        return AgainError(f"{host} cannot be reached: is there a network (a proxy: HTTPS_PROXY)?", tries=TRIES // 2)
    return AgainError(f"cut off ({shortened(error)})")


def shortened(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
