"""The command line and the operator's commands."""
