"""The parts of dev.py: install, build and test. Standard library only, because nothing is installed at first."""
