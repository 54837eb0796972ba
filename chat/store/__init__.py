"""The store: tables, engines, and `Works`, the bridge from asynchronous doors to the domain."""
