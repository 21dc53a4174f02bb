"""The beginning of the demo and of `dev.py site`: tenants, an administrator, and one client registration."""

from typing import Any

DATA_CENTERS = ("us", "eu", "ca")
# Tenant, its name, and the data center where its Zoho user lives.
TENANTS = (("acme", "Acme Pumps", "us"), ("maple", "Maple Tools", "ca"), ("eiffel", "Eiffel Ponts", "eu"))
BY_SELF_CLIENT = "eiffel"
USER = PASSWORD = "demo"  # of a site for this machine only

# Records in each Bigin, and a field that every record of a module has, to be edited.
RECORDS = {
    "Accounts": 120,
    "Contacts": 2_300,
    "Products": 40,
    "Pipelines": 500,
    "Tasks": 250,
    "Events": 60,
    "Calls": 120,
    "Notes": 150,
}
EDITED_FIELD = {
    "Accounts": "Website",
    "Contacts": "Title",
    "Products": "Description",
    "Pipelines": "Description",
    "Tasks": "Description",
    "Events": "Venue",
    "Calls": "Description",
    "Notes": "Note_Content",
}
MODULES = (*RECORDS, "Users")


def prepare(start: dict[str, Any]) -> None:
    """Make the database, and enter what an administrator would.

    Args:
        start: the sandbox's start document; its server-based client is registered for all tenants.
    """
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from django_bigin.models import ClientRegistration, ClientSecret, Tenant

    call_command("migrate", verbosity=0)
    get_user_model().objects.create_superuser(USER, "demo@localhost", PASSWORD)
    for slug, name, _ in TENANTS:
        Tenant.objects.create(slug=slug, name=name)
    client = start["client"]
    registration = ClientRegistration.objects.create(
        name="Our server-based client",
        client_id=client["client_id"],
        home_data_center=client["home_data_center"],
        redirect_uri=client["redirect_uri"],
    )
    for data_center, secret in client["secrets"].items():
        ClientSecret.objects.create(registration=registration, data_center=data_center, secret=secret)
