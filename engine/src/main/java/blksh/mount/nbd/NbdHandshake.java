package blksh.mount.nbd;

import blksh.BlkshException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The haggling before a client reads: what there is, and how it will be served. */
final class NbdHandshake {

  private static final int LONGEST_OPTION = 64 << 10;
  private static final int MOST_OPTIONS = 1000;

  private final NbdClient client;
  private final NbdExports exports;
  private final Optional<TlsKeys> tls;
  private final ByteBuffer buffer = ByteBuffer.allocate(LONGEST_OPTION);
  private boolean noZeroes;
  private boolean structured;
  private String metaContextOf;

  /** What the client asked for a context of and is about to use: it is not opened for each step. */
  private NbdExport held;

  /** How the client will be served. */
  record Terms(NbdExport export, boolean structured, boolean allocation) {}

  /**
   * @param tls by which the client is told anything at all, if there are any
   */
  NbdHandshake(NbdClient client, NbdExports exports, Optional<TlsKeys> tls) {
    this.client = client;
    this.exports = exports;
    this.tls = tls;
  }

  /**
   * @return nothing when the client only wanted to look around
   * @throws IOException when it does not speak the protocol
   */
  Optional<Terms> negotiate() throws IOException {
    try {
      return agree();
    } finally {
      hold(null);
    }
  }

  private void hold(NbdExport export) {
    NbdExport before = held;
    held = export;
    if (before != null) {
      exports.release(before);
    }
  }

  private Optional<Terms> agree() throws IOException {
    send(
        ByteBuffer.allocate(18)
            .putLong(NbdProtocol.NBDMAGIC)
            .putLong(NbdProtocol.IHAVEOPT)
            .putShort((short) (NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES)));
    int flags = receive(4).getInt();
    if ((flags & ~(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES)) != 0) {
      throw new IOException("unknown client flags");
    }
    noZeroes = (flags & NbdProtocol.FLAG_NO_ZEROES) != 0;
    for (int i = 0; i < MOST_OPTIONS; i++) {
      ByteBuffer head = receive(16);
      if (head.getLong() != NbdProtocol.IHAVEOPT) {
        throw new IOException("no option where one was expected");
      }
      int option = head.getInt();
      long length = Integer.toUnsignedLong(head.getInt());
      if (length > LONGEST_OPTION) {
        skip(length);
        reply(option, NbdProtocol.REP_ERR_TOO_BIG);
        continue;
      }
      ByteBuffer content = receive((int) length);
      if (tls.isPresent() && !client.isSecret() && isSecretOnly(option)) {
        continue;
      }
      switch (option) {
        case NbdProtocol.OPT_STARTTLS -> startTls(option, content);
        case NbdProtocol.OPT_EXPORT_NAME -> {
          return Optional.of(exportName(text(content, content.remaining())));
        }
        case NbdProtocol.OPT_ABORT -> {
          reply(option, NbdProtocol.REP_ACK);
          return Optional.empty();
        }
        case NbdProtocol.OPT_LIST -> list(option, content);
        case NbdProtocol.OPT_STRUCTURED_REPLY -> {
          structured |= !content.hasRemaining();
          reply(option, content.hasRemaining() ? NbdProtocol.REP_ERR_INVALID : NbdProtocol.REP_ACK);
        }
        case NbdProtocol.OPT_LIST_META_CONTEXT, NbdProtocol.OPT_SET_META_CONTEXT ->
            metaContext(option, content);
        case NbdProtocol.OPT_INFO, NbdProtocol.OPT_GO -> {
          Optional<Terms> terms = info(option, content);
          if (option == NbdProtocol.OPT_GO && terms.isPresent()) {
            return terms;
          }
        }
        default -> reply(option, NbdProtocol.REP_ERR_UNSUP);
      }
    }
    throw new IOException("too many options");
  }

  /** Before TLS has begun nobody is told anything; who cannot be told that is cut off. */
  private boolean isSecretOnly(int option) throws IOException {
    if (option == NbdProtocol.OPT_STARTTLS || option == NbdProtocol.OPT_ABORT) {
      return false;
    }
    if (option == NbdProtocol.OPT_EXPORT_NAME) {
      throw new IOException("an export is asked for without TLS");
    }
    reply(option, NbdProtocol.REP_ERR_TLS_REQD);
    return true;
  }

