"""What people read: feedback, tables, the report on a class, who has answers alike."""
