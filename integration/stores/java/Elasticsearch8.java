import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.KeyStoreWrapper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * A node with its modules, its security among them. Its arguments are settings,
 * each as key=value; path.home is where its modules are, otdemo.home where its
 * configuration and its plugins are, and bootstrap.password is the password of the
 * user elastic.
 */
public final class Elasticsearch8 {
    private static final long CLOSE_SECONDS = 10;

    private Elasticsearch8() {}

    public static void main(String[] args) throws Exception {
        LogConfigurator.configureESLogging();
        Settings.Builder settings = Settings.builder();
        KeyStoreWrapper secrets = KeyStoreWrapper.create();
        Path home = null;
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            switch (pair[0]) {
                case "otdemo.home" -> home = Path.of(pair[1]);
                case "bootstrap.password" -> secrets.setString(pair[0], pair[1].toCharArray());
                default -> settings.put(pair[0], pair[1]);
            }
        }
        settings.setSecureSettings(secrets);
        Environment environment = new Environment(settings.build(), home.resolve("config"));
        Node node = new Node(environment, PluginsLoader.createPluginsLoader(
                PluginsLoader.loadModulesBundles(environment.modulesDir()),
                PluginsLoader.loadPluginsBundles(home.resolve("plugins")), Map.of()));
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
