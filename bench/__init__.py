"""The benchmark compares the product with Node's socket.io in one interleaved run. See docs/performance.md."""
