"""Servers as child processes: pinned to a core, awaited until they are ready, and stopped with the bench."""

import contextlib
import os
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.machine import SERVER_CORE, child_setup
from bench.rows import MeasurementFailed
from tooling.steps import ROOT

START_LIMIT_S = 60
URL_PORT = re.compile(r"http://[^:\s]+:(\d+)")
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
BASE_ENVIRONMENT = {name: os.environ[name] for name in INHERITED if name in os.environ}


class ServerProcess:
    """A running server. `port` is the port of the URL that it printed, or 0."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.port = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL when the server is still running 15 s later."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def server_process(
    command: Sequence[str], variables: Mapping[str, str], *, log: Path, ready: str, core: int = SERVER_CORE
) -> Iterator[ServerProcess]:
    """Run `command` once it has printed a line that contains `ready`; its standard error goes to `log`.

    Raises MeasurementFailed."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**BASE_ENVIRONMENT, **variables},
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=child_setup(core),
        )
    server = ServerProcess(process)
    try:
        try:
            printed = wait_for_output(process, ready)
        except MeasurementFailed as reason:
            raise MeasurementFailed(f"{reason}: {' '.join(command[-3:])}: {log.read_text()[-300:].strip()}") from None
        port = URL_PORT.search(printed)
        server.port = int(port[1]) if port else 0
        yield server
    finally:
        server.stop()


def wait_for_output(process: "subprocess.Popen[bytes]", text: str) -> str:
    """The first line of output that contains `text`. The little that the server prints later stays in the pipe."""
    assert process.stdout is not None
    limit, output = time.monotonic() + START_LIMIT_S, b""
    # readline would buffer more lines than it returns, and select does not see what is in a buffer.
    while select.select([process.stdout], [], [], max(0, limit - time.monotonic()))[0]:
        chunk = os.read(process.stdout.fileno(), 4096)
        output += chunk
        complete = output.rpartition(b"\n")[0].decode().splitlines()
        if found := next((printed for printed in complete if text in printed), None):
            return found
        if not chunk:
            raise MeasurementFailed(f"a server ended with {process.wait()} before it was ready")
    raise MeasurementFailed(f"a server was not ready within {START_LIMIT_S} s")
