"""What the HTTP routes share; imports no other folder of chat/web."""
