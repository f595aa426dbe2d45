"""Scans in: till logs and master data, checked, and the Parquet lake they live in."""
