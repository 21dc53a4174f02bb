"""The whole on one machine: a sandbox instead of Zoho, the example site, its workers and beat, as processes.

`python3 dev.py demo` tells and proves it, `python3 dev.py site` serves it.
"""
