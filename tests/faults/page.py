"""The visitor's page: the widget's own code in a Node process, and the history of what it showed."""

import asyncio
import json
import os
import signal
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.history import Acked, CaughtUp, Heard, History, Refused, Said, Screen, Shown
from tests.services import END_WITH_PARENT
from tooling import node
from tooling.steps import ROOT

LONGEST_LINE = 16_000_000
SENDS = ("send_message", "start_chat")
# Not refused: sent again by itself.
LATER = ("too_many", "unavailable")


def bundled(folder: Path) -> Path:
    """The page as one script; made once a run."""
    made = folder / "page.mjs"
    bundler = str(node.MODULES / "rolldown/bin/cli.mjs")
    command = (node.find().node, bundler, "tests/faults/page.ts", "--platform", "node", "--format", "esm")
    subprocess.run([*command, "--file", str(made)], cwd=ROOT, check=True, capture_output=True)
    return made


class Page:
    """A tab. `reload` kills it and opens it again over what it kept; `freeze` and `thaw` are the browser's."""

    def __init__(self, script: Path, url: str, storage: Path, history: History) -> None:
        self.history = history
        self.state: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.times_down = 0
        self.faults: list[str] = []
        self._command = (node.find().node, str(script), url, str(storage))
        self._process: Process | None = None
        self._closing = False
        self._ears: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()

    @property
    def ticket(self) -> str:
        return str(self.state.get("ticket", ""))

    async def open(self) -> "Page":
        self._closing = False
        self._process = await asyncio.create_subprocess_exec(
            *self._command, limit=LONGEST_LINE, stdin=PIPE, stdout=PIPE, stderr=PIPE, preexec_fn=END_WITH_PARENT
        )
        self._ears = [asyncio.create_task(self._listen()), asyncio.create_task(self._lament())]
        return self

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        async for line in self._process.stdout:
            if line.endswith(b"\n"):  # a page that was killed may leave half a line
                self._note(json.loads(line))
                self._news.set()
        if not self._closing:
            self.faults.append("it died")

    async def _lament(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        async for line in self._process.stderr:
            self.faults.append(line.decode().rstrip())

    # -- what it does ----------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Written down once the page has taken it: a reload may come before."""
        self.orders("say", text=text)

    def orders(self, order: str, **rest: object) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"order": order, **rest}).encode() + b"\n")

    async def reload(self) -> None:
        await self.close()
        await self.open()

    async def close(self) -> None:
        """Killed, as a phone kills a tab: nothing gets a chance to tidy up."""
        assert self._process is not None
        self._closing = True
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._ears)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    async def shows(self, true: Callable[[dict[str, Any]], bool], patience_s: float = 30) -> None:
        """Once the screen is like that."""
        async with asyncio.timeout(patience_s):
            while not self.state or not true(self.state):
                self._news.clear()
                await self._news.wait()

    # -- what it tells ---------------------------------------------------------------------------------------

    def _note(self, told: dict[str, Any]) -> None:
        match told["type"]:
            case "screen":
                self._drawn(told)
            case "heard":
                self.history.note(Heard(f"event:{told['event']}", told["payload"]))
            case "answered":
                self._answered(told["command"], told["payload"], told["ack"])
            case "said":
                self.history.note(Said(told["text"]))
            case "asked":
                self.asked.append(told)
            case "down":
                self.times_down += 1

    def _drawn(self, told: dict[str, Any]) -> None:
        self.state = told
        unsent = [(text, state) for text, state in told["unsent"]]
        unsent += [(told["draft"], "draft")] if told["draft"] else []
        messages = tuple(Shown(*one) for one in told["messages"])
        self.history.note(Screen(told["ticket"], messages, tuple(unsent)))

    def _answered(self, command: str, payload: dict[str, Any], ack: dict[str, Any]) -> None:
        self.history.note(Heard(f"ack:{command}", ack))
        if command in SENDS and (ack.get("ok") or ack["error"]["code"] not in LATER):
            self.history.note(answer_to(payload, ack))
        elif command == "catch_up" and ack.get("ok"):
            self.history.note(caught_up(payload, ack))


def answer_to(payload: dict[str, Any], ack: dict[str, Any]) -> Acked | Refused:
    """What the sender of a text was told."""
    text = payload["text"]
    if not ack.get("ok"):
        return Refused(text, ack["error"]["code"])
    first = ack.get("message", ack)
    return Acked(payload.get("ticket") or ack["ticket"]["id"], text, first["seq"], first["id"])


def caught_up(payload: dict[str, Any], ack: dict[str, Any]) -> CaughtUp:
    seqs = tuple(message["seq"] for message in ack["messages"])
    return CaughtUp(payload["ticket"], payload["after"], seqs, bool(ack.get("restart")))
