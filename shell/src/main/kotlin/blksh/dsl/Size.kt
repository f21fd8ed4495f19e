package blksh.dsl

import blksh.shell.view.Words

/** A number of bytes. Prints in binary units; write one as `4.GiB` or `512.MiB`. */
data class Size(val bytes: Long) : Comparable<Size> {

  operator fun plus(other: Size): Size = Size(Math.addExact(bytes, other.bytes))

  operator fun minus(other: Size): Size = Size(Math.subtractExact(bytes, other.bytes))

  operator fun times(factor: Int): Size = Size(Math.multiplyExact(bytes, factor.toLong()))

  /** How many times [other] fits, as a ratio. */
  operator fun div(other: Size): Double = bytes.toDouble() / other.bytes

  override fun compareTo(other: Size): Int = bytes.compareTo(other.bytes)

  override fun toString(): String = Words.size(bytes)

  companion object {
    private val UNITS = listOf("", "k", "m", "g", "t", "p")
    private val FORM = Regex("""(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?""")

    /** Reads `4GiB`, `1.5 M` or plain bytes; units are binary. Null when it is no size. */
    fun parse(text: String): Size? {
      val match = FORM.matchEntire(text.trim().lowercase()) ?: return null
      val (number, unit) = match.destructured
      val factor = 1L shl (10 * UNITS.indexOf(unit))
      val whole = number.toLongOrNull() ?: return Size((number.toDouble() * factor).toLong())
      return runCatching { Size(Math.multiplyExact(whole, factor)) }.getOrNull()
    }
  }
}

/** This many bytes. */
val Int.B: Size
  get() = Size(toLong())

/** This many KiB (1024 bytes). */
val Int.KiB: Size
  get() = toLong().KiB

/** This many MiB (1024² bytes). */
val Int.MiB: Size
  get() = toLong().MiB

/** This many GiB (1024³ bytes). */
val Int.GiB: Size
  get() = toLong().GiB

/** This many TiB (1024⁴ bytes). */
val Int.TiB: Size
  get() = toLong().TiB

/** This many bytes. */
val Long.B: Size
  get() = Size(this)

/** This many KiB (1024 bytes). */
val Long.KiB: Size
  get() = Size(Math.multiplyExact(this, 1L shl 10))

/** This many MiB (1024² bytes). */
val Long.MiB: Size
  get() = Size(Math.multiplyExact(this, 1L shl 20))

/** This many GiB (1024³ bytes). */
val Long.GiB: Size
  get() = Size(Math.multiplyExact(this, 1L shl 30))

/** This many TiB (1024⁴ bytes). */
val Long.TiB: Size
  get() = Size(Math.multiplyExact(this, 1L shl 40))
