"""The folder of deliveries: what is there, reading what is new, which delivery counts."""