  private void startTls(int option, ByteBuffer content) throws IOException {
    if (tls.isEmpty()) {
      reply(option, NbdProtocol.REP_ERR_POLICY);
    } else if (client.isSecret() || content.hasRemaining()) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
    } else {
      reply(option, NbdProtocol.REP_ACK);
      client.startTls(tls.get());
      // What was agreed on before might have been said by somebody in between.
      structured = false;
      metaContextOf = null;
      hold(null);
    }
  }

  private Terms exportName(String name) throws IOException {
    NbdExport export =
        exports.find(name).orElseThrow(() -> new IOException("no export \"" + name + "\""));
    ByteBuffer answer =
        ByteBuffer.allocate(noZeroes ? 10 : 134)
            .putLong(export.source().size())
            .putShort((short) export.flags());
    boolean kept = false;
    try {
      send(answer.position(answer.capacity()));
      kept = true;
    } finally {
      if (!kept) {
        exports.release(export);
      }
    }
    return terms(export);
  }

  private Terms terms(NbdExport export) {
    return new Terms(export, structured, structured && export.name().equals(metaContextOf));
  }

  private void list(int option, ByteBuffer content) throws IOException {
    if (content.hasRemaining()) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return;
    }
    for (String name : exports.names()) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      reply(
          option,
          NbdProtocol.REP_SERVER,
          ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes));
    }
    reply(option, NbdProtocol.REP_ACK);
  }

  private Optional<Terms> info(int option, ByteBuffer content) throws IOException {
    String name = prefixedText(content);
    if (name == null || content.remaining() < 2) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return Optional.empty();
    }
    int count = Short.toUnsignedInt(content.getShort());
    if (content.remaining() != 2 * count) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return Optional.empty();
    }
    List<Integer> wanted = new ArrayList<>();
    while (content.hasRemaining()) {
      wanted.add(Short.toUnsignedInt(content.getShort()));
    }
    Optional<NbdExport> found = find(option, name);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    NbdExport export = found.get();
    boolean kept = false;
    try {
      describe(option, export, wanted);
      reply(option, NbdProtocol.REP_ACK);
      kept = option == NbdProtocol.OPT_GO;
    } finally {
      if (!kept) {
        exports.release(export);
      }
    }
    return Optional.of(terms(export));
  }

  /** The export of a name, to be released; when there is none the client has been told. */
  private Optional<NbdExport> find(int option, String name) throws IOException {
    String problem = "there is no export of that name";
    try {
      Optional<NbdExport> found = exports.find(name);
      if (found.isPresent()) {
        return found;
      }
    } catch (BlkshException e) {
      problem = e.getMessage();
    }
    byte[] text = problem.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, NbdProtocol.LONGEST_NAME);
    reply(option, NbdProtocol.REP_ERR_UNKNOWN, ByteBuffer.allocate(length).put(text, 0, length));
    return Optional.empty();
  }

  private void describe(int option, NbdExport export, List<Integer> wanted) throws IOException {
    reply(
        option,
        NbdProtocol.REP_INFO,
        ByteBuffer.allocate(12)
            .putShort((short) NbdProtocol.INFO_EXPORT)
            .putLong(export.source().size())
            .putShort((short) export.flags()));
    reply(
        option,
        NbdProtocol.REP_INFO,
        ByteBuffer.allocate(14)
            .putShort((short) NbdProtocol.INFO_BLOCK_SIZE)
            .putInt(export.leastBlock())
            .putInt(export.preferredBlock())
            .putInt(NbdProtocol.LARGEST_REQUEST));
    if (wanted.contains(NbdProtocol.INFO_NAME)) {
      replyInfo(option, NbdProtocol.INFO_NAME, export.name());
    }
    if (wanted.contains(NbdProtocol.INFO_DESCRIPTION)) {
      replyInfo(option, NbdProtocol.INFO_DESCRIPTION, export.source().describe().toString());
    }
  }

  private void replyInfo(int option, int kind, String text) throws IOException {
    byte[] all = text.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = Arrays.copyOf(all, Math.min(all.length, NbdProtocol.LONGEST_NAME));
    reply(
        option,
        NbdProtocol.REP_INFO,
        ByteBuffer.allocate(2 + bytes.length).putShort((short) kind).put(bytes));
  }

  private void metaContext(int option, ByteBuffer content) throws IOException {
    boolean set = option == NbdProtocol.OPT_SET_META_CONTEXT;
    if (set) {
      metaContextOf = null;
    }
    String name = prefixedText(content);
    if (name == null || content.remaining() < 4 || set && !structured) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return;
    }
    long count = Integer.toUnsignedLong(content.getInt());
    boolean allocation = !set && count == 0;
    for (long i = 0; i < count; i++) {
      String query = prefixedText(content);
      if (query == null) {
        reply(option, NbdProtocol.REP_ERR_INVALID);
        return;
      }
      allocation |= query.equals(NbdProtocol.BASE_ALLOCATION) || !set && query.equals("base:");
    }
    if (content.hasRemaining()) {
      reply(option, NbdProtocol.REP_ERR_INVALID);
      return;
    }
    Optional<NbdExport> found = find(option, name);
    if (found.isEmpty()) {
      return;
    }
    hold(found.get());
    if (allocation) {
      byte[] context = NbdProtocol.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
      reply(
          option,
          NbdProtocol.REP_META_CONTEXT,
          ByteBuffer.allocate(4 + context.length)
              .putInt(set ? NbdProtocol.BASE_ALLOCATION_ID : 0)
              .put(context));
      if (set) {
        metaContextOf = found.get().name();
      }
    }
    reply(option, NbdProtocol.REP_ACK);
  }

  /** Text with its length before it, or null when it runs over the option. */
  private static String prefixedText(ByteBuffer content) {
    if (content.remaining() < 4) {
      return null;
    }
    long length = Integer.toUnsignedLong(content.getInt());
    return length > Math.min(content.remaining(), NbdProtocol.LONGEST_NAME)
        ? null
        : text(content, (int) length);
  }

  private static String text(ByteBuffer content, int length) {
    byte[] bytes = new byte[length];
    content.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void reply(int option, int type) throws IOException {
    reply(option, type, ByteBuffer.allocate(0));
  }

  /**
   * @param content filled up to its position
   */
  private void reply(int option, int type, ByteBuffer content) throws IOException {
    content.flip();
    send(
        ByteBuffer.allocate(20 + content.remaining())
            .putLong(NbdProtocol.OPTION_REPLY_MAGIC)
            .putInt(option)
            .putInt(type)
            .putInt(content.remaining())
            .put(content));
  }

  private void send(ByteBuffer bytes) throws IOException {
    bytes.flip();
    while (bytes.hasRemaining()) {
      client.answer(bytes);
    }
  }

  private ByteBuffer receive(int length) throws IOException {
    buffer.clear().limit(length);
    while (buffer.hasRemaining()) {
      if (client.read(buffer, true) < 0) {
        throw new EOFException();
      }
    }
    return buffer.flip();
  }

  private void skip(long length) throws IOException {
    long left = length;
    while (left > 0) {
      left -= receive((int) Math.min(left, LONGEST_OPTION)).remaining();
    }
  }
}
