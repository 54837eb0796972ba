"""The process that reads mails. A mail that takes too much time or memory ends this process, and nothing else.

Run as `python -m chat.mail.sandbox_child CPU_SECONDS MEMORY_BYTES`. It reads requests from stdin and writes results to
stdout, each with its length before it, until stdin ends.
"""

import struct
import sys
from typing import BinaryIO

import msgspec

from chat.mail.mime import read_mail

EXIT_TOO_LARGE = 3
LENGTH = struct.Struct(">Q")


class ReadRequest(msgspec.Struct):
    """`authserv_id`: see `headers.is_authentic`."""

    raw: bytes
    authserv_id: str | None


def main(cpu_s: int, memory: int) -> None:
    limit_memory(memory)
    while request := read_frame(sys.stdin.buffer):
        limit_cpu(cpu_s)
        asked = msgspec.msgpack.decode(request, type=ReadRequest)
        answer = msgspec.msgpack.encode(read_mail(asked.raw, asked.authserv_id))
        sys.stdout.buffer.write(LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


def read_frame(source: BinaryIO) -> bytes:
    """The next request, or nothing at the end."""
    length = source.read(LENGTH.size)
    return source.read(LENGTH.unpack(length)[0]) if length else b""


if sys.platform == "win32":

    def limit_memory(memory: int) -> None:
        """Windows has no such limit: there only the time is limited, by the parent."""

    def limit_cpu(cpu_s: int) -> None:
        """See `limit_memory`."""

else:
    import resource

    def limit_memory(memory: int) -> None:
        if sys.platform == "linux":  # macOS refuses this limit.
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    def limit_cpu(cpu_s: int) -> None:
        """From now on. The kernel counts from the start of the process, and ends it by SIGXCPU."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_s, hard))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except MemoryError:
        sys.exit(EXIT_TOO_LARGE)
