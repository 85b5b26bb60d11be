"""Campaigns: many trainings and judgements from one file, on this machine or on a cluster.

What exists is in the cache, under a key made of all that it depends on; the engine that runs the
tasks, and the folder of a campaign, hold nothing that cannot be lost.
"""
