"""The contract between evaluator terminals and the gateway: no I/O, no clock."""
