"""How destinations count money: shipped tables, and what one file says."""
