"""The memory: one append-only log per debtor, kept by the ERP, folded by the engine."""
