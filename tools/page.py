r"""Writes a page that paints photos in a browser, on its user's own machine.

    fast-depth-style page --output=site --serve

The page is a folder of static files for any web server; nothing that it is
given leaves the browser. --serve opens it here, until Ctrl-C.
"""

import webbrowser

from absl import flags

from fast_depth_style import files
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define_model

_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "Folder for the page: new, empty or of an earlier page.",
    required=True,
)
_MODEL = define_model()
_LIBRARIES = flags.DEFINE_string(
    "libraries",
    None,
    "Folder of onnxruntime-web as npm installs it; by default that of make"
    " page-libraries.",
)
_SERVE = flags.DEFINE_bool("serve", False, "Open the page in the browser.")
_PORT = flags.DEFINE_integer(
    "port",
    8470,
    "Port of --serve on this machine; 0 for any.",
    lower_bound=0,
    upper_bound=65535,
)


def main() -> None:
    """Checks the request, writes the page, serves it."""
    from fast_depth_style.api import page
    from fast_depth_style.web import server

    folder = page(_MODEL.value, _OUTPUT.value, _LIBRARIES.value)
    print(f"wrote {files.printable(folder)}", flush=True)
    if not _SERVE.value:
        return
    with server.make_server(folder, _PORT.value) as served:
        address = f"http://127.0.0.1:{served.server_port}/"
        print(f"serving {address} until Ctrl-C", flush=True)
        webbrowser.open(address)
        try:
            served.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    program.run(main)
