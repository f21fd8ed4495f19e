package blksh.script.maven;

import blksh.BlkshException;
import blksh.session.Trust;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.maven.settings.Mirror;
import org.apache.maven.settings.Proxy;
import org.apache.maven.settings.Server;
import org.apache.maven.settings.Settings;
import org.apache.maven.settings.building.DefaultSettingsBuilderFactory;
import org.apache.maven.settings.building.DefaultSettingsBuildingRequest;
import org.apache.maven.settings.building.SettingsBuildingException;
import org.eclipse.aether.RepositorySystemSession.SessionBuilder;
import org.eclipse.aether.repository.Authentication;
import org.eclipse.aether.util.repository.AuthenticationBuilder;
import org.eclipse.aether.util.repository.DefaultAuthenticationSelector;
import org.eclipse.aether.util.repository.DefaultMirrorSelector;
import org.eclipse.aether.util.repository.DefaultProxySelector;

/**
 * What a person has set for Maven, which counts here too: mirrors, proxies, and the users of both.
 * A file that somebody else could have written is refused: it says where code comes from.
 */
final class MavenSettings {

  private static final Path OF_ALL = Path.of("/etc/maven/settings.xml");

  private final Settings settings;

  private MavenSettings(Settings settings) {
    this.settings = settings;
  }

  /** Those of the user, {@code ~/.m2/settings.xml}, and below them those of the machine. */
  static MavenSettings ofUser() {
    String home = System.getenv().getOrDefault("HOME", "");
    Path own =
        Path.of(home.startsWith("/") ? home : System.getProperty("user.home"))
            .resolve(".m2/settings.xml");
    var request = new DefaultSettingsBuildingRequest().setSystemProperties(System.getProperties());
    if (mayRead(own)) {
      request.setUserSettingsFile(own.toFile());
    }
    if (mayRead(OF_ALL)) {
      request.setGlobalSettingsFile(OF_ALL.toFile());
    }
    try {
      return new MavenSettings(
          new DefaultSettingsBuilderFactory().newInstance().build(request).getEffectiveSettings());
    } catch (SettingsBuildingException wrong) {
      throw new BlkshException("use " + own, wrong.getMessage(), wrong);
    }
  }

  private static boolean mayRead(Path file) {
    if (!Files.isReadable(file)) {
      return false;
    }
    Optional<BlkshException> objection = Trust.objection("use " + file, file);
    objection.ifPresent(
        it -> {
          throw it;
        });
    return true;
  }

  void apply(SessionBuilder session) {
    DefaultMirrorSelector mirrors = new DefaultMirrorSelector();
    for (Mirror mirror : settings.getMirrors()) {
      mirrors.add(
          mirror.getId(),
          mirror.getUrl(),
          mirror.getLayout(),
          false,
          mirror.isBlocked(),
          mirror.getMirrorOf(),
          mirror.getMirrorOfLayouts());
    }
    DefaultAuthenticationSelector users = new DefaultAuthenticationSelector();
    for (Server server : settings.getServers()) {
      users.add(server.getId(), user(server.getUsername(), server.getPassword()));
    }
    DefaultProxySelector proxies = new DefaultProxySelector();
    for (Proxy proxy : settings.getProxies()) {
      if (proxy.isActive()) {
        Authentication user = user(proxy.getUsername(), proxy.getPassword());
        proxies.add(
            new org.eclipse.aether.repository.Proxy(
                proxy.getProtocol(), proxy.getHost(), proxy.getPort(), user),
            proxy.getNonProxyHosts());
      }
    }
    // A directory that a script names is that directory.
    session.setMirrorSelector(it -> it.getProtocol().equals("file") ? null : mirrors.getMirror(it));
    session.setAuthenticationSelector(users);
    session.setProxySelector(proxies);
    session.setOffline(settings.isOffline());
  }

  /** Maven writes an encrypted password in braces; sent as it is it would be no password. */
  private static Authentication user(String name, String password) {
    if (name != null && password != null && password.matches("(?s).*\\{.+}.*")) {
      throw new BlkshException(
              "use the password of " + name + " in settings.xml", "it is encrypted for Maven")
          .suggest("have the settings take it from the environment: ${env.NAME}");
    }
    return name == null
        ? null
        : new AuthenticationBuilder().addUsername(name).addPassword(password).build();
  }
}
