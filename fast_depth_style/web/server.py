"""Serves a page on loopback."""

import functools
import http.server
import os
import sys
from typing import Any

from fast_depth_style.errors import RequestError

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "worker-src 'self' blob:; connect-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-security policy: nothing goes to another origin."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    # Both together let a page have threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-cache",
}
_TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".wasm": "application/wasm",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        **_TYPES,
    }

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def make_server(
    folder: str | os.PathLike[str], port: int
) -> http.server.ThreadingHTTPServer:
    """A server of a folder on loopback; port 0 stands for any free one.

    Raises:
        RequestError: The port is taken.
    """
    handler = functools.partial(_Handler, directory=os.fspath(folder))
    try:
        return _Server(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise RequestError(
            f"--port={port} cannot be used ({error}): give another"
        ) from error
