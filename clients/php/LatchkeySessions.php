<?php

declare(strict_types=1);

/**
 * Reads Latchkey's sessions from Redis: who is this request from?
 *
 * Needs PHP 8.1 and phpredis 5.3 or newer. Never writes: docs/other-languages.md in Latchkey's repository says what that
 * means.
 */

namespace Latchkey;

/** Nobody is logged in. Answer 401, whatever the reason; it is for your log and your tests. */
final class Refused extends \Exception
{
    public function __construct(public readonly string $reason)
    {
        parent::__construct($reason);
    }
}

/** Redis did not say. Answer 503: whether somebody is logged in is not known. */
final class Unavailable extends \Exception
{
}

final class Principal
{
    /** @param list<string> $roles */
    public function __construct(
        public readonly string $id,
        public readonly string $email,
        public readonly ?string $displayName,
        public readonly array $roles,
        public readonly string $createdAt,
    ) {
    }
}

/** A live session. Times are milliseconds since the epoch by Redis's clock. */
final class Session
{
    public function __construct(
        /** A handle, as the HTTP API shows it; opens nothing. */
        public readonly string $id,
        /** Null only for an anonymous session, which you have to ask for. */
        public readonly ?Principal $principal,
        public readonly ?string $transport,
        public readonly ?string $profile,
        public readonly int|float|null $authenticatedAtMs,
        public readonly int $createdAtMs,
        public readonly int $absoluteExpiryMs,
        /** What the application keeps in it: a copy, changing it changes nothing. */
        public readonly \stdClass $data,
    ) {
    }

    /** The admin role counts in a session of the admin profile only. */
    public function hasRole(string $role, string $adminRole = 'admin'): bool
    {
        return $this->principal !== null
            && in_array($role, $this->principal->roles, true)
            && ($role !== $adminRole || $this->profile === 'admin');
    }
}

/** Finds the session of a request. */
final class SessionReader
{
    // RFC 6265bis; not a no-break space, under which a sibling domain could set a cookie whatever prefix comes behind it.
    private const SPACE = " \t";
    // Deeper than anybody's own data.
    private const MAX_NESTING = 500;

    private ?\Redis $redis = null;

    /**
     * @param \Closure(): \Redis $connect makes a client that is connected and authenticated, without a serializer,
     *     compression or prefix of its own; called at the first use, and again after a failure
     * @param list<string> $secrets all of SESSION_SECRETS, in their order
     * @param list<string> $indexKeys all of SESSION_INDEX_KEYS, in their order
     */
    public function __construct(
        private readonly \Closure $connect,
        #[\SensitiveParameter] private readonly array $secrets,
        #[\SensitiveParameter] private readonly array $indexKeys,
        private readonly string $prefix = 'lk:',
        private readonly string $cookieName = '__Host-sid',
    ) {
        foreach (['secrets' => $secrets, 'indexKeys' => $indexKeys] as $name => $keys) {
            if ($keys === [] || array_filter($keys, fn ($key) => !is_string($key) || strlen($key) < 32) !== []) {
                throw new \InvalidArgumentException("$name must be one or more texts of at least 32 characters");
            }
        }
    }

    /**
     * The session of a request.
     *
     * @param string|list<string>|null $cookie the Cookie header, $_SERVER['HTTP_COOKIE']; a list where there were several
     * @param string|list<string>|null $authorization the Authorization header
     * @param bool $anonymous whether the session of a visitor counts too; then look at its `principal`
     * @throws Refused
     * @throws Unavailable
     */
    public function read(
        #[\SensitiveParameter] string|array|null $cookie,
        #[\SensitiveParameter] string|array|null $authorization = null,
        bool $anonymous = false,
    ): Session {
        [$transport, $token] = $this->token((array) $cookie, (array) $authorization);
        $digest = self::base64url(hash('sha256', $token, true));
        $ofUser = preg_match('/^([A-Za-z0-9_-]{16})\.[A-Za-z0-9_-]{32}\z/', $token, $match) === 1;
        $tag = $ofUser ? $match[1] : substr($digest, 0, 15);
        [$record, $generation, $live, $nowMs] = $this->fetch($tag, $digest, $ofUser);

        [$createdMs, $expiryMs, $recordedGeneration, $body] = self::split($record);
        $hasMeta = property_exists($body, 'latchkey');
        $meta = $hasMeta ? $body->latchkey : null;
        if ($hasMeta && !self::isMeta($meta)) {
            throw new Refused('corrupt');
        }
        // A generation that is no number is somebody's mistake; it must not be passed over.
        if (
            $generation !== null
            && !(preg_match('/^[0-9]{1,15}\z/', $generation) === 1 && $recordedGeneration >= (int) $generation)
        ) {
            throw new Refused('revoked');
        }
        if ($expiryMs <= $nowMs) {
            throw new Refused('expired');
        }
        $principal = $this->principal($body, $tag, $ofUser, $live);
        if ($hasMeta && $meta->transport !== $transport) {
            throw new Refused('wrong-transport');
        }
        if ($principal === null && !$anonymous) {
            throw new Refused('anonymous');
        }
        if ($principal !== null && !$hasMeta) {
            throw new Refused('no-login');
        }
        unset($body->latchkey, $body->cookie, $body->passport);

        return new Session(
            self::base64url(substr(self::hmac($this->indexKeys[0], "handle:$digest"), 0, 16)),
            $principal,
            $meta?->transport,
            $meta?->profile,
            $meta?->authenticatedAt,
            $createdMs,
            $expiryMs,
            $body,
        );
    }

