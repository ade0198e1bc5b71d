package latchkey;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * For Latchkey's tests: reads one request per line from standard input, as JSON, and says what becomes of it.
 *
 * <p>Where Redis is: REDIS_SOCKET, or REDIS_HOST and REDIS_PORT, with REDIS_CA over TLS; REDIS_USER and REDIS_PASSWORD;
 * REDIS_TIMEOUT_MS.
 */
final class Verdicts {
    public static void main(String[] args) throws Exception {
        RespConnection redis = connection();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine())
            out.println(written(verdict(redis, (Map<?, ?>) Json.parse(line, 100))));
    }

    private static RespConnection connection() throws Exception {
        Map<String, String> env = System.getenv();
        String user = env.get("REDIS_USER");
        String password = env.get("REDIS_PASSWORD");
        int timeoutMs = Integer.parseInt(env.get("REDIS_TIMEOUT_MS"));
        if (env.containsKey("REDIS_SOCKET"))
            return RespConnection.unix(Path.of(env.get("REDIS_SOCKET")), user, password, timeoutMs);
        int port = Integer.parseInt(env.get("REDIS_PORT"));
        SSLSocketFactory tls = env.containsKey("REDIS_CA") ? trusting(env.get("REDIS_CA")) : null;
        return RespConnection.tcp(env.get("REDIS_HOST"), port, tls, user, password, timeoutMs);
    }

    private static SSLSocketFactory trusting(String pemFile) throws Exception {
        KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
        authorities.load(null, null);
        try (FileInputStream pem = new FileInputStream(pemFile)) {
            authorities.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    private static Map<String, Object> verdict(RespConnection redis, Map<?, ?> request) {
        Map<?, ?> settings = (Map<?, ?>) request.get("settings");
        SessionReader reader =
                new SessionReader(
                        redis,
                        texts(settings.get("secrets")),
                        texts(settings.get("indexKeys")),
                        (String) settings.get("prefix"),
                        (String) settings.get("cookieName"));
        try {
            return Map.of("session", shown(reader.read(
                    texts(request.get("cookie")), texts(request.get("authorization")), (Boolean) settings.get("anonymous"))));
        } catch (SessionReader.RefusedException refused) {
            return Map.of("refused", refused.reason);
        } catch (SessionReader.UnavailableException unavailable) {
            return Map.of("unavailable", true);
        }
    }

    private static Map<String, Object> shown(Session session) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", session.id());
        members.put("principal", session.principal() == null ? null : shown(session.principal()));
        members.put("transport", session.transport());
        members.put("profile", session.profile());
        members.put("authenticatedAtMs", session.authenticatedAtMs());
        members.put("createdAtMs", session.createdAtMs());
        members.put("absoluteExpiryMs", session.absoluteExpiryMs());
        members.put("isAdmin", session.hasRole("admin", "admin"));
        members.put("data", session.data());
        return members;
    }

    private static Map<String, Object> shown(Session.Principal principal) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", principal.id());
        members.put("email", principal.email());
        members.put("displayName", principal.displayName());
        members.put("roles", principal.roles());
        members.put("createdAt", principal.createdAt());
        return members;
    }

    private static List<String> texts(Object list) {
        return ((List<?>) list).stream().map(String.class::cast).toList();
    }

    private static String written(Object value) {
        if (value instanceof Map<?, ?> map)
            return map.entrySet().stream()
                    .map(entry -> written(entry.getKey()) + ":" + written(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        if (value instanceof List<?> list)
            return list.stream().map(Verdicts::written).collect(Collectors.joining(",", "[", "]"));
        if (!(value instanceof String text)) return String.valueOf(value);
        return text.chars()
                .mapToObj(c -> c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? String.valueOf((char) c) : String.format("\\u%04x", c))
                .collect(Collectors.joining("", "\"", "\""));
    }
}
