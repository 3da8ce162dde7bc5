"""The emulator of vaults and destinations. It shares no code with what it judges."""
