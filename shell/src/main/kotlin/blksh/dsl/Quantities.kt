package blksh.dsl

import blksh.view.Percent
import blksh.view.Size

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

/** This many percent. */
val Int.percent: Percent
  get() = Percent(toDouble())

/** This many percent. */
val Double.percent: Percent
  get() = Percent(this)
