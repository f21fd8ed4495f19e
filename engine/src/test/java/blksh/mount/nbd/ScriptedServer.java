package blksh.mount.nbd;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that haggles as it should, and then does what a test wants. */
final class ScriptedServer implements Closeable {

  static final int SIZE = 1 << 20;

  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Script script;
  private final AtomicInteger connections = new AtomicInteger();

  /** What was asked. */
  record Asked(int command, long cookie, long position, int length) {}

  /** How it behaves; as it should unless something is said. */
  interface Script {
    /** Answers an option; false when the usual answer is wanted. */
    default boolean option(int option, DataOutputStream out) throws IOException {
      return false;
    }

    default long size(int connection) {
      return SIZE;
    }

    /** What it tells of blocks, by its own numbers, which are not the same ones each time. */
    default Map<Integer, String> contexts(int connection) {
      return Map.of(7, NbdProtocol.BASE_ALLOCATION);
    }

    /** Which of them the client wants. */
    default void agreed(int connection, Set<Integer> contexts) {}

    default String description(int connection) {
      return "";
    }

    /** Answers a request. */
    void answer(Asked asked, DataOutputStream out) throws IOException;

    /** The same. @param connection from 1 on */
    default void answer(int connection, Asked asked, DataOutputStream out) throws IOException {
      answer(asked, out);
    }
  }

  ScriptedServer(Script script) throws IOException {
    this.script = script;
    start(this::accept);
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "scripted-server");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        int number = connections.incrementAndGet();
        start(() -> serve(client, number));
      }
    } catch (IOException closed) {
      // then that is all
    }
  }

  private void serve(Socket client, int number) {
    try (client;
        DataInputStream in = new DataInputStream(client.getInputStream());
        DataOutputStream out = new DataOutputStream(client.getOutputStream())) {
      client.setTcpNoDelay(true);
      out.writeLong(NbdProtocol.NBDMAGIC);
      out.writeLong(NbdProtocol.IHAVEOPT);
      out.writeShort(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES);
      in.readInt();
      for (boolean agreed = false; !agreed; ) {
        in.readLong();
        int option = in.readInt();
        byte[] content = in.readNBytes(in.readInt());
        if (option == NbdProtocol.OPT_EXPORT_NAME) {
          out.writeLong(script.size(number));
          out.writeShort(NbdProtocol.FLAG_HAS_FLAGS | NbdProtocol.FLAG_READ_ONLY);
          agreed = true;
        } else if (!script.option(option, out)) {
          answer(option, content, number, out);
          agreed = option == NbdProtocol.OPT_GO;
        }
      }
      while (in.readInt() == NbdProtocol.REQUEST_MAGIC) {
        in.readShort();
        script.answer(
            number,
            new Asked(in.readUnsignedShort(), in.readLong(), in.readLong(), in.readInt()),
            out);
      }
    } catch (IOException end) {
      // the client has gone
    }
  }

  private void answer(int option, byte[] content, int number, DataOutputStream out)
      throws IOException {
    switch (option) {
      case NbdProtocol.OPT_LIST_META_CONTEXT, NbdProtocol.OPT_SET_META_CONTEXT -> {
        List<String> queries = queries(content);
        Set<Integer> agreed = new HashSet<>();
        boolean whole = option == NbdProtocol.OPT_SET_META_CONTEXT;
        for (Map.Entry<Integer, String> context : script.contexts(number).entrySet()) {
          String name = context.getValue();
          if (queries.stream().anyMatch(whole ? name::equals : name::startsWith)) {
            byte[] bytes = name.getBytes();
            reply(out, option, NbdProtocol.REP_META_CONTEXT, 4 + bytes.length);
            out.writeInt(context.getKey());
            out.write(bytes);
            agreed.add(context.getKey());
          }
        }
        script.agreed(number, agreed);
      }
      case NbdProtocol.OPT_GO -> {
        reply(out, option, NbdProtocol.REP_INFO, 12);
        out.writeShort(NbdProtocol.INFO_EXPORT);
        out.writeLong(script.size(number));
        out.writeShort(NbdProtocol.FLAG_HAS_FLAGS | NbdProtocol.FLAG_READ_ONLY);
        byte[] description = script.description(number).getBytes();
        if (description.length > 0) {
          reply(out, option, NbdProtocol.REP_INFO, 2 + description.length);
          out.writeShort(NbdProtocol.INFO_DESCRIPTION);
          out.write(description);
        }
      }
      default -> {}
    }
    reply(out, option, NbdProtocol.REP_ACK, 0);
  }

  /** The contexts a client asks for. */
  private static List<String> queries(byte[] content) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(content));
    in.readNBytes(in.readInt());
    List<String> queries = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      queries.add(new String(in.readNBytes(in.readInt())));
    }
    return queries;
  }

  static void reply(DataOutputStream out, int option, int type, int length) throws IOException {
    out.writeLong(NbdProtocol.OPTION_REPLY_MAGIC);
    out.writeInt(option);
    out.writeInt(type);
    out.writeInt(length);
  }

  /** The head of a part of an answer. */
  static void chunk(DataOutputStream out, Asked asked, boolean done, int type, int length)
      throws IOException {
    out.writeInt(NbdProtocol.STRUCTURED_REPLY_MAGIC);
    out.writeShort(done ? NbdProtocol.REPLY_FLAG_DONE : 0);
    out.writeShort(type);
    out.writeLong(asked.cookie);
    out.writeInt(length);
  }

  /** All bytes that were asked for, each as its position says. */
  static void bytes(DataOutputStream out, Asked asked) throws IOException {
    chunk(out, asked, true, NbdProtocol.REPLY_TYPE_OFFSET_DATA, 8 + asked.length);
    out.writeLong(asked.position);
    out.write(content(asked));
  }

  /** What is in a range. */
  static byte[] content(Asked asked) {
    byte[] bytes = new byte[asked.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = at(asked.position + i);
    }
    return bytes;
  }

  /** What is at a byte of the export. */
  static byte at(long position) {
    return (byte) (position / 512 * 31 + position);
  }

  /** That all is data. */
  static void data(DataOutputStream out, Asked asked) throws IOException {
    chunk(out, asked, true, NbdProtocol.REPLY_TYPE_BLOCK_STATUS, 12);
    out.writeInt(7);
    out.writeInt(asked.length);
    out.writeInt(0);
  }

  /** What a context says of all that was asked for: one word for each range of as many bytes. */
  static void status(
      DataOutputStream out, Asked asked, boolean done, int context, int bytes, int... flags)
      throws IOException {
    chunk(out, asked, done, NbdProtocol.REPLY_TYPE_BLOCK_STATUS, 4 + 8 * flags.length);
    out.writeInt(context);
    for (int flag : flags) {
      out.writeInt(bytes);
      out.writeInt(flag);
    }
  }

  int connections() {
    return connections.get();
  }

  String uri() {
    return "nbd://127.0.0.1:" + listening.getLocalPort() + "/";
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
