"""The control interface of tests and people: `/_sandbox/` and the methods of `Sandbox`."""
