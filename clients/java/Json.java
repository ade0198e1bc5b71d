package latchkey;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON as JavaScript reads it, strictly; the JDK has no parser. Objects become maps, in which the last of several equal
 * names counts, arrays lists, numbers Doubles, and null {@link #NULL}, so that it differs from what is not there.
 */
final class Json {
    static final Object NULL = new Object() {
        @Override
        public String toString() {
            return "null";
        }
    };

    /** Thrown for what is no JSON, or nested too deep. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message) {
            super(message, null, false, false);
        }
    }

    private final String text;
    private final int maxNesting;
    private int at;

    private Json(String text, int maxNesting) {
        this.text = text;
        this.maxNesting = maxNesting;
    }

    static Object parse(String text, int maxNesting) throws MalformedException {
        Json json = new Json(text, maxNesting);
        Object value = json.value(0);
        json.skipSpace();
        if (json.at < text.length()) throw json.malformed();
        return value;
    }

    private Object value(int depth) throws MalformedException {
        skipSpace();
        if (at >= text.length() || depth > maxNesting) throw malformed();
        switch (text.charAt(at)) {
            case '{':
                return object(depth);
            case '[':
                return array(depth);
            case '"':
                return string();
            case 't':
                return word("true", true);
            case 'f':
                return word("false", false);
            case 'n':
                return word("null", NULL);
            default:
                return number();
        }
    }

    private Map<String, Object> object(int depth) throws MalformedException {
        Map<String, Object> members = new LinkedHashMap<>();
        at++;
        if (skip('}')) return members;
        do {
            skipSpace();
            if (at >= text.length() || text.charAt(at) != '"') throw malformed();
            String name = string();
            if (!skip(':')) throw malformed();
            members.put(name, value(depth + 1));
        } while (skip(','));
        if (!skip('}')) throw malformed();
        return members;
    }

    private List<Object> array(int depth) throws MalformedException {
        List<Object> items = new ArrayList<>();
        at++;
        if (skip(']')) return items;
        do {
            items.add(value(depth + 1));
        } while (skip(','));
        if (!skip(']')) throw malformed();
        return items;
    }

    private String string() throws MalformedException {
        StringBuilder out = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return out.toString();
            }
            if (c < 0x20) throw malformed();
            out.append(c == '\\' ? escape() : c);
        }
        throw malformed();
    }

    private char escape() throws MalformedException {
        if (++at >= text.length()) throw malformed();
        char c = text.charAt(at);
        int plain = "\"\\/bfnrt".indexOf(c);
        if (plain >= 0) return "\"\\/\b\f\n\r\t".charAt(plain);
        if (c != 'u' || at + 4 >= text.length()) throw malformed();
        int code = 0;
        for (int end = at + 4; at < end; ) {
            char digit = text.charAt(++at);
            // Character.digit would take digits of other scripts, too.
            int value = digit < 0x80 ? Character.digit(digit, 16) : -1;
            if (value < 0) throw malformed();
            code = code * 16 + value;
        }
        return (char) code;
    }

    private Object number() throws MalformedException {
        int start = at;
        skip1('-');
        if (!skip1('0')) digits();
        if (skip1('.')) digits();
        if (skip1('e') || skip1('E')) {
            if (!skip1('+')) skip1('-');
            digits();
        }
        return Double.valueOf(text.substring(start, at));
    }

    private void digits() throws MalformedException {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++;
        if (at == start) throw malformed();
    }

    private Object word(String word, Object value) throws MalformedException {
        if (!text.startsWith(word, at)) throw malformed();
        at += word.length();
        return value;
    }

    /** Skips space, then this character if it is there. */
    private boolean skip(char wanted) {
        skipSpace();
        return skip1(wanted);
    }

    private boolean skip1(char wanted) {
        if (at >= text.length() || text.charAt(at) != wanted) return false;
        at++;
        return true;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) at++;
    }

    private MalformedException malformed() {
        return new MalformedException("no JSON at " + at);
    }
}
