OPEN: int
CLOSE: int
PING: int
PONG: int
MESSAGE: int
UPGRADE: int
NOOP: int

class Packet:
    packet_type: int
    data: object
    def __init__(self, packet_type: int = ..., data: object = None, encoded_packet: object = None) -> None: ...
    def encode(self, b64: bool = False) -> str | bytes: ...
