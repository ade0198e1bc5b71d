package latchkey;

import java.util.List;
import java.util.Map;

/**
 * A live session. Times are milliseconds since the epoch by Redis's clock.
 *
 * @param id a handle, as the HTTP API shows it; opens nothing
 * @param principal null only for an anonymous session, which you have to ask for
 * @param transport {@code cookie} or {@code bearer}; null for an anonymous session, as the next two
 * @param profile {@code web}, {@code bearer} or {@code admin}
 * @param authenticatedAtMs when the user last proved presence; 0 where nobody knows
 * @param data what the application keeps in it: maps, lists, texts, Doubles, Booleans and {@link Json#NULL}; a copy,
 *     changing it changes nothing
 */
public record Session(
        String id,
        Principal principal,
        String transport,
        String profile,
        Double authenticatedAtMs,
        long createdAtMs,
        long absoluteExpiryMs,
        Map<String, Object> data) {

    /** Who is logged in: what the login knew of him, or what is true since. */
    public record Principal(
            String id, String email, String displayName, List<Object> roles, String createdAt) {}

    /** The admin role counts in a session of the admin profile only. */
    public boolean hasRole(String role, String adminRole) {
        return principal != null
                && principal.roles().contains(role)
                && (!role.equals(adminRole) || "admin".equals(profile));
    }
}
