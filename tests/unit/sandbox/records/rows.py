"""Rows that programs write, and the codes of the answers."""

MINIMAL = {
    "Contacts": {"Last_Name": "Wen"},
    "Accounts": {"Account_Name": "Orbit"},
    "Pipelines": {"Deal_Name": "D", "Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"},
    "Products": {"Product_Name": "Pump"},
    "Tasks": {"Subject": "Call"},
    "Events": {
        "Event_Title": "Visit",
        "Start_DateTime": "2026-11-03T09:00:00Z",
        "End_DateTime": "2026-11-03T10:00:00Z",
    },
    "Calls": {"Call_Start_Time": "2026-11-03T09:00:00Z", "Call_Duration": 5, "Call_Type": "Outbound"},
    "Notes": {"Note_Content": "Hello"},
}


def codes(body):
    return [row["code"] for row in body["data"]]
