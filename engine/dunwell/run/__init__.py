"""Planning and applying: commands made concrete, done exactly once, and written down."""
