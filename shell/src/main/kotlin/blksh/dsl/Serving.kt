package blksh.dsl

import blksh.BlkshException
import blksh.mount.nbd.ServeOptions
import blksh.mount.nbd.TlsKeys
import java.nio.file.Path
import java.util.Optional

/**
 * What a server shows of itself by TLS, and whom it lets in: `Tls("cert.pem", "key.pem")`.
 *
 * @param certificate the server's, and those that signed it, as PEM
 * @param key the private key of it, without a password
 * @param clients who signs the certificates of clients that are let in; without it any client is
 */
class Tls(val certificate: Path, val key: Path, val clients: Path? = null) {

  constructor(
    certificate: String,
    key: String,
    clients: String? = null,
  ) : this(Path.of(certificate), Path.of(key), clients?.let { Path.of(it) })

  internal fun keys(): TlsKeys = TlsKeys.ofServer(certificate, key, Optional.ofNullable(clients))

  internal fun words(): List<String> =
    listOf("--tls", certificate.absolute(), key.absolute()) +
      clients?.let { listOf("--clients", it.absolute()) }.orEmpty()
}

/** Where a server listens, and who may reach it. */
internal class Serving(
  val socket: Path?,
  val port: Int?,
  private val listen: String? = null,
  private val tls: Tls? = null,
  private val insecure: Boolean = false,
) {

  fun check(name: String) {
    if (socket != null && port != null)
      throw BlkshException("serve $name", "it is either a socket or a port")
    if (listen != null && port == null)
      throw BlkshException("serve $name on $listen", "it has no port")
        .suggest("give one: port = 10809 (--port 10809), or 0 for one that is free")
  }

  /** @param usual where the socket is that nobody named */
  fun at(usual: Path): Path = socket ?: usual

  fun options(usual: Path): ServeOptions {
    val open = port?.let { ServeOptions.onPort(it) } ?: ServeOptions.onSocket(at(usual))
    val secret = tls?.let { open.withTls(it.keys()) } ?: open
    return listen?.let { secret.listening(it, insecure) } ?: secret
  }

  /** The same as another process is told it. */
  fun words(usual: Path): List<String> = buildList {
    if (port == null) addAll(listOf("--socket", at(usual).absolute()))
    else addAll(listOf("--port", "$port"))
    listen?.let { addAll(listOf("--listen", it)) }
    if (insecure) add("--insecure")
    tls?.let { addAll(it.words()) }
  }
}

private fun Path.absolute() = toAbsolutePath().normalize().toString()