    /**
     * The transport and the verified session token of a request.
     *
     * @return array{string, string}
     */
    private function token(array $cookies, array $authorizations): array
    {
        $bearer = $authorizations !== [] && preg_match('/^bearer(?: |\z)/i', $authorizations[0]) === 1;
        $presented = $this->cookies(implode('; ', $cookies));
        // Another proxy may have looked at another one of them than would count here.
        if (count(array_unique($presented, SORT_STRING)) > ($bearer ? 0 : 1) || count($authorizations) > 1) {
            throw new Refused('ambiguous-credentials');
        }
        if (!$bearer && $presented === []) {
            throw new Refused('no-credential');
        }
        $token = $bearer ? $this->verifyBearer($authorizations[0]) : $this->verifyCookie($presented[0]);
        return [$bearer ? 'bearer' : 'cookie', $token ?? throw new Refused('bad-credential')];
    }

    /** @return list<string> the values of all cookies of our name, as they were sent */
    private function cookies(string $header): array
    {
        $values = [];
        foreach (explode(';', $header) as $pair) {
            $parts = explode('=', $pair, 2);
            if (count($parts) === 2 && trim($parts[0], self::SPACE) === $this->cookieName) {
                $values[] = trim($parts[1], self::SPACE);
            }
        }
        return $values;
    }

    private function verifyCookie(string $value): ?string
    {
        $value = self::decodeUriComponent(preg_replace('/^"(.*)"\z/', '$1', $value) ?? $value);
        $dot = strrpos($value, '.');
        if (!str_starts_with($value, 's:') || $dot === false) {
            return null;
        }
        $token = substr($value, 2, $dot - 2);
        $mac = fn (string $secret) => rtrim(base64_encode(self::hmac($secret, $token)), '=');
        return $this->isSigned(substr($value, $dot + 1), $mac) ? $token : null;
    }

    private function verifyBearer(string $authorization): ?string
    {
        if (preg_match('~^bearer +([A-Za-z0-9\-._\~+/]+=*) *\z~i', $authorization, $match) !== 1) {
            return null;
        }
        $dot = strrpos($match[1], '.');
        if (!str_starts_with($match[1], 'lk_') || $dot === false || $dot <= 3) {
            return null;
        }
        $token = substr($match[1], 3, $dot - 3);
        // Compared as text: several last characters of base64url stand for the same bytes, and a session has one token.
        $mac = fn (string $secret) => self::base64url(self::hmac($secret, "latchkey bearer\0$token"));
        return $this->isSigned(substr($match[1], $dot + 1), $mac) ? $token : null;
    }

    /** @param callable(string): string $mac */
    private function isSigned(string $presented, callable $mac): bool
    {
        foreach ($this->secrets as $secret) {
            if (hash_equals($mac($secret), $presented)) {
                return true;
            }
        }
        return false;
    }

    /**
     * One round trip. The session before its generation, so that nothing revoked in between goes unnoticed.
     *
     * @return array{string, ?string, ?string, int} record, generation, live principal, Redis's time in ms
     */
    private function fetch(string $tag, string $digest, bool $ofUser): array
    {
        $keys = ["{$this->prefix}sess:{{$tag}}:$digest"];
        if ($ofUser) {
            array_push($keys, "{$this->prefix}gen:{{$tag}}", "{$this->prefix}prn:{{$tag}}");
        }
        try {
            // A server closes connections that nobody used for a while. A read may be sent again.
            $replies = ($this->redis === null ? null : $this->attempt($keys)) ?? $this->ask($keys);
        } catch (\RedisException $error) {
            $this->redis = null;
            throw new Unavailable('Redis did not answer', 0, $error);
        }
        [$values, [$seconds, $microseconds]] = $replies;
        $texts = array_map(fn ($value) => is_string($value) ? $value : null, $values);
        $record = $texts[0] ?? throw new Refused('not-found');
        return [$record, $texts[1] ?? null, $texts[2] ?? null, (int) $seconds * 1000 + intdiv((int) $microseconds, 1000)];
    }

    /** Null where the connection was lost. */
    private function attempt(array $keys): ?array
    {
        try {
            return $this->ask($keys);
        } catch (\RedisException) {
            // It may be in the middle of a pipeline, and what still comes must not be taken for the next answer.
            $this->redis = null;
            return null;
        }
    }

