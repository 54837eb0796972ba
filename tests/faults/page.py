"""A visitor's page: the widget's own code in a Node process, and the history of what it showed."""

import asyncio
import json
import os
import signal
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.history import Acked, CaughtUp, History, MessageRecord, Received, Refused, Screen, Submitted
from tests.services import SET_PARENT_DEATH_SIGNAL
from tooling import node
from tooling.steps import ROOT

MAX_OUTPUT_BYTES = 16_000_000
SEND_COMMANDS = ("send_message", "start_chat")
# The client sends the text again after these errors.
RETRY_CODES = ("too_many", "unavailable")


def build_page_script(folder: Path) -> Path:
    """Bundle the page into one script; called once for each run of the program."""
    script = folder / "page.mjs"
    bundler = str(node.NODE_MODULES / "rolldown/bin/cli.mjs")
    command = (node.find().node, bundler, "tests/faults/page.ts", "--platform", "node", "--format", "esm")
    subprocess.run([*command, "--file", str(script)], cwd=ROOT, check=True, capture_output=True)
    return script


class Page:
    """A browser tab. `reload` kills and reopens it with the same storage; `freeze` and `thaw` suspend its process."""

    def __init__(self, script: Path, url: str, storage: Path, history: History) -> None:
        self.history = history
        self.state: dict[str, Any] = {}
        self.requests: list[dict[str, Any]] = []
        self.disconnect_count = 0
        self.errors: list[str] = []
        self._command = (node.find().node, str(script), url, str(storage))
        self._process: Process | None = None
        self._closing = False
        self._readers: list[asyncio.Task[None]] = []
        self._screen_changed = asyncio.Event()

    @property
    def ticket(self) -> str:
        return str(self.state.get("ticket", ""))

    async def open(self) -> "Page":
        self._closing = False
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            limit=MAX_OUTPUT_BYTES,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            preexec_fn=SET_PARENT_DEATH_SIGNAL,
        )
        self._readers = [asyncio.create_task(self._read_output()), asyncio.create_task(self._read_errors())]
        return self

    async def _read_output(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        async for line in self._process.stdout:
            if line.endswith(b"\n"):  # a killed page may leave an incomplete line
                self._record(json.loads(line))
                self._screen_changed.set()
        if not self._closing:
            self.errors.append("the page process ended")

    async def _read_errors(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        async for line in self._process.stderr:
            self.errors.append(line.decode().rstrip())

    # -- actions ---------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Type and send a text. The history records it when the page confirms, because a reload may come first."""
        self.execute("send", text=text)

    def execute(self, command: str, **options: object) -> None:
        """Send one command of page.ts to the process, for example hide, show, offline or jump."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **options}).encode() + b"\n")

    async def reload(self) -> None:
        await self.close()
        await self.open()

    async def close(self) -> None:
        """Kill the process, as a phone kills a tab: the page cannot clean up."""
        assert self._process is not None
        self._closing = True
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._readers)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    async def wait_for_screen(self, condition: Callable[[dict[str, Any]], bool], timeout_s: float = 30) -> None:
        """Wait until `condition` holds for the screen; TimeoutError after `timeout_s`."""
        async with asyncio.timeout(timeout_s):
            while not self.state or not condition(self.state):
                self._screen_changed.clear()
                await self._screen_changed.wait()

    # -- output ----------------------------------------------------------------------------------------------

    def _record(self, output: dict[str, Any]) -> None:
        match output["type"]:
            case "screen":
                self._record_screen(output)
            case "event":
                self.history.record(Received(f"event:{output['event']}", output["payload"]))
            case "ack":
                self._record_ack(output["command"], output["payload"], output["ack"])
            case "sent":
                self.history.record(Submitted(output["text"]))
            case "request":
                self.requests.append(output)
            case "closed":
                self.disconnect_count += 1

    def _record_screen(self, screen: dict[str, Any]) -> None:
        self.state = screen
        unsent = [(text, state) for text, state in screen["unsent"]]
        unsent += [(screen["draft"], "draft")] if screen["draft"] else []
        messages = tuple(MessageRecord(*message) for message in screen["messages"])
        self.history.record(Screen(screen["ticket"], messages, tuple(unsent)))

    def _record_ack(self, command: str, payload: dict[str, Any], ack: dict[str, Any]) -> None:
        self.history.record(Received(f"ack:{command}", ack))
        if command in SEND_COMMANDS and (ack.get("ok") or ack["error"]["code"] not in RETRY_CODES):
            self.history.record(send_result(payload, ack))
        elif command == "catch_up" and ack.get("ok"):
            self.history.record(catch_up_result(payload, ack))


def send_result(payload: dict[str, Any], ack: dict[str, Any]) -> Acked | Refused:
    """The history entry for the ack of a text."""
    text = payload["text"]
    if not ack.get("ok"):
        return Refused(text, ack["error"]["code"])
    first = ack.get("message", ack)
    return Acked(payload.get("ticket") or ack["ticket"]["id"], text, first["seq"], first["id"])


def catch_up_result(payload: dict[str, Any], ack: dict[str, Any]) -> CaughtUp:
    seqs = tuple(message["seq"] for message in ack["messages"])
    return CaughtUp(payload["ticket"], payload["after"], seqs, bool(ack.get("restart")))
