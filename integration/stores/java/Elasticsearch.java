import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.transport.Netty4Plugin;

/**
 * A node with its HTTP server and without the modules that are not on Maven
 * Central. Its arguments are settings, each as key=value; path.home is a must.
 */
public final class Elasticsearch {
    private static final long CLOSE_SECONDS = 10;

    private static final class NettyNode extends Node {
        NettyNode(Environment environment) {
            super(environment, List.of(Netty4Plugin.class), false);
        }
    }

    private Elasticsearch() {}

    public static void main(String[] args) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        Settings all = settings.build();
        Node node = new NettyNode(new Environment(all, Path.of(all.get("path.home"), "config")));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        // The node's own threads are daemons.
        Thread.currentThread().join();
    }

    private static void close(Node node) {
        try {
            node.close();
            node.awaitClose(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            e.printStackTrace();
        }
    }
}
