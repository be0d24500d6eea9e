"""FastAPI with PyJWT, as the security chapter of its tutorial has it: a bearer token, and nothing on the server.

https://fastapi.tiangolo.com/tutorial/security/oauth2-jwt/. The tutorial has no sign-out.
"""

import secrets
import time
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jwt.exceptions import InvalidTokenError
from pydantic import BaseModel

LIFE_S = 3600
AUDIENCE = "https://api.test"
KEY, FOREIGN_KEY = secrets.token_bytes(32), secrets.token_bytes(32)
application = FastAPI()
scheme = OAuth2PasswordBearer(tokenUrl="login")


class SignIn(BaseModel):
    user: int
    # For the probes of a trace only.
    age_ms: int = 0
    flaw: str | None = None


@application.post("/login")
async def login(asked: SignIn):
    issued = time.time() - asked.age_ms / 1000
    audience = "https://other.test" if asked.flaw == "wrong-audience" else AUDIENCE
    claims = {"sub": str(asked.user), "aud": audience, "iat": int(issued), "exp": int(issued) + LIFE_S}
    key = FOREIGN_KEY if asked.flaw == "unknown" else KEY
    return {"access_token": jwt.encode(claims, key, algorithm="HS256"), "token_type": "bearer"}


async def current_user(token: Annotated[str, Depends(scheme)]) -> int:
    try:
        return int(jwt.decode(token, KEY, algorithms=["HS256"], audience=AUDIENCE)["sub"])
    except InvalidTokenError:
        raise HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"}) from None


@application.get("/resource")
async def resource(user: Annotated[int, Depends(current_user)]):
    return {"user": user}


@application.get("/open")
async def everybody():
    return {"status": "ok"}
