"""The command line, and the operator's commands that it runs here or in a running server."""
