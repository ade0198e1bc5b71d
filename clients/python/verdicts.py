"""For Latchkey's tests: reads one request per line from standard input, as JSON, and says what becomes of it.

Where Redis is: REDIS_SOCKET, or REDIS_HOST and REDIS_PORT, with REDIS_CA over TLS; REDIS_USER and REDIS_PASSWORD;
REDIS_TIMEOUT_MS.
"""

import json
import os
import sys

import redis

from latchkey_sessions import Refused, SessionReader, Unavailable


def connect() -> redis.Redis:
    seconds = int(os.environ["REDIS_TIMEOUT_MS"]) / 1000
    access = {"username": os.environ["REDIS_USER"], "password": os.environ["REDIS_PASSWORD"], "socket_timeout": seconds}
    if "REDIS_SOCKET" in os.environ:
        return redis.Redis(unix_socket_path=os.environ["REDIS_SOCKET"], **access)
    tls = {"ssl": True, "ssl_ca_certs": os.environ["REDIS_CA"], "ssl_check_hostname": True} if "REDIS_CA" in os.environ else {}
    return redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]), **tls, **access)


def verdict(client: redis.Redis, request: dict) -> dict:
    settings = request["settings"]
    reader = SessionReader(client, settings["secrets"], settings["indexKeys"],
                           prefix=settings["prefix"], cookie_name=settings["cookieName"])
    try:
        session = reader.read(request["cookie"], request["authorization"], anonymous=settings["anonymous"])
    except Refused as refused:
        return {"refused": refused.reason}
    except Unavailable:
        return {"unavailable": True}
    principal = session.principal
    return {"session": {
        "id": session.id,
        "principal": principal and {
            "id": principal.id, "email": principal.email, "displayName": principal.display_name,
            "roles": principal.roles, "createdAt": principal.created_at,
        },
        "transport": session.transport,
        "profile": session.profile,
        "authenticatedAtMs": session.authenticated_at_ms,
        "createdAtMs": session.created_at_ms,
        "absoluteExpiryMs": session.absolute_expiry_ms,
        "isAdmin": session.has_role("admin"),
        "data": session.data,
    }}


client = connect()
for line in sys.stdin:
    print(json.dumps(verdict(client, json.loads(line))), flush=True)
