"""The emulator of vaults and destinations. Imports nothing of forwardc outside this room."""
