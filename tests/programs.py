"""Programs in processes of their own that need not import TensorFlow again.

A server imports it once, and every program is a fork of that server: with a
command line, an environment, output, signals and an exit code of its own. Only
what importing does to a process is not tested this way.
"""

import concurrent.futures
import importlib
import multiprocessing
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import tempfile

from absl import flags

_TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
_FORKS = multiprocessing.get_context("forkserver")
# Nothing of ours that defines flags.
_FORKS.set_forkserver_preload(
    [
        "tensorflow",
        "matplotlib.figure",
        "fast_depth_style.perception.registry",
        "fast_depth_style.exporting.saved_model",
        "fast_depth_style.training.run",
    ]
)


class Program:
    """A started program; as `subprocess.Popen`, so far as tests need it."""

    def __init__(self, file, *arguments, environment=None, **flags):
        """Starts it.

        Args:
            file: A program; a name alone is one of tools/.
            arguments: Its command line.
            environment: What is added to this process's.
            flags: More of its command line, as --name=value.
        """
        self._folder = tempfile.TemporaryDirectory()
        command = [str(_TOOLS / file), *map(str, arguments)]
        command += [f"--{name}={value}" for name, value in flags.items()]
        environment = os.environ | (environment or {})
        self._process = _FORKS.Process(
            target=_run,
            args=(command, environment, self._folder.name, os.getcwd()),
            daemon=True,
        )
        self._process.start()

    @property
    def pid(self):
        return self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def kill(self):
        self._process.kill()

    def send_signal(self, number):
        os.kill(self.pid, number)

    def wait(self):
        self._process.join()
        return self.returncode

    def communicate(self):
        """Waits for its end; returns what it wrote to stdout and stderr."""
        self.wait()
        folder = pathlib.Path(self._folder.name)
        # As bytes: "\r" is part of a progress bar.
        return tuple(
            (folder / name).read_bytes().decode() for name in ("out", "err")
        )


def run_program(file, *arguments, **options):
    """Runs a program to its end; the arguments are `Program`'s."""
    program = Program(file, *arguments, **options)
    out, err = program.communicate()
    return subprocess.CompletedProcess(file, program.returncode, out, err)


def flags_of(name):
    """The flags that a program of tools/ declares, as {name: (default, help)}.

    Read in another process: two programs may declare the same flag.
    """
    with concurrent.futures.ProcessPoolExecutor(1, _FORKS) as fork:
        return fork.submit(_flags_of, name).result()


def _flags_of(name):
    module = importlib.import_module(f"fast_depth_style.tools.{name}")
    found = flags.FLAGS.get_key_flags_for_module(module)
    return {flag.name: (flag.default, flag.help) for flag in found}


def _run(command, environment, folder, current):
    os.chdir(current)  # The server that forks has its own.
    # Even where these tests run in the background, and ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(os.path.join(folder, name), os.O_CREAT | os.O_WRONLY)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")
