"""What the pipeline hands to the programme offices: workbooks to fill in, return copies, the state of their deliveries.

Belongs here: what an office sees of its contract and of its own deliveries. Does not belong here: any decision about a
row, which is `deliveries/`'s.
"""
