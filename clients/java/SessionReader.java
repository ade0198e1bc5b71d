package latchkey;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Reads Latchkey's sessions from Redis: who is this request from? Safe to share between threads if its Redis is.
 *
 * <p>Needs Java 17. Never writes: docs/other-languages.md in Latchkey's repository says what that means.
 */
public final class SessionReader {
    /** Nobody is logged in. Answer 401, whatever the reason; it is for your log and your tests. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;
        public final String reason;

        RefusedException(String reason) {
            super(reason, null, false, false);
            this.reason = reason;
        }
    }

    /** Redis did not say. Answer 503: whether somebody is logged in is not known. */
    public static final class UnavailableException extends Exception {
        private static final long serialVersionUID = 1;

        UnavailableException(Throwable cause) {
            super("Redis did not answer", cause);
        }
    }

    /** What is needed of a Redis client: {@link RespConnection} is one; around another one it takes a few lines. */
    public interface Redis {
        /**
         * Sends {@code MGET keys} and {@code TIME} in one round trip, in this order.
         *
         * @throws IOException when Redis does not answer, or with an error
         */
        Reply mgetAndTime(List<String> keys) throws IOException;
    }

    /**
     * @param values of the keys in their order; null for one that is not there or holds no text
     */
    public record Reply(List<byte[]> values, long seconds, long microseconds) {}

