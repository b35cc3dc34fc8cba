"""The embedded ledger: a little ERP in one file, for companies whose ERP only exports files."""
