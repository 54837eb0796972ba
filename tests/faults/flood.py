"""python -m tests.faults.flood PORT SECONDS: one visitor who sends as fast as the line takes it.

It says when it begins, and how much it was in the end.
"""

import socket
import sys
import time

UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    # The limits of an address are not to hit the others, who all come from this one.
    b"X-Forwarded-For: 203.0.113.9\r\n\r\n"
)


def frame(text: str) -> bytes:
    """A text frame as a client sends it, under a mask of zeros."""
    body = text.encode()
    length = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + body


def flood(port: int, seconds: float) -> int:
    """How many commands were sent; cut, it comes back."""
    ends, sent = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                line.sendall(UPGRADE + frame('40/visitor,{"site":"demo"}'))
                while time.monotonic() < ends:
                    line.sendall(b"".join(frame(f'42/visitor,{sent + n}["hello",{{}}]') for n in range(20)))
                    sent += 20
                    read_away(line)
        except OSError:
            time.sleep(0.05)
    return sent


def read_away(line: socket.socket) -> None:
    """Whatever has come; who never reads is another fault."""
    line.setblocking(False)
    try:
        while line.recv(65_536):
            pass
    except BlockingIOError:
        pass
    finally:
        line.settimeout(1)


if __name__ == "__main__":
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    sys.stdout.write(str(flood(int(sys.argv[1]), float(sys.argv[2]))))
