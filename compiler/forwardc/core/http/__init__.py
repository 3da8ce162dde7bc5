"""TODO core/http"""
