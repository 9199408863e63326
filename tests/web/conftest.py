"""The page of a small network, served, in a real headless Chromium."""

import os
import shutil
import threading

import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.web.libraries import find_libraries
from fast_depth_style.web.server import make_server

TIMEOUT = 300_000  # Milliseconds; a busy machine takes long to start WASM.


@pytest.fixture(scope="session")
def libraries():
    try:
        return find_libraries()
    except RequestError:
        pytest.skip("no onnxruntime-web: run make page-test")


@pytest.fixture(scope="session")
def site(styled_network, libraries, tmp_path_factory):
    """The folder of the page of `styled_network`. Not to be changed."""
    from fast_depth_style.web.site import write_site

    return write_site(styled_network, tmp_path_factory.mktemp("site") / "made")


@pytest.fixture(scope="session")
def serve():
    """Serves folders; returns the address of each."""
    servers = []

    def start(folder):
        servers.append(make_server(folder, 0))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def launch(libraries):
    """Starts a browser with arguments; skips where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: run make page-test"
    )
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium: run make page-test, or set CHROMIUM")
    with playwright.sync_playwright() as started:
        browsers = []

        def start(*arguments):
            browsers.append(
                started.chromium.launch(
                    executable_path=path,
                    # Of no use to root, and refused to it.
                    args=["--no-sandbox", *arguments],
                )
            )
            return browsers[-1]

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="session")
def chromium(launch):
    return launch(
        "--disable-gpu",  # Where there is none, it waits for one.
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
    )


@pytest.fixture(scope="session")
def open_page(chromium):
    """Opens an address in a new window, with what is asked of the window.

    That takes a second or two, so tests share windows where they can.

    The page has two lists: `requests`, of addresses, and `errors`. None may
    have asked anybody but who serves it.
    """
    contexts, pages = [], []

    def opened(address, browser=chromium, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(TIMEOUT)
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                message.type == "error" and page.errors.append(message.text)
            ),
        )
        pages.append((page, address.partition("?")[0]))
        page.goto(address)
        page.wait_for_selector("html[data-engine], .wrong", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    for page, address in pages:
        allowed = (address, f"blob:{address}", "data:")
        assert [u for u in page.requests if not u.startswith(allowed)] == []
