"""The partner API: what partners, operators and destinations reach over HTTP."""
