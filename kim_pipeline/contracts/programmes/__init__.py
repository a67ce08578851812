"""One module per programme (`deliveries.md` §7); each holds its `PROGRAMME`."""
