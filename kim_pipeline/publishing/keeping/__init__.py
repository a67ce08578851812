"""Which builds are there, how long they and all else are kept, going back."""
