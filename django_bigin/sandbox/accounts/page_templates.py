"""The accounts server's pages: plain HTML in one piece, no script, nothing fetched. Every value is escaped."""

from __future__ import annotations

from ..wire.markup import Markup, fill

STYLE = Markup("""
:root { color-scheme: light dark; --line: #8888; --quiet: #667; --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aab; --accent: #a8c7fa; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 6vh 1rem 2rem; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 32rem; margin: 0 auto; border: 1px solid var(--line); border-radius: 12px; padding: 1.75rem 2rem; }
header, footer { max-width: 32rem; margin: 0 auto .75rem; color: var(--quiet); font-size: .875rem; }
footer { margin-top: .75rem; }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0 0 1.25rem; padding: 0; }
li + li { margin-top: .5rem; }
.scopes { border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; font-size: .9375rem; }
.scopes li + li { margin-top: .25rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
small { display: block; color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere; }
fieldset { border: 0; margin: 0 0 1.25rem; padding: 0; }
legend { padding: 0; margin-bottom: .5rem; font-weight: 600; }
label { display: flex; gap: .75rem; border: 1px solid var(--line); border-radius: 8px; padding: .625rem .875rem; }
label + label { margin-top: .5rem; }
button { font: inherit; padding: .5rem 1.25rem; border-radius: 8px; border: 1px solid var(--line); cursor: pointer;
  background: transparent; color: inherit; }
button.choice { display: block; width: 100%; text-align: left; padding: .625rem .875rem; }
button.main { background: var(--accent); border-color: var(--accent); color: Canvas; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
main > :last-child, form > :last-child { margin-bottom: 0; }
.buttons { display: flex; gap: .75rem; }
""")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header>Accounts server of data center <strong>{data_center}</strong></header>
<main>
<h1>{title}</h1>
{content}
</main>
<footer>A sandbox on this machine; nothing reaches Zoho.</footer>
</body>
</html>
"""

SIGN_IN = """<p>Choose who you are, to go on to <strong>{client}</strong>. There are no passwords here.</p>
<form method="post" action="{action}">
<input type="hidden" name="authorization" value="{authorization}">
<ul aria-label="Zoho users">
{choices}
</ul>
</form>"""
USER = """<li><button class="choice" name="user" value="{zuid}">{name}
<small>{email}</small><small>{organizations}, data center {data_center}</small></button></li>"""

ORGANIZATIONS = """<p>You are <strong>{email}</strong>. <strong>{client}</strong> will see one organization only.</p>
<form method="post" action="{action}">
<input type="hidden" name="authorization" value="{authorization}">
<fieldset>
<legend>Organization</legend>
{choices}
</fieldset>
<button class="main">Submit</button>
</form>"""
ORGANIZATION = """<label><input type="radio" name="org_id" value="{org_id}" required>
<span>{name}<small>{org_id}</small></span></label>"""

CONSENT = """<p><strong>{client}</strong> would like to access the following of
<strong>{organization}</strong>{offline}.</p>
<ul class="scopes" aria-label="Scopes">
{scopes}
</ul>
<p><small>You are {email}. Organization {org_id}. Afterwards you go on to {redirect_uri}</small></p>
<form method="post" action="{action}" class="buttons">
<input type="hidden" name="authorization" value="{authorization}">
<button class="main" name="decision" value="accept">Accept</button>
<button name="decision" value="reject">Reject</button>
</form>"""
SCOPE = "<li><code>{scope}</code></li>"


def page(title: str, content: Markup, *, data_center: str) -> str:
    """Return a whole page."""
    return fill(PAGE, title=title, content=content, style=STYLE, data_center=data_center)


def error_page(headline: str, sentence: str, hint: str = "", *, data_center: str) -> str:
    """Return the page of a request that cannot be answered by a redirect; the hint is the sandbox's own."""
    content = fill("<p>{sentence}<small>{hint}</small></p>", sentence=sentence, hint=hint)
    return page(headline, content, data_center=data_center)
