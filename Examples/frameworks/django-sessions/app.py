"""Django's session framework as its documentation shows it: the user's number in `request.session`.

https://docs.djangoproject.com/en/5.2/topics/http/sessions/. REDIS_URL keeps the sessions in Redis, through Django's own
cache; without it they are in SQLite. There is no CSRF middleware: the clients are no browsers, and every view takes JSON.
"""

import json
import os
import secrets
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

LIFE_S = 3600
REDIS = os.environ.get("REDIS_URL")
STORE = {
    "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS}},
} if REDIS else {
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    # The documentation's advice for SQLite in production: a write-ahead log, and writers that wait for each other.
    "DATABASES": {"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": Path(os.environ["FOLDER"]) / "sessions.sqlite",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 5,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}}},
}
settings.configure(
    SECRET_KEY=secrets.token_urlsafe(50), ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.sessions"], SESSION_COOKIE_AGE=LIFE_S, **STORE,
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware"])
django.setup()
if not REDIS:
    call_command("migrate", verbosity=0)


@require_POST
def login(request):
    asked = json.loads(request.body)
    request.session["user"] = asked["user"]
    # For the probes of a trace only: a session that began so long ago.
    if "age_ms" in asked:
        request.session.set_expiry(LIFE_S - asked["age_ms"] // 1000)
    return JsonResponse({})


@require_GET
def resource(request):
    user = request.session.get("user")
    return JsonResponse({"error": "unauthorized"}, status=401) if user is None else JsonResponse({"user": user})


@require_POST
def logout(request):
    request.session.flush()
    return JsonResponse({})


@require_GET
def everybody(request):
    return JsonResponse({"status": "ok"})


urlpatterns = [path("login", login), path("resource", resource), path("logout", logout), path("open", everybody)]
application = get_wsgi_application()
