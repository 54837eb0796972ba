"""The former name of bench/fixtures.py, until the tests import the new one. Delete this folder then."""

from bench.fixtures import ALWAYS_OPEN as ALWAYS_OPEN
