import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.runtime.RuntimeInstance;

/**
 * Renders cases with Apache Velocity 1.7: the reference side of the differential test. Each line in is a JSON object
 * with `template` and `data`; each line out is the rendered text as a JSON string, or {"error": ...}.
 */
public class Reference {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        RuntimeInstance shared = engine();
        int number = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<?, ?> each = (Map<?, ?>) new Json(line).value();
            String template = (String) each.get("template");
            // Macros stay with the engine that saw them.
            RuntimeInstance engine = template.contains("macro") ? engine() : shared;
            VelocityContext context = new VelocityContext();
            ((Map<?, ?>) each.get("data")).forEach((name, value) -> context.put((String) name, value));
            StringWriter text = new StringWriter();
            String answer;
            try {
                String name = "case" + number++;
                engine.render(context, text, name, engine.parse(new java.io.StringReader(template), name));
                // As it would leave for a client: half of a surrogate pair alone becomes a question mark.
                byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
                answer = Json.quoted(new String(bytes, StandardCharsets.UTF_8));
            } catch (Throwable error) {
                answer = "{\"error\":" + Json.quoted(error.getClass().getSimpleName() + ": " + error.getMessage()) + "}";
            }
            out.println(answer);
        }
        out.flush();
    }

    static RuntimeInstance engine() throws Exception {
        RuntimeInstance engine = new RuntimeInstance();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("velocimacro.library", "");
        engine.init();
        return engine;
    }

    /** Enough JSON for the cases, with the numbers that a mapping template gets. */
    static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object value() {
            char first = text.charAt(at);
            switch (first) {
                case '{': {
                    Map<String, Object> map = new LinkedHashMap<>();
                    at++;
                    while (text.charAt(at) != '}') {
                        String key = string();
                        at++;
                        map.put(key, value());
                        if (text.charAt(at) == ',') at++;
                    }
                    at++;
                    return map;
                }
                case '[': {
                    List<Object> list = new ArrayList<>();
                    at++;
                    while (text.charAt(at) != ']') {
                        list.add(value());
                        if (text.charAt(at) == ',') at++;
                    }
                    at++;
                    return list;
                }
                case '"':
                    return string();
                case 't':
                    at += 4;
                    return true;
                case 'f':
                    at += 5;
                    return false;
                case 'n':
                    at += 4;
                    return null;
                default:
                    return number();
            }
        }

        private Object number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            String digits = text.substring(start, at);
            if (digits.matches(".*[.eE].*")) return Double.valueOf(digits);
            BigInteger whole = new BigInteger(digits);
            if (whole.bitLength() < 32) return whole.intValue();
            if (whole.bitLength() < 64) return whole.longValue();
            return whole;
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char each = text.charAt(at);
                if (each != '\\') {
                    out.append(each);
                    continue;
                }
                char escaped = text.charAt(++at);
                switch (escaped) {
                    case 'n': out.append('\n'); break;
                    case 'r': out.append('\r'); break;
                    case 't': out.append('\t'); break;
                    case 'b': out.append('\b'); break;
                    case 'f': out.append('\f'); break;
                    case 'u':
                        out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                        at += 4;
                        break;
                    default: out.append(escaped);
                }
            }
            at++;
            return out.toString();
        }

        static String quoted(String text) {
            StringBuilder out = new StringBuilder("\"");
            for (char each : text.toCharArray()) {
                if (each == '"' || each == '\\') out.append('\\').append(each);
                else if (each < ' ' || each > '~') out.append(String.format("\\u%04x", (int) each));
                else out.append(each);
            }
            return out.append('"').toString();
        }
    }
}
