package blksh.mount.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * The connection of a client, and for how long the server has been waiting for it. What the server
 * itself takes, as to open an export, does not count.
 */
final class NbdClient implements Closeable {

  private final SocketChannel channel;

  /** What is said over TLS, once that has begun; else null. */
  private volatile TlsChannel secret;

  /** Whether it has not said yet what it wants. Guarded by this object, as all below. */
  private boolean haggling = true;

  /** Whether it owes the server bytes: in the handshake, or the rest of a request. */
  private boolean owing;

  /** When the server began to wait for it, by {@link System#nanoTime}. */
  private long since;

  /** Whether it is being read from. */
  private boolean awaited;

  /** Whether it ever asked for anything. */
  private boolean asked;

  /** How long it was waited for in the handshake before that, in nanoseconds. */
  private long waited;

  NbdClient(SocketChannel channel) {
    this.channel = channel;
  }

  /** Has what is written to it sent at once, over a port. */
  void sendAtOnce() throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
  }

  /**
   * Reads some bytes, as a channel does.
   *
   * @param owed whether the client may not be silent now
   */
  int read(ByteBuffer target, boolean owed) throws IOException {
    begin(owed);
    try {
      return secret == null ? channel.read(target) : secret.read(target);
    } finally {
      end();
    }
  }

  /** Writes some bytes in the handshake. */
  void answer(ByteBuffer bytes) throws IOException {
    begin(true);
    try {
      if (secret == null) {
        channel.write(bytes);
      } else {
        secret.write(bytes);
      }
    } finally {
      end();
    }
  }

  /** Writes some bytes of one or more buffers. */
  long write(ByteBuffer... parts) throws IOException {
    if (secret == null) {
      return channel.write(parts);
    }
    long count = 0;
    for (ByteBuffer part : parts) {
      count += secret.write(part);
    }
    return count;
  }

  /** Goes on by TLS, which it may not be long in agreeing on. */
  void startTls(TlsKeys keys) throws IOException {
    begin(true);
    try {
      secret = TlsChannel.server(channel, keys);
    } finally {
      end();
    }
  }

  /** Whether all goes by TLS. */
  boolean isSecret() {
    return secret != null;
  }

  private synchronized void begin(boolean owed) {
    owing = owed;
    awaited = true;
    since = System.nanoTime();
  }

  private synchronized void end() {
    if (haggling && owing) {
      waited += System.nanoTime() - since;
    }
    owing = false;
    awaited = false;
  }

  /** Notes that it asked for something. */
  synchronized void asked() {
    asked = true;
  }

  /** How long it has asked for nothing, in nanoseconds; 0 while it does. */
  synchronized long idle() {
    return awaited ? System.nanoTime() - since : 0;
  }

  /** Whether the handshake is over and it has not asked for anything since. */
  synchronized boolean onlyHasAPlace() {
    return !haggling && !asked;
  }

  /** Where it comes from; nothing when it is gone, and from a socket in the file system. */
  Optional<InetSocketAddress> address() {
    try {
      return channel.getRemoteAddress() instanceof InetSocketAddress from
          ? Optional.of(from)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Ends the handshake: from now on it may be silent between requests. */
  synchronized void agreed() {
    haggling = false;
  }

  synchronized boolean isHaggling() {
    return haggling;
  }

  /** How long it was waited for in all of the handshake, in nanoseconds. */
  synchronized long waited() {
    return waited + (haggling ? silent() : 0);
  }

  /** How long it has owed bytes and sent none, in nanoseconds; 0 when it owes none. */
  synchronized long silent() {
    return owing ? System.nanoTime() - since : 0;
  }

  /** Cuts it off. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone already
    }
  }
}
