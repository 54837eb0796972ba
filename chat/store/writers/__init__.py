"""The threads that write: a queue, and one writer for each database."""