    private function ask(array $keys): array
    {
        $this->redis ??= self::checked(($this->connect)());
        $replies = $this->redis->multi(\Redis::PIPELINE)->mget($keys)->time()->exec();
        // phpredis says false where Redis said an error, and loses the first answers when it connects again by itself.
        [$values, $time] = is_array($replies) && count($replies) === 2 ? $replies : [null, null];
        if (!is_array($values) || count($values) !== count($keys) || !is_array($time)) {
            throw new \RedisException('Redis refused: ' . $this->redis->getLastError());
        }
        return $replies;
    }

    private static function checked(\Redis $redis): \Redis
    {
        if (
            $redis->getOption(\Redis::OPT_SERIALIZER) !== \Redis::SERIALIZER_NONE
            || ($redis->getOption(\Redis::OPT_PREFIX) ?? '') !== ''
            || $redis->getOption(\Redis::OPT_COMPRESSION) !== \Redis::COMPRESSION_NONE
        ) {
            throw new \InvalidArgumentException('the Redis client must have no serializer, compression or prefix of its own');
        }
        return $redis;
    }

    private function principal(\stdClass $body, string $tag, bool $ofUser, ?string $live): ?Principal
    {
        $passport = $body->passport ?? null;
        $user = $passport instanceof \stdClass ? $passport->user ?? null : null;
        $id = $user instanceof \stdClass ? $user->id ?? null : null;
        if (!is_string($id)) {
            return $ofUser ? throw new Refused('wrong-user') : null;
        }
        if (!$ofUser || !$this->owns($id, $tag)) {
            throw new Refused('wrong-user');
        }
        $known = $user;
        if ($live !== null) {
            $known = self::parse($live);
            if (!$known instanceof \stdClass || !is_array($known->roles ?? null)) {
                throw new Refused('corrupt');
            }
            if (($known->disabled ?? null) !== false) {
                throw new Refused('disabled');
            }
        }
        return new Principal(
            $id,
            self::text($known->email ?? null) ?? '',
            self::text($known->displayName ?? null),
            is_array($known->roles ?? null) ? $known->roles : [],
            self::text($user->createdAt ?? null) ?? '',
        );
    }

    private function owns(string $userId, string $tag): bool
    {
        foreach ($this->indexKeys as $key) {
            if (substr(self::base64url(self::hmac($key, "tag:$userId")), 0, 16) === $tag) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes a record apart.
     *
     * @return array{int, int, int, \stdClass} creation, absolute expiry, generation, and the object behind the header
     */
    private static function split(string $record): array
    {
        if (str_starts_with($record, 'M')) {
            throw new Refused('moved');
        }
        if (preg_match('/^[2-9]/', $record) === 1) {
            throw new Refused('other-version');
        }
        $header = preg_match('/^1[0-9]{13}([0-9]{13})([0-9]{13})([0-9]{13})[0-9]{10}/', $record, $match);
        $body = $header === 1 ? self::parse(substr($record, 63)) : null;
        if (!$body instanceof \stdClass) {
            throw new Refused('corrupt');
        }
        return [(int) $match[2], (int) $match[1], (int) $match[3], $body];
    }

    /** Null for what is no JSON. Objects stay objects: as arrays, `{"0":"admin"}` would be a list. */
    private static function parse(string $text): mixed
    {
        $value = json_decode($text, false, self::MAX_NESTING, JSON_INVALID_UTF8_SUBSTITUTE);
        if (json_last_error() !== JSON_ERROR_UTF16) {
            return $value;
        }
        // JavaScript takes half a surrogate pair, and somebody's name may be one; PHP does not.
        $mended = preg_replace_callback(
            '/\\\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)/s',
            fn (array $escape) => isset($escape[1]) ? '\ufffd' : $escape[0],
            $text,
        );
        return json_decode($mended ?? '', false, self::MAX_NESTING, JSON_INVALID_UTF8_SUBSTITUTE);
    }

    private static function isMeta(mixed $meta): bool
    {
        return $meta instanceof \stdClass
            && in_array($meta->transport ?? null, ['cookie', 'bearer'], true)
            && in_array($meta->profile ?? null, ['web', 'bearer', 'admin'], true)
            && (is_int($meta->authenticatedAt ?? null) || is_float($meta->authenticatedAt ?? null));
    }

    /** As JavaScript does it: what is not wholly UTF-8, percent-encoded, stays as it is. */
    private static function decodeUriComponent(string $value): string
    {
        if (preg_match('/%(?![0-9A-Fa-f]{2})/', $value) === 1) {
            return $value;
        }
        $decoded = rawurldecode($value);
        return preg_match('//u', $decoded) === 1 ? $decoded : $value;
    }

    private static function hmac(string $key, string $text): string
    {
        return hash_hmac('sha256', $text, $key, true);
    }

    private static function base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    private static function text(mixed $value): ?string
    {
        return is_string($value) ? $value : null;
    }
}
