"""The embedded ledger: a little ERP in one SQLite file, for companies whose ERP only exports files."""
