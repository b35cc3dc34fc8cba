"""The policy language: its typed tree, its words, and what can be wrong with them."""
