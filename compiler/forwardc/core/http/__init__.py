"""What every server of ours reads of a request before it knows whose the request is."""
