// client URL COMPLETED FAILED: see clients.py
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

public class Client {
  static HttpRequest.Builder to(String url) {
    return HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30));
  }

  static String location(HttpResponse<String> answer) {
    return answer.headers().firstValue("Location").orElse("none");
  }

  static String status(HttpResponse<String> answer) {
    return answer.body().replaceAll("(?s).*\"status\":\"([^\"]*)\".*", "$1");
  }

  public static void main(String[] arguments) throws Exception {
    String installs = arguments[0] + "/zones/z/installs", completed = arguments[1], failed = arguments[2];
    HttpClient following = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
    HttpClient stopping = HttpClient.newHttpClient();
    HttpRequest create = to(installs).POST(BodyPublishers.ofString("{\"package_id\":\"java\"}")).build();

    HttpResponse<String> created = following.send(create, BodyHandlers.ofString());
    System.out.println("created " + created.statusCode() + " " + location(created));
    HttpResponse<String> followed = following.send(to(completed).build(), BodyHandlers.ofString());
    System.out.println("followed " + followed.statusCode() + " " + followed.uri() + " " + status(followed));
    HttpResponse<String> stopped = stopping.send(to(completed).build(), BodyHandlers.ofString());
    System.out.println("stopped " + stopped.statusCode() + " " + location(stopped) + " " + status(stopped));
    String etag = stopping.send(to(failed).build(), BodyHandlers.ofString()).headers().firstValue("ETag").orElseThrow();
    HttpRequest again = to(failed).header("If-None-Match", etag).build();
    System.out.println("unchanged " + stopping.send(again, BodyHandlers.ofString()).statusCode());
    HttpRequest expecting =
        to(installs).expectContinue(true).POST(BodyPublishers.ofString("{\"package_id\":\"java\"}")).build();
    System.out.println("continued 100 " + following.send(expecting, BodyHandlers.ofString()).statusCode());
  }
}
