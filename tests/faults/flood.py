"""python -m tests.faults.flood PORT SECONDS: one visitor who sends as fast as the connection accepts.

It prints when it begins, and at the end how many commands it sent.
"""

import socket
import sys
import time

UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    # Another address, so that its rate limits do not affect the other clients.
    b"X-Forwarded-For: 203.0.113.9\r\n\r\n"
)


def frame(text: str) -> bytes:
    """A masked text frame, as a client must send it; the mask is all zeros."""
    body = text.encode()
    length = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + body


def flood(port: int, seconds: float) -> int:
    """Send for so long, reconnecting after each disconnect; returns how many commands were sent."""
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(UPGRADE + frame('40/visitor,{"site":"demo"}'))
                while time.monotonic() < end:
                    connection.sendall(b"".join(frame(f'42/visitor,{sent + n}["hello",{{}}]') for n in range(20)))
                    sent += 20
                    discard_received(connection)
        except OSError:
            time.sleep(0.05)
    return sent


def discard_received(connection: socket.socket) -> None:
    """Read and drop what the server sent: a client that never reads is another scenario."""
    connection.setblocking(False)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        pass
    finally:
        connection.settimeout(1)


if __name__ == "__main__":
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    sys.stdout.write(str(flood(int(sys.argv[1]), float(sys.argv[2]))))
