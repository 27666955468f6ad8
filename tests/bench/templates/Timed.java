import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.lang.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.runtime.RuntimeInstance;
import org.apache.velocity.runtime.parser.node.SimpleNode;

/**
 * Renders one template with Apache Velocity 1.7, parsed once, on data that is read once. First says what it renders; then for
 * each line, a number of runs, says the nanoseconds of CPU they took, of all threads.
 */
public class Timed {
    public static class Util {
        public String escapeJavaScript(String text) {
            return StringEscapeUtils.escapeJavaScript(text);
        }
    }

    public static void main(String[] files) throws Exception {
        String template = Files.readString(Path.of(files[0]));
        Object root = new Reference.Json(Files.readString(Path.of(files[1])).trim()).value();
        RuntimeInstance engine = Reference.engine();
        SimpleNode parsed = engine.parse(new StringReader(template), "order");
        parsed.init(new org.apache.velocity.context.InternalContextAdapterImpl(new VelocityContext()), engine);
        Util util = new Util();
        System.out.println(Reference.Json.quoted(render(engine, parsed, root, util)));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        int length = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int runs = Integer.parseInt(line);
            long began = system.getProcessCpuTime();
            for (int run = 0; run < runs; run++) length += render(engine, parsed, root, util).length();
            System.out.println(system.getProcessCpuTime() - began);
        }
        if (length < 0) System.err.println(length);
    }

    static String render(RuntimeInstance engine, SimpleNode parsed, Object root, Util util) throws Exception {
        VelocityContext context = new VelocityContext();
        context.put("root", root);
        context.put("util", util);
        StringWriter text = new StringWriter();
        engine.render(context, text, "order", parsed);
        return text.toString();
    }
}
