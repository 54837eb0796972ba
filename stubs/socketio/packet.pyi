CONNECT: int
DISCONNECT: int
EVENT: int
ACK: int
CONNECT_ERROR: int
BINARY_EVENT: int
BINARY_ACK: int

class Packet:
    uses_binary_events: bool
    json: object
    packet_type: int
    data: object
    namespace: str | None
    id: int | None
    attachment_count: int
    attachments: list[object]
    def __init__(
        self,
        packet_type: int = ...,
        data: object = None,
        namespace: str | None = None,
        id: int | None = None,
        binary: bool | None = None,
        encoded_packet: str | None = None,
    ) -> None: ...
    def encode(self) -> str: ...
    def decode(self, encoded_packet: str) -> int: ...
