import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/** Amazon's DynamoDB Local on loopback alone, which has no option for it, and on a free port, which it then tells. */
final class Loopback {
    public static void main(String[] arguments) throws Exception {
        String[] options = {"-inMemory", "-disableTelemetry"};
        DynamoDBProxyServer local = ServerRunner.createServerFromCommandLineArgs(options);
        Field field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        Server server = (Server) field.get(local);
        ServerConnector connector = (ServerConnector) server.getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(0);
        local.safeStart();
        System.out.println("listening at http://127.0.0.1:" + connector.getLocalPort());
        local.join();
    }
}
