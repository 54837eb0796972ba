"""The bench: how fast the product is beside Node's socket.io, in one interleaved run. See docs/performance.md."""
