"""The lane: the path of a WebSocket frame under python-socketio, which stays the server that the doors see."""
