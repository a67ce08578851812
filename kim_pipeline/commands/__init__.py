"""The commands of `kim`, one module each; heavy imports are inside them, so that `kim --help` is fast."""
