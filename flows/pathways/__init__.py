"""The pathways: one file is one flow, values only."""
