"""Deciding: what the facts and the policy say of every account today, read three times."""
