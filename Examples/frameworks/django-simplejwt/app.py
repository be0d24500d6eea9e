"""djangorestframework-simplejwt as its documentation shows it: access and refresh tokens, and the blacklist.

https://django-rest-framework-simplejwt.readthedocs.io. By default a request reads the row of its user. STATELESS=1 takes
the documented `JWTStatelessUserAuthentication`, which does not.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

settings.configure(
    SECRET_KEY=secrets.token_urlsafe(50), ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework",
                    "rest_framework_simplejwt.token_blacklist"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": Path(os.environ["FOLDER"]) / "users.sqlite", "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 5,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}}},
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(hours=1), "AUDIENCE": "https://api.test", "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True, "USER_ID_FIELD": "username"})
django.setup()
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402 - Django reads models after its settings
from django.urls import path  # noqa: E402
from rest_framework.decorators import api_view, authentication_classes, permission_classes  # noqa: E402
from rest_framework.permissions import AllowAny, IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework_simplejwt.authentication import JWTAuthentication, JWTStatelessUserAuthentication  # noqa: E402
from rest_framework_simplejwt.backends import TokenBackend  # noqa: E402
from rest_framework_simplejwt.tokens import RefreshToken  # noqa: E402
from rest_framework_simplejwt.utils import aware_utcnow  # noqa: E402
from rest_framework_simplejwt.views import TokenBlacklistView, TokenRefreshView  # noqa: E402

Authentication = JWTStatelessUserAuthentication if os.environ.get("STATELESS") else JWTAuthentication
# What a token has that must be refused: another audience, or the key of another issuer.
FLAWED = {
    "wrong-audience": TokenBackend("HS256", settings.SECRET_KEY, audience="https://other.test"),
    "unknown": TokenBackend("HS256", secrets.token_urlsafe(50), audience="https://api.test")}


@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def login(request):
    user, _ = User.objects.get_or_create(username=str(request.data["user"]))
    refresh = RefreshToken.for_user(user)
    access = refresh.access_token
    # For the probes of a trace only: a token of some time ago, for somebody else, or of another issuer.
    if "age_ms" in request.data:
        then = aware_utcnow() - timedelta(milliseconds=request.data["age_ms"])
        access.set_iat(at_time=then)
        access.set_exp(from_time=then)
    flawed = FLAWED.get(request.data.get("flaw"))
    return Response({"access": flawed.encode(access.payload) if flawed else str(access), "refresh": str(refresh)})


@api_view(["GET"])
@authentication_classes([Authentication])
@permission_classes([IsAuthenticated])
def resource(request):
    # Stateless, a user is what the token says of it.
    return Response({"user": int(request.user.username or request.user.pk)})


@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def everybody(request):
    return Response({"status": "ok"})


urlpatterns = [
    path("login", login), path("resource", resource), path("open", everybody), path("renew", TokenRefreshView.as_view()),
    path("logout", TokenBlacklistView.as_view())]
application = get_wsgi_application()
