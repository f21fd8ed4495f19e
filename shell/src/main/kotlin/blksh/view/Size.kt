package blksh.view

/** A number of bytes. Prints in binary units; write one as `4.GiB` or `512.MiB`. */
data class Size(val bytes: Long) : Comparable<Size> {

  operator fun plus(other: Size): Size = Size(Math.addExact(bytes, other.bytes))

  operator fun minus(other: Size): Size = Size(Math.subtractExact(bytes, other.bytes))

  operator fun times(factor: Int): Size = times(factor.toLong())

  operator fun times(factor: Long): Size = Size(Math.multiplyExact(bytes, factor))

  /** To the byte. */
  operator fun times(factor: Double): Size = Size(exact(bytes * factor))

  /** A part of it, to the byte. */
  operator fun div(parts: Int): Size = div(parts.toLong())

  /** A part of it, to the byte. */
  operator fun div(parts: Long): Size = Size(bytes / parts)

  /** How many times [other] fits, as a ratio. */
  operator fun div(other: Size): Double = bytes.toDouble() / other.bytes

  override fun compareTo(other: Size): Int = bytes.compareTo(other.bytes)

  override fun toString(): String = Words.size(bytes)

  companion object {
    private fun exact(bytes: Double): Long {
      if (!(Math.abs(bytes) < Long.MAX_VALUE)) throw ArithmeticException("$bytes bytes are no size")
      return Math.round(bytes)
    }

    private val UNITS = listOf("", "k", "m", "g", "t", "p")
    private val FORM = Regex("""(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?""")

    /** Reads `4GiB`, `1.5 M` or plain bytes; units are binary. Null when it is no size. */
    fun parse(text: String): Size? {
      val match = FORM.matchEntire(text.trim().lowercase()) ?: return null
      val (number, unit) = match.destructured
      val factor = 1L shl (10 * UNITS.indexOf(unit))
      if ('.' in number) {
        val bytes = number.toDouble() * factor
        return if (bytes < Long.MAX_VALUE) Size(bytes.toLong()) else null
      }
      val whole = number.toLongOrNull() ?: return null
      return runCatching { Size(Math.multiplyExact(whole, factor)) }.getOrNull()
    }
  }
}
