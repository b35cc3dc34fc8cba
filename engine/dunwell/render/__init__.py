"""What people see in a terminal: plans, receipts, explanations and logs as lines of text."""
