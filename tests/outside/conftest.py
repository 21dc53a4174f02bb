"""Programs that other people wrote for Zoho, run against the sandbox: `dev.py tox run -e outside`."""

from importlib.util import find_spec

# Where the program is not installed its tests are not collected; in their own environment that is "no tests ran", a
# failure.
collect_ignore_glob = [] if find_spec("zohocrmsdk") else ["test_zoho_sdk.py"]
