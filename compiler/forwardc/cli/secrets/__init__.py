"""`forwardc secrets`: what a vault stores for us."""
