"""The least a Bigin server must have: what the client may count on, and nothing else.

An independent judge, written from the vendor's documentation alone. It knows nothing of the package
or of its sandbox, so that it cannot repeat their mistakes: please keep it so.
"""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from threading import Thread
from urllib.parse import parse_qsl

TIMES = {"Created_Time": "datetime", "Modified_Time": "datetime"}
FIELDS = {  # without `id`: every row has it, and the vendor's field list leaves it out
    "Contacts": {"Last_Name": "text", "First_Name": "text", "Email": "email", "Account_Name": "lookup"} | TIMES,
    "Accounts": {"Account_Name": "text", "Phone": "phone", "Website": "website"} | TIMES,
}
# Wider than what is served: that users and bulk are missing is for their 404 to tell, not for the scope.
SCOPE = "ZohoBigin.org.READ ZohoBigin.users.READ ZohoBigin.settings.ALL ZohoBigin.modules.ALL ZohoBigin.bulk.ALL"


class LeastServer(ThreadingHTTPServer):
    """Accounts server and API on one loopback port, whatever the Host, for as long as the `with` lasts.

    A test may edit `records` at any time; clearing `access_tokens` lets every token run out.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.client_id, self.client_secret, self.org_id = f"1000.{token_hex(15).upper()}", token_hex(21), "942010964"
        self.grant_token, self.refresh_token = new_token(), None  # the second once the first is spent
        self.access_tokens = set()
        self.page_tokens = {}  # token -> (the walk it is bound to, the page it gives)
        self.records = {module: [] for module in FIELDS}
        self.requests = []  # "METHOD path", without the query

    def __enter__(self):
        Thread(target=self.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *exc_info):
        self.shutdown()
        self.server_close()

    def answer(self, method, path, query, form, authorization):
        """Give the status and the JSON of an answer; None stands for an empty body."""
        match [method, *path.split("/")[1:]]:
            case ["POST", "oauth", "v2", "token"]:
                return 200, self.token_answer(query | form)  # a refusal is a 200 too
            case [_, "bigin", *_] if not authorization.startswith("Zoho-oauthtoken "):
                return refusal(401, "AUTHENTICATION_FAILURE", "Authentication failed")
            case [_, "bigin", *_] if authorization.removeprefix("Zoho-oauthtoken ") not in self.access_tokens:
                return refusal(401, "INVALID_TOKEN", "invalid oauth token")
            case ["GET", "bigin", "v2", "org"]:
                return 200, {"org": [{"id": "7618134000000020005", "zgid": self.org_id, "company_name": "Least Ltd"}]}
            case ["GET", "bigin", "v2", "settings", "modules"]:
                return 200, {"modules": [module_entry(module) for module in FIELDS]}
            case ["GET", "bigin", "v2", "settings", "fields"] if query.get("module") in FIELDS:
                return 200, {"fields": [field_entry(*field) for field in FIELDS[query["module"]].items()]}
            case ["GET", "bigin", "v2", module, "deleted"] if module in FIELDS:
                return 204, None
            case ["GET", "bigin", "v2", module] if module in FIELDS:
                return self.list_answer(module, query)
        return refusal(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def token_answer(self, sent):
        if sent.get("client_id") != self.client_id:
            return {"error": "invalid_client"}
        if sent.get("client_secret") != self.client_secret:
            return {"error": "invalid_client_secret"}
        answer = {"access_token": new_token(), "token_type": "Bearer", "expires_in": 3600, "scope": SCOPE}
        match sent:
            case {"grant_type": "authorization_code", "code": self.grant_token} if not self.refresh_token:
                self.refresh_token = answer["refresh_token"] = new_token()
            case {"grant_type": "refresh_token", "refresh_token": self.refresh_token}:
                pass  # it stays as it is, and is not sent again
            case _:
                return {"error": "invalid_code"}
        self.access_tokens.add(answer["access_token"])
        return answer | {"api_domain": "https://www.zohoapis.com"}

    def list_answer(self, module, query):
        names, per_page = query.get("fields", "").split(","), int(query.get("per_page", 200))
        token = query.get("page_token")
        walk = {"module": module} | {key: query[key] for key in query.keys() - {"page", "page_token"}}
        bound_to, page = self.page_tokens.get(token, (None, 1)) if token else (walk, int(query.get("page", 1)))
        for code, details, broken in [
            ("REQUIRED_PARAM_MISSING", {"param_name": "fields"}, names == [""]),
            ("LIMIT_EXCEEDED", {"limit": 50}, len(names) > 50),
            ("INVALID_DATA", {}, page < 1 or not 1 <= per_page <= 200),
            ("AMBIGUITY_DURING_PROCESSING", {}, token and "page" in query),
            ("TOKEN_BOUND_DATA_MISMATCH", {"param_name": "page_token"}, bound_to != walk),
            ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": 2000}, not token and page * per_page > 2000),
        ]:
            if broken:
                return refusal(400, code, "invalid data", **details)
        # Cut from the records as they are now: a write between two pages shifts the rows. Never sorted as asked.
        rows = sorted(self.records[module], key=lambda row: int(row["id"]), reverse=True)
        more, rows = len(rows) > page * per_page, rows[(page - 1) * per_page : page * per_page]
        info = {"page": page, "per_page": per_page, "count": len(rows), "more_records": more, "sort_by": "id"}
        info |= {"sort_order": "desc"} | dict.fromkeys(["next_page_token", "previous_page_token", "page_token_expiry"])
        if more:
            info["next_page_token"] = token_hex(20)
            info["page_token_expiry"] = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
            self.page_tokens[info["next_page_token"]] = walk, page + 1
        known = [name for name in names if name in FIELDS[module]]  # the others are dropped without a word
        data = [{name: row.get(name) for name in known} | {"id": row["id"]} for row in rows]
        return (200, {"data": data, "info": info}) if rows else (204, None)


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        path, _, query = self.path.partition("?")
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
        self.server.requests.append(f"{self.command} {path}")
        sent = dict(parse_qsl(query)), dict(parse_qsl(form)), self.headers.get("Authorization", "")
        status, answer = self.server.answer(self.command, path, *sent)
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.end_headers()
        self.wfile.write(b"" if answer is None else json.dumps(answer).encode())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *args):
        pass


def new_token():
    return f"1000.{token_hex(16)}.{token_hex(16)}"


def refusal(status, code, message, **details):
    return status, {"code": code, "details": details, "message": message, "status": "error"}


def module_entry(name):
    entry = {"api_name": name, "module_name": name, "singular_label": name[:-1], "plural_label": name}
    return entry | {"api_supported": True, "viewable": True, "visible": True, "generated_type": "default"}


def field_entry(name, data_type):
    lookup = {"module": {"api_name": "Accounts"}} if data_type == "lookup" else {}
    entry = {"api_name": name, "field_label": name.replace("_", " "), "data_type": data_type, "lookup": lookup}
    entry |= {"json_type": "jsonobject" if lookup else "string", "type": "used", "visible": True}
    return entry | {"custom_field": False, "pick_list_values": []}
