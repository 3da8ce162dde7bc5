"""Every reader of foreign bytes, with real inputs to start from."""
