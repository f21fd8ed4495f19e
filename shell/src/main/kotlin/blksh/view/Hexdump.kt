package blksh.view

/** Bytes as people read them, in the layout of `hexdump -C`. */
class Hexdump
internal constructor(
  private val of: String,
  /** Where the first byte lies. */
  val position: Long,
  /** The bytes. */
  val bytes: ByteArray,
) : Pictured {

  /** The lines: where, sixteen bytes, and what of them is ASCII. */
  val lines: List<String>
    get() = bytes.indices.step(LINE).map { line(it) }

  private fun line(from: Int): String {
    val to = minOf(bytes.size, from + LINE)
    val hex =
      (from until to).joinToString("") {
        (if (it - from == LINE / 2) " " else "") + "%02x ".format(bytes[it])
      }
    val text = (from until to).map { bytes[it].toInt().toChar() }
    val shown = text.joinToString("") { if (it in ' '..'~') "$it" else "." }
    return "%010x  %s |%s|".format(position + from, hex.padEnd(3 * LINE + 1), shown)
  }

  override fun title(): String = "bytes $position to ${position + bytes.size} of $of"

  override fun fields(): List<Field> =
    listOf(
      Field.of("position", position),
      Field.of("hex", bytes.joinToString("") { "%02x".format(it) }),
    )

  override fun picture(): View =
    View.Text(if (bytes.isEmpty()) "${title()}: nothing" else lines.joinToString("\n"))

  override fun toString(): String = lines.joinToString("\n")

  internal companion object {
    const val LINE = 16
    const val MOST = 1L shl 20
  }
}
