"""The link in an e-mail that stops its kind: it asks first, since scanners open links.

    GET   shows one button; changes nothing
    POST  stops the kind at once, as mail programs do with one press (RFC 8058)

The notice's id in the link is the proof; nobody needs to sign in to be left alone.
"""

from uuid import UUID

import flask

from gateway import asking

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Talent Timebank</title>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
BUTTON = """<p>You will no longer get this kind of e-mail. You can turn it on again at any time.</p>
<form method="post"><button type="submit">Stop these e-mails</button></form>"""
DONE = "<p>You will get no more e-mails of this kind. Your list in the timebank goes on.</p>"
ESSENTIAL = (
    "<p>This e-mail was about an exchange of yours; such e-mails cannot be stopped here.</p>"
)
POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

routes = flask.Blueprint("unsubscribe", __name__)


@routes.before_request
def _of_people() -> None:
    """Whoever comes here reads; what fails is told on a page, too."""
    flask.g.is_page = True


@routes.get("/notices/<uuid:notice_id>/unsubscribe")
def offer(notice_id: UUID) -> flask.Response:
    """One button."""
    return _page("Stop these e-mails?", BUTTON)


@routes.post("/notices/<uuid:notice_id>/unsubscribe")
def stop(notice_id: UUID) -> flask.Response:
    """Stop the kind of e-mail the notice was of."""
    found = asking.ask_ourselves("notifications", "unsubscribe", notice_id=str(notice_id))
    return _page("E-mails stopped", DONE) if found["kind"] else _page("Not stopped", ESSENTIAL)


def _page(title: str, content: str) -> flask.Response:
    answer = flask.Response(PAGE.format(title=title, content=content), content_type="text/html")
    answer.headers["Content-Security-Policy"] = POLICY
    return answer
