"""The partner API as a process: settings, guards, watching, starting and stopping in order."""
