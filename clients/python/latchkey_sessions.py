"""Reads Latchkey's sessions from Redis: who is this request from?

Needs Python 3.9 and redis-py 4 or newer. Never writes: docs/other-languages.md in Latchkey's repository says what that means.
"""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Union
from urllib.parse import unquote

import redis

Header = Union[None, str, Sequence[str]]

_BEARER_SCHEME = re.compile(r"bearer(?: .*)?", re.I | re.A | re.S)
_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.I | re.A)
_USER_TOKEN = re.compile(r"([A-Za-z0-9_-]{16})\.[A-Za-z0-9_-]{32}")
_HEADER = re.compile(rb"1([0-9]{13})([0-9]{13})([0-9]{13})([0-9]{13})[0-9]{10}")
_NUMBER = re.compile(rb"[0-9]{1,15}")
# RFC 6265bis; not a no-break space, under which a sibling domain could set a cookie whatever prefix comes behind it.
_SPACE = " \t"
# Deeper than anybody's own data, and below what Python's recursion allows.
_MAX_NESTING = 500


class Refused(Exception):
    """Nobody is logged in. Answer 401, whatever the reason; it is for your log and your tests."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Unavailable(Exception):
    """Redis did not say. Answer 503: whether somebody is logged in is not known."""


@dataclass(frozen=True)
class Principal:
    id: str
    email: str
    display_name: Optional[str]
    roles: List[str]
    created_at: str


@dataclass(frozen=True)
class Session:
    """A live session. Times are milliseconds since the epoch by Redis's clock."""

    id: str  # a handle, as the HTTP API shows it; opens nothing
    principal: Optional[Principal]  # None only for an anonymous session, which you have to ask for
    transport: Optional[str]
    profile: Optional[str]
    authenticated_at_ms: Optional[float]
    created_at_ms: int
    absolute_expiry_ms: int
    data: Dict[str, Any]  # what the application keeps in it; a copy, changing it changes nothing

    def has_role(self, role: str, admin_role: str = "admin") -> bool:
        """The admin role counts in a session of the admin profile only."""
        return self.principal is not None and role in self.principal.roles and (role != admin_role or self.profile == "admin")


