"""One file is one step from a version of the tables to the next, and is never changed once it was released.

They begin with v1001: v0001 to v0003 were of tables from before the first release, which are refused.
"""
