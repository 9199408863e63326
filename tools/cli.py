"""The console command: `fast-depth-style VERB` runs the program `VERB.py`."""

import ast
import importlib
import pathlib
import sys

from fast_depth_style.tools import program

_COMMAND = "fast-depth-style"


def verbs() -> dict[str, str]:
    """Returns the verbs and the first line of what each says about itself.

    A verb is a module beside this one that has a `main`. The sources are read,
    not imported, so that the answer comes at once.
    """
    found = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        names = {getattr(node, "name", None) for node in module.body}
        if "main" in names and path.stem != "cli":
            says = ast.get_docstring(module) or ""
            found[path.stem] = says.partition("\n")[0]
    return found


def main() -> None:
    """Runs the program that the first argument names."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb in ("--help", "-help", "-h"):
        print(_help())
    elif verb in verbs():
        sys.argv = [f"{_COMMAND} {verb}", *sys.argv[2:]]
        module = importlib.import_module(f"fast_depth_style.tools.{verb}")
        program.run(module.main)
    else:
        print(
            f"{_COMMAND}: {f'unknown verb {verb!r}' if verb else 'no verb'}: "
            f"choose one of {', '.join(verbs())}",
            file=sys.stderr,
        )
        sys.exit(2)


def _help() -> str:
    width = max(map(len, verbs()), default=0)
    lines = [f"{_COMMAND} VERB [--flag=value …]", ""]
    lines += [f"  {verb:{width}}  {does}" for verb, does in verbs().items()]
    lines += ["", f"{_COMMAND} VERB --help shows the flags of a verb."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
