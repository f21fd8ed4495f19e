package blksh.mount.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerUsersTest {

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void aClientOfThisMachineIsKnownByItsUser(String address) throws Exception {
    boolean six = address.contains(":");
    Path addresses = Path.of("/proc/net/if_inet6");
    Component.needKernel(
        !six || Files.exists(addresses) && !Files.readString(addresses).isBlank(),
        "there is no IPv6");
    try (ServerSocketChannel server =
        ServerSocketChannel.open(
            six ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET)) {
      server.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
      try (SocketChannel ours = SocketChannel.open(server.getLocalAddress());
          SocketChannel accepted = server.accept()) {
        PeerUsers users = PeerUsers.now();
        PeerUsers.Peer peer = users.of(new NbdClient(accepted));
        assertThat(ours.isConnected()).isTrue();
        assertThat(users.isOwn(peer)).isTrue();
        assertThat(peer.machine()).isEmpty();
      }
    }
  }

  private static PeerUsers.Peer at(String address, int port) throws Exception {
    return PeerUsers.now().of(new InetSocketAddress(InetAddress.getByName(address), port));
  }

  @Test
  void otherMachinesAreToldApart() throws Exception {
    assertThat(at("192.0.2.1", 1000)).isEqualTo(at("192.0.2.1", 2000));
    assertThat(at("192.0.2.1", 1000)).isNotEqualTo(at("192.0.2.2", 1000));
    assertThat(PeerUsers.now().isOwn(at("192.0.2.1", 1000))).isFalse();
    // A machine may have as many addresses of its network as it likes.
    assertThat(at("2001:db8::1", 1)).isEqualTo(at("2001:db8::2", 1));
    assertThat(at("2001:db8::1", 1)).isNotEqualTo(at("2001:db8:0:1::1", 1));
  }
}
