"""Everything that leaves or comes in over HTTP: senders, connections, keys and answers."""
