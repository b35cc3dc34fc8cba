"""QuickBooks Online as an ERP: facts by few metered reads, a log in the customers' own notes."""
