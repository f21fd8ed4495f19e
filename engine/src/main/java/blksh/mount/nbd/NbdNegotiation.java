package blksh.mount.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * The haggling before we read: fixed newstyle, as doc/proto.md of the NetworkBlockDevice project
 * has it. What a server may send is bounded before it is taken.
 */
final class NbdNegotiation {

  /** Bytes of an answer to an option. */
  private static final int LONGEST_REPLY = 16 << 10;

  /** Answers to one option: a list of exports, or of contexts. */
  private static final int MOST_REPLIES = 1000;

  private static final int MOST_CONTEXTS = 64;
  private static final int NAMES_TOLD = 5;
  private static final int LONGEST_TEXT = 300;
  private static final int MOST_LEAST = 64 << 10;

  /** What a server serves that does not say: its specification asks for no more. */
  private static final int USUAL_LEAST = 512;

  private final NbdAddress address;
  private ByteChannel channel;
  private NbdWire wire;
  private boolean noZeroes;
  private long size = -1;
  private int flags;
  private int least;
  private long most;
  private String name;
  private String description = "";

  /** An answer to an option, of which its length has been checked. */
  private record Reply(int type, int length) {
    boolean isError() {
      return type < 0;
    }
  }

  NbdNegotiation(ByteChannel channel, NbdAddress address) {
    this.address = address;
    this.channel = channel;
    this.wire = new NbdWire(channel);
  }

  /** What replies come over from now on. */
  NbdWire wire() {
    return wire;
  }

  /** What is to be closed in the end. */
  ByteChannel channel() {
    return channel;
  }

  /**
   * Agrees on how the export is served.
   *
   * @param bitmap the bitmap of QEMU's that is wanted most; all others are wanted then as well
   * @throws IOException when the connection is cut, or the server is about to end
   * @throws BlkshException when it refuses, or does not speak the protocol
   */
  NbdTerms agree(Optional<String> bitmap) throws IOException {
    greet();
    if (address.tls()) {
      startTls();
    }
    boolean structured = begins();
    Map<Integer, String> contexts = Map.of();
    if (structured) {
      contexts = contexts(NbdProtocol.OPT_SET_META_CONTEXT, wanted(bitmap));
    }
    name = address.export();
    if (!go()) {
      exportName();
      contexts = Map.of();
    }
    if (size < 0) {
      throw garbage("it does not tell the size of the export");
    }
    mustBeReadable();
    return new NbdTerms(
        size, flags, least, (int) most, structured, Map.copyOf(contexts), name, description);
  }

  private void greet() throws IOException {
    if (wire.getLong() != NbdProtocol.NBDMAGIC) {
      throw garbage("what answers there is no server of network block devices");
    }
    if (wire.getLong() != NbdProtocol.IHAVEOPT) {
      throw garbage("it knows only the old handshake, without names");
    }
    int offered = wire.getShort();
    if ((offered & NbdProtocol.FLAG_FIXED_NEWSTYLE) == 0) {
      throw garbage("it knows only an old handshake (it is not fixed newstyle)");
    }
    noZeroes = (offered & NbdProtocol.FLAG_NO_ZEROES) != 0;
    wire.send(
        ByteBuffer.allocate(4)
            .putInt(NbdProtocol.FLAG_FIXED_NEWSTYLE | (noZeroes ? NbdProtocol.FLAG_NO_ZEROES : 0)));
  }

  private void startTls() throws IOException {
    option(NbdProtocol.OPT_STARTTLS, ByteBuffer.allocate(0));
    Reply reply = reply(NbdProtocol.OPT_STARTTLS);
    if (reply.isError()) {
      throw refused(reply, "it does not offer TLS")
          .suggest("have it serve with TLS, or write nbd:// where nobody else can listen");
    }
    if (reply.type != NbdProtocol.REP_ACK || reply.length != 0) {
      throw garbage("it answers something else than was asked");
    }
    if (wire.hasMore()) {
      throw garbage("it sends more before TLS has begun");
    }
    if (address.serverName().isEmpty()) {
      throw new BlkshException(
              "open " + address, "nothing says whom the certificate there must be made out to")
          .suggest("add tls-hostname=NAME to it");
    }
    try {
      channel =
          TlsChannel.client(
              channel,
              TlsKeys.ofClient(address.certificates()),
              address.serverName(),
              address.port());
    } catch (SSLException e) {
      throw distrust(e);
    }
    wire = new NbdWire(channel);
  }

