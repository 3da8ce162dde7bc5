"""TODO runtime/recovery"""
