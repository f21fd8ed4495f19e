package blksh.kit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A way to an HTTP server on which chosen exchanges go wrong; all requests are noted. */
public final class SpoiledWire implements Closeable {

  /** How an exchange goes wrong. */
  public enum Fault {
    /** The server is never asked, and "503 Slow Down" is answered. */
    BUSY,
    /** The server is never asked, and "403", that the credentials have expired, is answered. */
    EXPIRED,
    /** The server is never asked, and the connection breaks. */
    RESET,
    /** The server does it, and the connection breaks before it answers. */
    LOSE,
    /** The server does it, and "500" is answered. */
    LOSE_500,
    /** The connection breaks in the middle of what is sent to the server. */
    CUT_SENT,
    /** The connection breaks in the middle of what the server sends. */
    CUT_RECEIVED,
    /** A bit of what is sent to the server is another. */
    FLIP_SENT,
    /** A bit of what the server sends is another. */
    FLIP_RECEIVED
  }

  private static final Pattern LENGTH = Pattern.compile("(?im)^content-length:\\s*(\\d+)");
  private static final Pattern EXPECTS = Pattern.compile("(?im)^expect:[^\n]*\r\n");
  private static final Pattern CHUNKED = Pattern.compile("(?im)^transfer-encoding:.*chunked");

  private final ServerSocket listening;
  private final int to;
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final List<Order> orders = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();

  /** What is to go wrong; {@code left} times, after so many that go well. */
  private static final class Order {
    private final Pattern requests;
    private final Fault fault;
    private int before;
    private int left;

    Order(Pattern requests, Fault fault, int before, int left) {
      this.requests = requests;
      this.fault = fault;
      this.before = before;
      this.left = left;
    }

    /** Whether a request that it is of goes wrong. */
    boolean strikes() {
      if (before > 0) {
        before--;
        return false;
      }
      return left-- > 0;
    }
  }

  private SpoiledWire(int to) throws IOException {
    this.to = to;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  public static SpoiledWire to(int port) throws IOException {
    return new SpoiledWire(port);
  }

  public int port() {
    return listening.getLocalPort();
  }

  /**
   * Has requests go wrong from now on.
   *
   * @param requests found in "METHOD PATH"
   */
  public void order(String requests, Fault fault, int times) {
    order(requests, fault, 0, times);
  }

  /**
   * As above, but for the first ones.
   *
   * @param before how many still go well
   */
  public void order(String requests, Fault fault, int before, int times) {
    orders.add(new Order(Pattern.compile(requests), fault, before, times));
  }

  /** Has nothing go wrong any more, and forgets what was seen. */
  public void clear() {
    orders.clear();
    seen.clear();
  }

  /** The requests, "METHOD PATH" each. */
  public List<String> seen() {
    return List.copyOf(seen);
  }

  private synchronized Fault spoils(String request) {
    for (Order order : orders) {
      if (order.left > 0 && order.requests.matcher(request).find() && order.strikes()) {
        return order.fault;
      }
    }
    return null;
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "spoiled wire");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        open.add(client);
        start(() -> serve(client));
      }
    } catch (IOException e) {
      // it was closed
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket server = new Socket(InetAddress.getLoopbackAddress(), to)) {
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      InputStream asked = new BufferedInputStream(client.getInputStream());
      InputStream answered = new BufferedInputStream(server.getInputStream());
      boolean goesOn = true;
      while (goesOn) {
        goesOn = exchange(asked, client.getOutputStream(), answered, server.getOutputStream());
      }
    } catch (IOException e) {
      // an end of it has gone
    } finally {
      open.remove(client);
    }
  }

  private boolean exchange(
      InputStream asked, OutputStream toClient, InputStream answered, OutputStream toServer)
      throws IOException {
    String head = head(asked);
    String[] words = head.split("[ ?]", 3);
    String request = words[0] + " " + words[1];
    seen.add(request);
    Fault fault = spoils(request);
    Matcher expects = EXPECTS.matcher(head);
    if (expects.find()) {
      toClient.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      toClient.flush();
      head = expects.replaceAll("");
    }
    byte[] sent = body(asked, head, 0);
    if (fault == Fault.RESET) {
      return false;
    }
    if (fault == Fault.EXPIRED) {
      answer(toClient, "403 Forbidden", "<Error><Code>ExpiredToken</Code></Error>");
      return false;
    }
    if (fault == Fault.BUSY) {
      answer(toClient, "503 Slow Down", "<Error><Code>SlowDown</Code></Error>");
      return false;
    }
    if (fault == Fault.FLIP_SENT) {
      sent[sent.length / 2] ^= 1;
    }
    toServer.write(head.getBytes(StandardCharsets.ISO_8859_1));
    toServer.write(sent, 0, fault == Fault.CUT_SENT ? sent.length / 2 : sent.length);
    toServer.flush();
    if (fault == Fault.CUT_SENT) {
      return false;
    }
    String said = head(answered);
    while (said.startsWith("HTTP/1.1 100")) {
      said = head(answered);
    }
    int status = Integer.parseInt(said.split(" ")[1]);
    boolean without = words[0].equals("HEAD") || status == 204 || status == 304;
    byte[] came = without ? new byte[0] : body(answered, said, -1);
    if (fault == Fault.LOSE) {
      return false;
    }
    if (fault == Fault.LOSE_500) {
      answer(toClient, "500 Internal Server Error", "");
      return false;
    }
    if (fault == Fault.FLIP_RECEIVED && came.length > 0) {
      came[came.length / 2] ^= 1;
    }
    toClient.write(said.getBytes(StandardCharsets.ISO_8859_1));
    toClient.write(came, 0, fault == Fault.CUT_RECEIVED ? came.length / 2 : came.length);
    toClient.flush();
    return fault != Fault.CUT_RECEIVED
        && !said.toLowerCase(java.util.Locale.ROOT).contains("connection: close");
  }

  private static void answer(OutputStream to, String status, String body) throws IOException {
    to.write(
        "HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            .formatted(status, body.length(), body)
            .getBytes(StandardCharsets.US_ASCII));
    to.flush();
  }

  /** Up to the empty line, which is part of it. */
  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int last = 0;
    while (last != 0x0d0a0d0a) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException();
      }
      head.write(b);
      last = last << 8 | b;
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  /**
   * @param unsaid how long it is where the head does not say; negative for up to the last chunk
   */
  private static byte[] body(InputStream in, String head, int unsaid) throws IOException {
    Matcher length = LENGTH.matcher(head);
    if (length.find()) {
      return in.readNBytes(Integer.parseInt(length.group(1)));
    }
    if (!CHUNKED.matcher(head).find()) {
      return unsaid < 0 ? in.readAllBytes() : new byte[0];
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        line.write(b);
        if (b == '\n') {
          break;
        }
      }
      line.writeTo(all);
      String size = line.toString(StandardCharsets.US_ASCII).split(";")[0].strip();
      int chunk = size.isEmpty() ? 0 : Integer.parseInt(size, 16);
      all.write(in.readNBytes(chunk + 2));
      if (chunk == 0) {
        return all.toByteArray();
      }
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