  /** Either side does not believe the other; a server may say so only later. */
  BlkshException distrust(SSLException e) {
    boolean theirs = true;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      theirs &= !(cause instanceof CertificateException);
    }
    String words = e.getMessage();
    return new BlkshException(
            "open " + address,
            (theirs ? "the server refuses TLS with us: " : "the server is not believed: ") + words,
            e)
        .suggest(
            theirs
                ? "it may want a certificate: see docs/remote.md"
                : "name who signs it: tls-certificates=DIR with ca-cert.pem, see docs/remote.md");
  }

  /** The first that is asked: a server that wants a certificate which it was not shown hangs up. */
  private boolean begins() throws IOException {
    try {
      return structured();
    } catch (SSLException e) {
      throw e;
    } catch (IOException e) {
      if (!address.tls()) {
        throw e;
      }
      try {
        wire.skip(1); // why, if it has said so
      } catch (SSLException said) {
        throw distrust(said);
      } catch (IOException silent) {
        // it has not
      }
      throw new IOException(
          "the server ended the connection when TLS had begun: it may want a certificate", e);
    }
  }

  private boolean structured() throws IOException {
    option(NbdProtocol.OPT_STRUCTURED_REPLY, ByteBuffer.allocate(0));
    Reply reply = reply(NbdProtocol.OPT_STRUCTURED_REPLY);
    mustNotWantTls(reply);
    wire.skip(reply.length);
    return reply.type == NbdProtocol.REP_ACK;
  }

  /** What is to be told of blocks: what is wanted most first, as there may be too many. */
  private List<String> wanted(Optional<String> bitmap) throws IOException {
    Set<String> wanted = new LinkedHashSet<>(List.of(NbdProtocol.BASE_ALLOCATION));
    if (bitmap.isPresent()) {
      wanted.add(NbdProtocol.DIRTY_BITMAP + bitmap.get());
      wanted.addAll(
          contexts(NbdProtocol.OPT_LIST_META_CONTEXT, List.of(NbdProtocol.DIRTY_BITMAP)).values());
    }
    return wanted.stream().limit(MOST_CONTEXTS).toList();
  }

  /** Asks for contexts; those the server has, by their numbers. */
  private Map<Integer, String> contexts(int option, List<String> queries) throws IOException {
    byte[] export = address.export().getBytes(UTF_8);
    int length = 2 * Integer.BYTES + export.length;
    for (String query : queries) {
      length += Integer.BYTES + query.getBytes(UTF_8).length;
    }
    ByteBuffer content =
        ByteBuffer.allocate(length).putInt(export.length).put(export).putInt(queries.size());
    for (String query : queries) {
      byte[] bytes = query.getBytes(UTF_8);
      content.putInt(bytes.length).put(bytes);
    }
    option(option, content);
    Map<Integer, String> found = new LinkedHashMap<>();
    for (int i = 0; i < MOST_REPLIES; i++) {
      Reply reply = reply(option);
      if (reply.type == NbdProtocol.REP_ACK || reply.isError()) {
        // That there is no such export is said again, with more words, when it is asked for.
        wire.skip(reply.length);
        return found;
      }
      if (reply.type != NbdProtocol.REP_META_CONTEXT || reply.length < Integer.BYTES) {
        throw garbage("it answers something else than was asked");
      }
      int number = wire.getInt();
      int bytes = reply.length - Integer.BYTES;
      mustBeName(bytes);
      String context = wire.text(bytes);
      boolean asked = option == NbdProtocol.OPT_LIST_META_CONTEXT || queries.contains(context);
      if (asked && found.size() < MOST_CONTEXTS) {
        found.put(option == NbdProtocol.OPT_LIST_META_CONTEXT ? found.size() : number, context);
      } else if (!asked) {
        throw garbage("it tells of blocks in a way that nobody asked for");
      }
    }
    throw garbage("it lists more than %d kinds of metadata".formatted(MOST_REPLIES));
  }

  /** Asks to begin; false when the server does not know that way. */
  private boolean go() throws IOException {
    byte[] export = address.export().getBytes(UTF_8);
    ByteBuffer content =
        ByteBuffer.allocate(Integer.BYTES + export.length + 4 * Short.BYTES)
            .putInt(export.length)
            .put(export)
            .putShort((short) 3)
            .putShort((short) NbdProtocol.INFO_BLOCK_SIZE)
            .putShort((short) NbdProtocol.INFO_NAME)
            .putShort((short) NbdProtocol.INFO_DESCRIPTION);
    option(NbdProtocol.OPT_GO, content);
    for (int i = 0; i < MOST_REPLIES; i++) {
      Reply reply = reply(NbdProtocol.OPT_GO);
      if (reply.type == NbdProtocol.REP_ACK) {
        wire.skip(reply.length);
        return true;
      }
      if (reply.type == NbdProtocol.REP_ERR_UNSUP) {
        wire.skip(reply.length);
        return false;
      }
      if (reply.isError()) {
        throw noExport(reply);
      }
      if (reply.type != NbdProtocol.REP_INFO || reply.length < Short.BYTES) {
        throw garbage("it answers something else than was asked");
      }
      info(wire.getShort(), reply.length - Short.BYTES);
    }
    throw garbage("it tells of an export without end");
  }

  private void info(int kind, int length) throws IOException {
    switch (kind) {
      case NbdProtocol.INFO_EXPORT -> {
        mustBe(length, Long.BYTES + Short.BYTES);
        size = wire.getLong();
        flags = wire.getShort();
      }
      case NbdProtocol.INFO_BLOCK_SIZE -> {
        mustBe(length, 3 * Integer.BYTES);
        least = wire.getInt();
        int best = wire.getInt();
        most = Integer.toUnsignedLong(wire.getInt());
        if (least < 1
            || least > MOST_LEAST
            || Integer.bitCount(least) != 1
            || best < least
            || Integer.bitCount(best) != 1
            || most < least) {
          throw garbage("it asks for blocks of sizes that make no sense");
        }
      }
      case NbdProtocol.INFO_NAME -> {
        mustBeName(length);
        name = wire.text(length);
      }
      case NbdProtocol.INFO_DESCRIPTION -> {
        mustBeName(length);
        description = wire.text(length);
      }
      default -> wire.skip(length);
    }
  }

  /** The way of servers that do not know {@link #go}: who names no export is cut off. */
  private void exportName() throws IOException {
    byte[] export = address.export().getBytes(UTF_8);
    option(NbdProtocol.OPT_EXPORT_NAME, ByteBuffer.allocate(export.length).put(export));
    size = wire.getLong();
    flags = wire.getShort();
    wire.skip(noZeroes ? 0 : 124);
  }

  private void mustBeReadable() {
    if ((flags & NbdProtocol.FLAG_HAS_FLAGS) == 0) {
      throw garbage("it does not tell what can be done with the export");
    }
    if (least == 0) {
      least = size % USUAL_LEAST == 0 ? USUAL_LEAST : 1;
      most = NbdProtocol.LARGEST_REQUEST;
    }
    if (size % least != 0) {
      throw garbage("the export is not of whole blocks as it asks for");
    }
    most = Math.min(most, NbdProtocol.LARGEST_REQUEST) / least * least;
  }

  // ---- refusals ------------------------------------------------------------------------------

  private BlkshException noExport(Reply reply) throws IOException {
    mustNotWantTls(reply);
    if (reply.type == NbdProtocol.REP_ERR_SHUTDOWN) {
      throw new IOException("the server is about to end");
    }
    if (reply.type != NbdProtocol.REP_ERR_UNKNOWN) {
      return refused(reply, "the server refuses it");
    }
    BlkshException told = refused(reply, "there is no such export");
    List<String> names = names();
    return names.isEmpty()
        ? told
        : told.suggest(
            "there is "
                + String.join(", ", names.subList(0, Math.min(NAMES_TOLD, names.size())))
                + (names.size() > NAMES_TOLD ? " …" : ""));
  }

  /** The names of exports there are, as far as the server tells. */
  private List<String> names() throws IOException {
    option(NbdProtocol.OPT_LIST, ByteBuffer.allocate(0));
    List<String> names = new ArrayList<>();
    for (int i = 0; i < MOST_REPLIES; i++) {
      Reply reply = reply(NbdProtocol.OPT_LIST);
      if (reply.type != NbdProtocol.REP_SERVER || reply.length < Integer.BYTES) {
        return names;
      }
      int length = wire.getInt();
      if (length < 0 || length > reply.length - Integer.BYTES) {
        throw garbage("it lists a name that is longer than its answer");
      }
      String found = wire.text(length);
      wire.skip(reply.length - Integer.BYTES - length);
      if (!found.isEmpty() && names.size() <= NAMES_TOLD) {
        names.add(found);
      }
    }
    return names;
  }

  private void mustNotWantTls(Reply reply) throws IOException {
    if (reply.type == NbdProtocol.REP_ERR_TLS_REQD) {
      throw refused(reply, "the server wants TLS")
          .suggest("write nbds:// in place of nbd://, see docs/remote.md for certificates");
    }
  }

  private BlkshException refused(Reply reply, String problem) throws IOException {
    String words = wire.text(Math.min(reply.length, LONGEST_TEXT)).strip();
    wire.skip(Math.max(0, reply.length - LONGEST_TEXT));
    return new BlkshException(
        "open " + address, words.isEmpty() ? problem : problem + ": it says \"" + words + "\"");
  }

  private BlkshException garbage(String problem) {
    return new BlkshException("open " + address, problem)
        .suggest("find out what answers on " + address.server());
  }

  private void mustBe(int length, int wanted) {
    if (length != wanted) {
      throw garbage("it tells something of another length than it has");
    }
  }

  private void mustBeName(int length) {
    if (length > NbdProtocol.LONGEST_NAME) {
      throw garbage("it tells a name of more than 4096 bytes");
    }
  }

  // ---- options -------------------------------------------------------------------------------

  /** Sends an option. @param content filled up to its position */
  private void option(int option, ByteBuffer content) throws IOException {
    content.flip();
    wire.send(
        ByteBuffer.allocate(16 + content.remaining())
            .putLong(NbdProtocol.IHAVEOPT)
            .putInt(option)
            .putInt(content.remaining())
            .put(content));
  }

  private Reply reply(int option) throws IOException {
    if (wire.getLong() != NbdProtocol.OPTION_REPLY_MAGIC || wire.getInt() != option) {
      throw garbage("it answers something else than was asked");
    }
    Reply reply = new Reply(wire.getInt(), wire.getInt());
    if (reply.length < 0 || reply.length > LONGEST_REPLY) {
      throw garbage("it announces an answer of %d bytes".formatted(reply.length & 0xffffffffL));
    }
    return reply;
  }
}
