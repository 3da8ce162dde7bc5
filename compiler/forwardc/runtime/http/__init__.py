"""TODO runtime/http"""
