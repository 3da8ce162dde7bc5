"""`forwardc serve`: the partner API as a process."""
