"""The Socket.IO server: commands of visitors and agents, the events that they receive, and their reconciliation."""
