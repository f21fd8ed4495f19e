package blksh.mount.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * A channel through which everything goes by TLS, over another one that blocks. One thread may read
 * while another writes.
 */
final class TlsChannel implements ByteChannel {

  /** Older versions are not spoken. */
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  private static final int LARGEST = 128 << 10;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final ByteChannel below;
  private final SSLEngine engine;
  private final Object writing = new Object();
  private ByteBuffer out; // guarded by writing

  // Used by who reads.
  private ByteBuffer in;
  private ByteBuffer plain;
  private boolean ended;

  private TlsChannel(ByteChannel below, SSLEngine engine) {
    this.below = below;
    this.engine = engine;
    int packet = engine.getSession().getPacketBufferSize();
    this.out = ByteBuffer.allocate(packet);
    this.in = ByteBuffer.allocate(packet).flip();
    this.plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).flip();
  }

  /**
   * Begins TLS as a client.
   *
   * @param server the name or address that the server's certificate must be made out to
   * @throws SSLException when either does not believe the other
   */
  static TlsChannel client(ByteChannel below, TlsKeys keys, String server, int port)
      throws IOException {
    SSLEngine engine = keys.context().createSSLEngine(server, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(PROTOCOLS);
    engine.setSSLParameters(parameters);
    return begun(below, engine);
  }

  /**
   * Begins TLS as a server.
   *
   * @throws SSLException when either does not believe the other
   */
  static TlsChannel server(ByteChannel below, TlsKeys keys) throws IOException {
    SSLEngine engine = keys.context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setEnabledProtocols(PROTOCOLS);
    engine.setNeedClientAuth(keys.asksClients());
    return begun(below, engine);
  }

  private static TlsChannel begun(ByteChannel below, SSLEngine engine) throws IOException {
    TlsChannel channel = new TlsChannel(below, engine);
    engine.beginHandshake();
    try {
      channel.shakeHands();
    } catch (SSLException e) {
      channel.sayWhy();
      throw e;
    }
    return channel;
  }

  private void shakeHands() throws IOException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> runTasks();
        case NEED_WRAP -> wrap(NOTHING.duplicate());
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!unwrap()) {
            throw new EOFException("the connection was ended while TLS began");
          }
        }
        default -> {
          return;
        }
      }
    }
  }

  /** Has the other side told what is wrong, as far as it listens. */
  private void sayWhy() {
    try {
      for (int i = 0; i < 4 && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP; i++) {
        wrap(NOTHING.duplicate());
      }
    } catch (IOException e) {
      // then it does not
    }
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /** Sends what there is of a source, as far as it goes in one piece. */
  private int wrap(ByteBuffer source) throws IOException {
    synchronized (writing) {
      out.clear();
      SSLEngineResult result = engine.wrap(source, out);
      if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
        out = ByteBuffer.allocate(larger(out));
        return 0; // and again
      }
      out.flip();
      while (out.hasRemaining()) {
        below.write(out);
      }
      if (result.getStatus() == SSLEngineResult.Status.CLOSED && source.hasRemaining()) {
        throw new SSLException("TLS was ended");
      }
      return result.bytesConsumed();
    }
  }

  /**
   * Bytes of a buffer in place of one that was too small; no piece needs more than a few times 16
   * KiB.
   */
  private static int larger(ByteBuffer small) throws SSLException {
    if (small.capacity() > LARGEST) {
      throw new SSLException("a piece is larger than it may be");
    }
    return 2 * small.capacity();
  }

  /** Takes a piece; false when nothing comes any more. What is in it may be nothing. */
  private boolean unwrap() throws IOException {
    while (true) {
      plain.clear();
      SSLEngineResult result;
      try {
        result = engine.unwrap(in, plain);
      } finally {
        plain.flip();
      }
      switch (result.getStatus()) {
        case BUFFER_OVERFLOW -> plain = ByteBuffer.allocate(larger(plain)).flip();
        case BUFFER_UNDERFLOW -> {
          int count;
          in.compact();
          try {
            if (!in.hasRemaining()) { // a piece that is larger than most, of which not all is here
              in = ByteBuffer.allocate(larger(in)).put(in.flip());
            }
            count = below.read(in);
          } finally {
            in.flip();
          }
          if (count == 0) {
            throw new SSLException("nothing comes of a piece that was begun");
          }
          if (count < 0) {
            return false;
          }
        }
        case CLOSED -> {
          return false;
        }
        default -> {
          return true;
        }
      }
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    while (!plain.hasRemaining()) {
      if (ended) {
        return -1;
      }
      ended = !unwrap();
      afterwards();
    }
    int count = Math.min(target.remaining(), plain.remaining());
    target.put(target.position(), plain, plain.position(), count);
    target.position(target.position() + count);
    plain.position(plain.position() + count);
    return count;
  }

  /** Does what TLS wants to be done between pieces, as when its keys are renewed. */
  private void afterwards() throws IOException {
    HandshakeStatus status = engine.getHandshakeStatus();
    while (status == HandshakeStatus.NEED_TASK || status == HandshakeStatus.NEED_WRAP) {
      if (status == HandshakeStatus.NEED_TASK) {
        runTasks();
      } else {
        wrap(NOTHING.duplicate());
        if (engine.isOutboundDone()) {
          return;
        }
      }
      status = engine.getHandshakeStatus();
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int count = 0;
    while (source.hasRemaining()) {
      count += wrap(source);
    }
    return count;
  }

  @Override
  public boolean isOpen() {
    return below.isOpen();
  }

  /** Ends it at once: what is read over it says itself where it ends. */
  @Override
  public void close() throws IOException {
    below.close();
  }
}
