"""Records for Dunwell on parties, and a hold that stops sales."""
