package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.io.IoFailure
import blksh.luks.LuksKey
import blksh.luks.LuksVolume
import blksh.luks.WrongPassphraseException
import blksh.session.Secret
import blksh.view.Field
import blksh.view.Size
import java.io.IOException
import java.nio.CharBuffer
import java.nio.charset.StandardCharsets
import java.nio.file.Files
import java.nio.file.InvalidPathException
import java.nio.file.Path

/** What an encrypted source holds; a source as any other. Its key is kept in memory only. */
class Unlocked
internal constructor(
  /** What it is encrypted on. */
  val of: Source,
  private val key: LuksKey,
  private val facts: LuksVolume,
  override val size: Size,
) : Source(of.session) {

  override val name: String
    get() = "${of.name}.decrypted"

  /** How it is encrypted: `LUKS2, aes-xts-plain64`. */
  val encryption: String
    get() = "LUKS${facts.version()}, ${facts.cipher()}"

  /** The UUID of the encrypted volume. */
  val uuid: String
    get() = facts.uuid()

  override fun open(): BlockSource {
    val below = of.open()
    try {
      return key.open(below)
    } catch (failure: Throwable) {
      below.close()
      throw failure
    }
  }

  override fun title(): String = "decrypted ${of.name}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("size", size),
      Field.of("encryption", encryption),
      Field.of("label", facts.label().ifEmpty { null }),
      Field.detail("uuid", uuid),
      Field.detail("warnings", facts.warnings().ifEmpty { null }),
    )

  internal companion object {

    /** As often may a passphrase be typed. */
    private const val TRIES = 3

    /** Bytes of a key file at most, as cryptsetup has it. */
    private const val LONGEST = 8 shl 20

    fun open(source: Source, keyFile: Path?): Unlocked {
      val session = source.session
      for (turn in 1..TRIES) {
        val passphrase = if (keyFile == null) asked(source) else read(keyFile)
        try {
          return session.run("unlock", source.name) { task ->
            source.open().use { opened ->
              val volume =
                LuksVolume.on(opened).orElseThrow {
                  BlkshException("unlock ${source.name}", "no LUKS volume is on it")
                    .suggest("its partitions may be: name one of them")
                }
              val key = volume.unlock(passphrase, task)
              Unlocked(source, key, volume, Size(key.size(opened)))
            }
          }
        } catch (wrong: WrongPassphraseException) {
          if (keyFile != null || turn == TRIES) throw wrong
          session.console().tell("no key slot opens with this passphrase")
        } finally {
          passphrase.fill(0)
        }
      }
      throw AssertionError()
    }

    /** The file of a name; what is none may be a passphrase, and is repeated nowhere. */
    fun keyFile(source: Source, name: String): Path =
      (if (isFile(name)) Path.of(name) else null)
        ?: throw BlkshException("unlock ${source.name}", "there is no key file of that name")
          .suggest("a passphrase is never an argument: unlock() asks for it")

    private fun isFile(name: String): Boolean =
      try {
        Files.exists(Path.of(name))
      } catch (noPath: InvalidPathException) {
        false
      }

    private fun asked(source: Source): ByteArray {
      val typed =
        Secret(source.session.console())
          .ask("passphrase of ${source.name}") { false }
          .orElseThrow {
            BlkshException("unlock ${source.name}", "there is nobody to ask for its passphrase")
              .suggest("name a file that holds it: unlock(keyFile = \"FILE\")")
          }
      val bytes = StandardCharsets.UTF_8.encode(CharBuffer.wrap(typed))
      val passphrase = ByteArray(bytes.remaining())
      bytes.get(passphrase)
      bytes.array().fill(0)
      typed.fill('\u0000')
      return passphrase
    }

    private fun read(file: Path): ByteArray {
      try {
        val bytes = Files.newInputStream(file).use { it.readNBytes(LONGEST + 1) }
        if (bytes.size <= LONGEST) return bytes
        bytes.fill(0)
        throw BlkshException(
          "read the key file $file",
          "it has more than ${Size(LONGEST.toLong())}",
        )
      } catch (failure: IOException) {
        throw IoFailure.told("read the key file $file", failure)
      }
    }
  }
}
