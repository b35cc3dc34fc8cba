"""Odoo as an ERP: facts from its own records, actions into its own objects, the log in it too."""
