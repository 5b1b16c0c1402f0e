"""What the shop knows: its tables and queries, who may see what, its rules, the demo shop."""
