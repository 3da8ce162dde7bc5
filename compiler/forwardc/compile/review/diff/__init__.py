"""What a change means to the PSP, to the caller and to nobody: semantic, never textual."""