    private static final Pattern BEARER_SCHEME = Pattern.compile("(?is)bearer(?: .*)?");
    private static final Pattern BEARER = Pattern.compile("(?i)bearer +([A-Za-z0-9\\-._~+/]+=*) *");
    private static final Pattern USER_TOKEN = Pattern.compile("([A-Za-z0-9_-]{16})\\.[A-Za-z0-9_-]{32}");
    private static final Pattern HEADER = Pattern.compile("1([0-9]{13})([0-9]{13})([0-9]{13})([0-9]{13})[0-9]{10}");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}");
    private static final int HEADER_LENGTH = 63;
    // RFC 6265bis; not a no-break space, under which a sibling domain could set a cookie whatever prefix comes behind it.
    private static final String SPACE = " \t";
    // Deeper than anybody's own data, and below what the stack allows.
    private static final int MAX_NESTING = 500;

    private final Redis redis;
    private final List<String> secrets;
    private final List<String> indexKeys;
    private final String prefix;
    private final String cookieName;

    /**
     * @param secrets all of SESSION_SECRETS, in their order
     * @param indexKeys all of SESSION_INDEX_KEYS, in their order
     * @param prefix SESSION_PREFIX, {@code lk:} unless it was set
     * @param cookieName {@code __Host-sid} in production, {@code sid} over plain http
     */
    public SessionReader(
            Redis redis, List<String> secrets, List<String> indexKeys, String prefix, String cookieName) {
        for (List<String> keys : List.of(secrets, indexKeys)) {
            if (keys.isEmpty() || keys.stream().anyMatch(key -> key.length() < 32))
                throw new IllegalArgumentException(
                        "secrets and indexKeys need one or more texts of at least 32 characters");
        }
        this.redis = redis;
        this.secrets = List.copyOf(secrets);
        this.indexKeys = List.copyOf(indexKeys);
        this.prefix = prefix;
        this.cookieName = cookieName;
    }

    /**
     * The session of a request.
     *
     * @param cookies its Cookie headers as they came, decoded as Latin-1
     * @param authorizations its Authorization headers
     * @param anonymous whether the session of a visitor counts too; then look at its principal
     */
    public Session read(List<String> cookies, List<String> authorizations, boolean anonymous)
            throws RefusedException, UnavailableException {
        boolean bearer = !authorizations.isEmpty() && BEARER_SCHEME.matcher(authorizations.get(0)).matches();
        String token = token(cookies, authorizations, bearer);
        String digest = base64url(sha256(token));
        Matcher userToken = USER_TOKEN.matcher(token);
        boolean ofUser = userToken.matches();
        String tag = ofUser ? userToken.group(1) : digest.substring(0, 15);
        Reply reply = fetch(tag, digest, ofUser);

        String record = utf8(reply.values().get(0));
        Matcher header = headerOf(record);
        Map<String, Object> body = new LinkedHashMap<>(objectIn(record.substring(HEADER_LENGTH)));
        boolean hasMeta = body.containsKey("latchkey");
        Map<?, ?> meta = hasMeta ? metaOf(body.remove("latchkey")) : Map.of();
        if (ofUser && !isOfGeneration(Long.parseLong(header.group(4)), reply.values().get(1)))
            throw new RefusedException("revoked");
        long expiryMs = Long.parseLong(header.group(2));
        if (expiryMs <= reply.seconds() * 1000 + reply.microseconds() / 1000) throw new RefusedException("expired");
        Session.Principal principal = principalOf(body, tag, ofUser, ofUser ? reply.values().get(2) : null);
        if (hasMeta && !meta.get("transport").equals(bearer ? "bearer" : "cookie"))
            throw new RefusedException("wrong-transport");
        if (principal == null && !anonymous) throw new RefusedException("anonymous");
        if (principal != null && !hasMeta) throw new RefusedException("no-login");
        body.keySet().removeAll(List.of("cookie", "passport"));

        return new Session(
                base64url(Arrays.copyOf(hmac(indexKeys.get(0), "handle:" + digest), 16)),
                principal,
                (String) meta.get("transport"),
                (String) meta.get("profile"),
                (Double) meta.get("authenticatedAt"),
                Long.parseLong(header.group(3)),
                expiryMs,
                body);
    }

    /** The verified session token of a request. */
    private String token(List<String> cookies, List<String> authorizations, boolean bearer) throws RefusedException {
        List<String> presented = cookiesIn(String.join("; ", cookies));
        // Another proxy may have looked at another one of them than would count here.
        if (new LinkedHashSet<>(presented).size() > (bearer ? 0 : 1) || authorizations.size() > 1)
            throw new RefusedException("ambiguous-credentials");
        if (!bearer && presented.isEmpty()) throw new RefusedException("no-credential");
        String token = bearer ? verifyBearer(authorizations.get(0)) : verifyCookie(presented.get(0));
        if (token == null) throw new RefusedException("bad-credential");
        return token;
    }

    /** The values of all cookies of our name, as they were sent. */
    private List<String> cookiesIn(String header) {
        List<String> values = new ArrayList<>();
        for (String pair : header.split(";")) {
            int equals = pair.indexOf('=');
            if (equals > 0 && trim(pair.substring(0, equals)).equals(cookieName))
                values.add(trim(pair.substring(equals + 1)));
        }
        return values;
    }

    private String verifyCookie(String sent) {
        boolean quoted = sent.length() >= 2 && sent.startsWith("\"") && sent.endsWith("\"");
        String value = decodeUriComponent(quoted ? sent.substring(1, sent.length() - 1) : sent);
        int dot = value.lastIndexOf('.');
        if (!value.startsWith("s:") || dot < 0) return null;
        String token = value.substring(2, dot);
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return isSigned(value.substring(dot + 1), secret -> base64.encodeToString(hmac(secret, token))) ? token : null;
    }

    private String verifyBearer(String authorization) {
        Matcher credential = BEARER.matcher(authorization);
        if (!credential.matches()) return null;
        String value = credential.group(1);
        int dot = value.lastIndexOf('.');
        if (!value.startsWith("lk_") || dot <= 3) return null;
        String token = value.substring(3, dot);
        // Compared as text: several last characters of base64url stand for the same bytes, and a session has one token.
        return isSigned(
                        value.substring(dot + 1),
                        secret -> base64url(hmac(secret, "latchkey bearer\0" + token)))
                ? token
                : null;
    }

    private boolean isSigned(String presented, Function<String, String> macUnder) {
        byte[] given = presented.getBytes(StandardCharsets.UTF_8);
        for (String secret : secrets) {
            if (MessageDigest.isEqual(macUnder.apply(secret).getBytes(StandardCharsets.UTF_8), given)) return true;
        }
        return false;
    }

    /** The session before its generation, so that nothing revoked in between goes unnoticed. */
    private Reply fetch(String tag, String digest, boolean ofUser) throws RefusedException, UnavailableException {
        String session = prefix + "sess:{" + tag + "}:" + digest;
        List<String> keys =
                ofUser
                        ? List.of(session, prefix + "gen:{" + tag + "}", prefix + "prn:{" + tag + "}")
                        : List.of(session);
        Reply reply;
        try {
            reply = redis.mgetAndTime(keys);
        } catch (IOException error) {
            throw new UnavailableException(error);
        }
        if (reply.values().get(0) == null) throw new RefusedException("not-found");
        return reply;
    }

    private static Matcher headerOf(String record) throws RefusedException {
        if (record.startsWith("M")) throw new RefusedException("moved");
        if (!record.isEmpty() && record.charAt(0) >= '2' && record.charAt(0) <= '9')
            throw new RefusedException("other-version");
        Matcher header = HEADER.matcher(record);
        if (!header.lookingAt()) throw new RefusedException("corrupt");
        return header;
    }

    /** A generation that is no number is somebody's mistake; it must not be passed over. */
    private static boolean isOfGeneration(long recorded, byte[] generation) {
        if (generation == null) return true;
        String text = utf8(generation);
        return NUMBER.matcher(text).matches() && recorded >= Long.parseLong(text);
    }

    private Session.Principal principalOf(Map<String, Object> body, String tag, boolean ofUser, byte[] live)
            throws RefusedException {
        Map<?, ?> user = body.get("passport") instanceof Map<?, ?> passport && passport.get("user") instanceof Map<?, ?> found
                ? found
                : Map.of();
        if (!(user.get("id") instanceof String id)) {
            if (ofUser) throw new RefusedException("wrong-user");
            return null;
        }
        if (!ofUser || !owns(id, tag)) throw new RefusedException("wrong-user");
        Map<?, ?> known = user;
        if (live != null) {
            known = objectIn(utf8(live));
            if (!(known.get("roles") instanceof List<?>)) throw new RefusedException("corrupt");
            if (!Boolean.FALSE.equals(known.get("disabled"))) throw new RefusedException("disabled");
        }
        String email = text(known.get("email"));
        String createdAt = text(user.get("createdAt"));
        List<Object> roles = known.get("roles") instanceof List<?> list ? List.copyOf(list) : List.of();
        return new Session.Principal(
                id, email == null ? "" : email, text(known.get("displayName")), roles, createdAt == null ? "" : createdAt);
    }

    private boolean owns(String userId, String tag) {
        return indexKeys.stream()
                .anyMatch(key -> base64url(hmac(key, "tag:" + userId)).substring(0, tag.length()).equals(tag));
    }

    private static Map<?, ?> metaOf(Object value) throws RefusedException {
        if (value instanceof Map<?, ?> meta
                && List.<Object>of("cookie", "bearer").contains(orNull(meta.get("transport")))
                && List.<Object>of("web", "bearer", "admin").contains(orNull(meta.get("profile")))
                && meta.get("authenticatedAt") instanceof Double) return meta;
        throw new RefusedException("corrupt");
    }

    // List.of() does not take being asked for null.
    private static Object orNull(Object value) {
        return value == null ? Json.NULL : value;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> objectIn(String text) throws RefusedException {
        try {
            if (Json.parse(text, MAX_NESTING) instanceof Map<?, ?> object) return (Map<String, Object>) object;
        } catch (Json.MalformedException malformed) {
            // As below.
        }
        throw new RefusedException("corrupt");
    }

    /** As JavaScript does it: what is not wholly UTF-8, percent-encoded, stays as it is. */
    private static String decodeUriComponent(String value) {
        try {
            // What is no UTF-8 becomes U+FFFD, which no header has.
            String decoded = URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
            return decoded.indexOf('\ufffd') < 0 ? decoded : value;
        } catch (IllegalArgumentException malformed) {
            return value;
        }
    }

    private static String trim(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && SPACE.indexOf(text.charAt(start)) >= 0) start++;
        while (end > start && SPACE.indexOf(text.charAt(end - 1)) >= 0) end--;
        return text.substring(start, end);
    }

    private static byte[] hmac(String key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static String base64url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String utf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String text(Object value) {
        return value instanceof String text ? text : null;
    }
}
