"""The events of each fact: what is sent after COMMIT, and to whom; one module a subject."""
