"""`forwardc clients`: who may call the partner API."""
