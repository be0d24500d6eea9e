"""Flask's own session as its documentation shows it: a cookie that itsdangerous signs, and nothing on the server.

https://flask.palletsprojects.com/en/stable/quickstart/#sessions. A sign-out empties the browser's cookie. A copy of the old
one goes on until it expires, because no server could know that it was given up.
"""

import secrets
import time
from datetime import timedelta

from flask import Flask, request, session
from itsdangerous import TimestampSigner

LIFE = timedelta(hours=1)
application = Flask(__name__)
application.config.update(SECRET_KEY=secrets.token_bytes(32), PERMANENT_SESSION_LIFETIME=LIFE)


@application.post("/login")
def login():
    asked = request.get_json()
    if "age_ms" in asked:
        return aged(asked["user"], asked["age_ms"] // 1000)
    session.permanent = True
    session["user"] = asked["user"]
    return {}


def aged(user, age_s):
    """For the probes of a trace only: the cookie of a sign-in of some time ago."""
    class Signer(TimestampSigner):
        def get_timestamp(self):
            return int(time.time()) - age_s

    serializer = application.session_interface.get_signing_serializer(application)
    serializer.signer = Signer
    answer = application.make_response({})
    answer.set_cookie("session", serializer.dumps({"_permanent": True, "user": user}), httponly=True)
    return answer


@application.get("/resource")
def resource():
    if "user" not in session:
        return {"error": "unauthorized"}, 401
    return {"user": session["user"]}


@application.post("/logout")
def logout():
    session.clear()
    return {}


@application.get("/open")
def everybody():
    return {"status": "ok"}
