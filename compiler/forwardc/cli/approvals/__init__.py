"""`forwardc approve` and `forwardc approvals`: what was accepted for production."""
