"""WebSocket transport under python-socketio: frames, heartbeat, rooms and admission. It knows no product words."""
