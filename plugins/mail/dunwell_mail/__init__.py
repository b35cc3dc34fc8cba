"""The mail channels that ship with Dunwell: SMTP and a folder of .eml files."""