class SessionReader:
    """Finds the session of a request. May be shared between threads, as the redis-py client may."""

    def __init__(self, client: redis.Redis, secrets: Sequence[str], index_keys: Sequence[str], *,
                 prefix: str = "lk:", cookie_name: str = "__Host-sid"):
        """`secrets`, `index_keys`: all of SESSION_SECRETS and SESSION_INDEX_KEYS, in their order."""
        for name, keys in (("secrets", secrets), ("index_keys", index_keys)):
            if isinstance(keys, str) or not keys or any(len(key) < 32 for key in keys):
                raise ValueError(f"{name} must be a list of one or more texts of at least 32 characters")
        if client.connection_pool.connection_kwargs.get("decode_responses"):
            raise ValueError("the Redis client must not have decode_responses: a record is bytes")
        self._client = client
        self._secrets = [secret.encode() for secret in secrets]
        self._index_keys = [key.encode() for key in index_keys]
        self._prefix = prefix
        self._cookie_name = cookie_name

    def read(self, cookie: Header = None, authorization: Header = None, *, anonymous: bool = False) -> Session:
        """The session of a request; its headers as they came, decoded as Latin-1, a list where one came several times.

        With `anonymous` the session of a visitor counts too; then look at `principal`.
        Raises Refused or Unavailable.
        """
        transport, token = self._token(_values(cookie), _values(authorization))
        digest = _base64url(hashlib.sha256(token.encode()).digest())
        user_token = _USER_TOKEN.fullmatch(token)
        tag = user_token.group(1) if user_token else digest[:15]
        record, generation, live, now_ms = self._fetch(tag, digest, user_token is not None)

        created_ms, expiry_ms, recorded_generation, body = _split(record)
        meta = body.pop("latchkey", None) if "latchkey" in body else _NO_META
        if meta is not _NO_META and not _is_meta(meta):
            raise Refused("corrupt")
        # A generation that is no number is somebody's mistake; it must not be passed over.
        if generation is not None and not (_NUMBER.fullmatch(generation) and recorded_generation >= int(generation)):
            raise Refused("revoked")
        if expiry_ms <= now_ms:
            raise Refused("expired")
        principal = self._principal(body, tag, user_token is not None, live)
        if meta is not _NO_META and meta["transport"] != transport:
            raise Refused("wrong-transport")
        if principal is None and not anonymous:
            raise Refused("anonymous")
        if principal is not None and meta is _NO_META:
            raise Refused("no-login")

        known = {} if meta is _NO_META else meta
        return Session(
            id=_base64url(_hmac(self._index_keys[0], f"handle:{digest}")[:16]),
            principal=principal,
            transport=known.get("transport"),
            profile=known.get("profile"),
            authenticated_at_ms=known.get("authenticatedAt"),
            created_at_ms=created_ms,
            absolute_expiry_ms=expiry_ms,
            data={name: value for name, value in body.items() if name not in ("cookie", "passport")},
        )

    def _token(self, cookies: List[str], authorizations: List[str]):
        """The transport and the verified session token of a request."""
        bearer = bool(authorizations) and _BEARER_SCHEME.fullmatch(authorizations[0]) is not None
        presented = self._cookies("; ".join(cookies))
        # Another proxy may have looked at another one of them than would count here.
        if len(set(presented)) > (0 if bearer else 1) or len(authorizations) > 1:
            raise Refused("ambiguous-credentials")
        if bearer:
            match = _BEARER.fullmatch(authorizations[0])
            token = match and self._verify_bearer(match.group(1))
        elif presented:
            token = self._verify_cookie(presented[0])
        else:
            raise Refused("no-credential")
        if not token:
            raise Refused("bad-credential")
        return "bearer" if bearer else "cookie", token

    def _cookies(self, header: str) -> List[str]:
        pairs = (pair.partition("=") for pair in header.split(";"))
        return [value.strip(_SPACE) for name, equals, value in pairs
                if equals and name.strip(_SPACE) == self._cookie_name]

    def _verify_cookie(self, value: str) -> Optional[str]:
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        value = _decode_uri_component(value)
        token, dot, signature = value[2:].rpartition(".")
        if not value.startswith("s:") or not dot:
            return None
        macs = (base64.b64encode(_hmac(secret, token)).rstrip(b"=") for secret in self._secrets)
        return token if _is_one_of(signature, macs) else None

    def _verify_bearer(self, value: str) -> Optional[str]:
        token, dot, signature = value[3:].rpartition(".")
        if not value.startswith("lk_") or not token:
            return None
        # Compared as text: several last characters of base64url stand for the same bytes, and a session has one token.
        macs = (_base64url(_hmac(secret, f"latchkey bearer\0{token}")).encode() for secret in self._secrets)
        return token if _is_one_of(signature, macs) else None

    def _fetch(self, tag: str, digest: str, of_user: bool):
        """One round trip. The session before its generation, so that nothing revoked in between goes unnoticed."""
        keys = [f"{self._prefix}sess:{{{tag}}}:{digest}"]
        if of_user:
            keys += [f"{self._prefix}gen:{{{tag}}}", f"{self._prefix}prn:{{{tag}}}"]
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                values, (seconds, microseconds) = pipeline.mget(keys).time().execute()
        except redis.RedisError as error:
            raise Unavailable("Redis did not answer") from error
        if values[0] is None:
            raise Refused("not-found")
        generation, live = values[1:] if of_user else (None, None)
        return values[0], generation, live, seconds * 1000 + microseconds // 1000

    def _principal(self, body: Dict[str, Any], tag: str, of_user: bool, live: Optional[bytes]) -> Optional[Principal]:
        passport = body.get("passport")
        user = passport.get("user") if isinstance(passport, dict) else None
        user_id = user.get("id") if isinstance(user, dict) else None
        if not isinstance(user_id, str):
            if of_user:
                raise Refused("wrong-user")
            return None
        if not of_user or not self._owns(user_id, tag):
            raise Refused("wrong-user")
        known = user
        if live is not None:
            known = _parse(live)
            if not isinstance(known, dict) or not isinstance(known.get("roles"), list):
                raise Refused("corrupt")
            if known.get("disabled") is not False:
                raise Refused("disabled")
        roles = known.get("roles")
        return Principal(
            id=user_id,
            email=_text(known.get("email")) or "",
            display_name=_text(known.get("displayName")),
            roles=list(roles) if isinstance(roles, list) else [],
            created_at=_text(user.get("createdAt")) or "",
        )

    def _owns(self, user_id: str, tag: str) -> bool:
        subject = f"tag:{user_id}"
        return any(_base64url(_hmac(key, subject))[:16] == tag for key in self._index_keys)


_NO_META = object()


def _split(record: bytes):
    """Takes a record apart: creation, absolute expiry, generation and the object behind the header."""
    if record[:1] == b"M":
        raise Refused("moved")
    if record[:1] in (b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"):
        raise Refused("other-version")
    header = _HEADER.match(record)
    body = _parse(record[63:]) if header else None
    if not isinstance(body, dict):
        raise Refused("corrupt")
    return int(header.group(3)), int(header.group(2)), int(header.group(4)), body


def _parse(text: bytes) -> Any:
    """JSON as JavaScript reads it: no NaN, no Infinity. None for what is none."""
    try:
        value = json.loads(text.decode(errors="replace"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return None if _deeper_than(value, _MAX_NESTING) else value


def _refuse_constant(name: str):
    raise ValueError(name)


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [member for item in level if isinstance(item, (dict, list))
                 for member in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return False
    return True


def _is_meta(meta: Any) -> bool:
    return (
        isinstance(meta, dict)
        and meta.get("transport") in ("cookie", "bearer")
        and meta.get("profile") in ("web", "bearer", "admin")
        and isinstance(meta.get("authenticatedAt"), (int, float))
        and not isinstance(meta.get("authenticatedAt"), bool)
    )


def _decode_uri_component(value: str) -> str:
    """As JavaScript does it: what is not wholly UTF-8, percent-encoded, stays as it is."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        return value
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        return value


def _is_one_of(presented: str, macs) -> bool:
    given = presented.encode()
    return any(hmac.compare_digest(given, mac) for mac in macs)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).digest()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _values(header: Header) -> List[str]:
    return [] if header is None else [header] if isinstance(header, str) else list(header)


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None
