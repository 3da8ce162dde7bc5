"""TODO runtime/run/run"""
