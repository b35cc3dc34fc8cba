"""The tests of Dunwell."""
