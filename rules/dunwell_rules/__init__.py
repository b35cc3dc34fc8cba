"""The policies and templates that ship with Dunwell."""
