"""`review.html`: one page from which a reviewer sees what leaves, where to, under which keys."""
