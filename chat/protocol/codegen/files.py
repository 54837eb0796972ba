"""The generated files: which of them are out of date, and how they are written."""

import sys
from pathlib import Path

from chat.protocol.codegen.docs_tables import with_tables
from chat.protocol.codegen.typescript import typescript_files

ROOT = Path(__file__).resolve().parents[3]
TYPESCRIPT = ROOT / "client" / "protocol"


def stale() -> dict[Path, str]:
    """The files that differ from what the code generates, each with its new text."""
    wanted = {path: with_tables(path.read_text("utf-8")) for path in sorted((ROOT / "docs").glob("*.md"))}
    wanted |= {TYPESCRIPT / name: text for name, text in typescript_files().items()}
    return {path: text for path, text in wanted.items() if not is_current(path, text)}


def is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def main(arguments: list[str]) -> int:
    """Write what is stale; with --check only name it and return 1."""
    checking = "--check" in arguments
    for path, text in (outdated := stale()).items():
        if not checking:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{'stale' if checking else 'written'}: {path.relative_to(ROOT)}\n")
    return 1 if checking and outdated else 0
