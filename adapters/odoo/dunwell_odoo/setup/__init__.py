"""What an administrator lets Dunwell make in an Odoo once, and take away again."""
