"""Processes of their own, without the time that an interpreter needs to start.

A server imports once what every process would import again, holds nothing itself (no token, no database), and
forks when it is asked to. A process can be killed, and holds a token of its own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 60
"""After that a process that hangs is killed."""

_REPOSITORY = Path(__file__).parents[2]
_FORKING = """
import faulthandler, gc, json, os, signal, socket, sys
import alembic.command, sqlalchemy
import kms_core.checkup, kms_core.cli.kmsgate, kms_core.opening, kms_core.store.migrations.env
sqlalchemy.create_engine("sqlite://").connect().close()
faulthandler.enable()
gc.collect(), gc.freeze()
line = socket.socket(fileno=int(sys.argv[1]))
while True:
    message, files, *_ = socket.recv_fds(line, 1 << 17, 2)
    if not message:
        break
    asked = json.loads(message)
    answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]) if "wait" in asked else os.fork()
    if answer or "wait" in asked:
        for file in files:
            os.close(file)
        line.send(json.dumps(answer).encode())
        continue
    line.close()
    os.dup2(files[0], 1), os.dup2(files[1], 2), os.close(files[0]), os.close(files[1])
    signal.alarm(asked["seconds"])
    os.environ.clear(), os.environ.update(asked["environment"])
    sys.argv = ["-c", *asked["arguments"]]
    exec(asked["code"], {"__name__": "__main__"})
    sys.exit()
"""


class Forked:
    """A process of its own that runs some code; like a `Popen`, as far as the tests go."""

    def __init__(self, line: socket.socket, asked: dict[str, object]) -> None:
        reading, writing = os.pipe()
        self._line = line
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        socket.send_fds(line, [json.dumps(asked).encode()], [writing, self._errors.fileno()])
        os.close(writing)
        self._id = json.loads(line.recv(100))
        self.stdout = os.fdopen(reading)
        self.returncode: int | None = None

    def kill(self) -> None:
        """SIGKILL. Its id is its own until `communicate`."""
        if self.returncode is None:
            os.kill(self._id, signal.SIGKILL)

    def communicate(self) -> tuple[str, str]:
        """Wait for its end, and give what it wrote on standard output and standard error."""
        output = self.stdout.read()
        self._line.send(json.dumps({"wait": self._id}).encode())
        self.returncode = json.loads(self._line.recv(100))
        self._errors.seek(0)
        errors = self._errors.read()
        self.close()
        return output, errors

    def close(self) -> None:
        """Let go of its files."""
        self.stdout.close()
        self._errors.close()


@contextmanager
def fork_server() -> Iterator[socket.socket]:
    """The line to a server that forks, for `forks`."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-c", _FORKING, str(theirs.fileno())]
    environment = {**os.environ, "PYTHONPATH": str(_REPOSITORY)}  # what is forked may use the tests' modules
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment):
        theirs.close()
        try:
            yield ours
        finally:
            ours.close()


@contextmanager
def forks(line: socket.socket) -> Iterator[Callable[..., Forked]]:
    """Starts processes: `fork(code, *arguments, environment={...})`; ends those that still run."""
    started: list[Forked] = []

    def start(code: str, *arguments: object, environment: dict[str, str], seconds: int = SECONDS) -> Forked:
        asked = {
            "code": code,
            "arguments": [str(each) for each in arguments],
            "environment": {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
            "seconds": seconds,
        }
        started.append(Forked(line, asked))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
                process.communicate()
