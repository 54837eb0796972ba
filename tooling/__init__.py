"""What dev.py installs, builds and tests with: standard library only, for it runs on a bare machine."""
