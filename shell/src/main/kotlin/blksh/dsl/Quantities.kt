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

/** This many kB (1000 bytes). */
val Int.kB: Size
  get() = toLong().kB

/** This many MB (1000² bytes). */
val Int.MB: Size
  get() = toLong().MB

/** This many GB (1000³ bytes). */
val Int.GB: Size
  get() = toLong().GB

/** This many TB (1000⁴ bytes). */
val Int.TB: Size
  get() = toLong().TB

/** This many kB (1000 bytes). */
val Long.kB: Size
  get() = Size(Math.multiplyExact(this, 1_000L))

/** This many MB (1000² bytes). */
val Long.MB: Size
  get() = Size(Math.multiplyExact(this, 1_000_000L))

/** This many GB (1000³ bytes). */
val Long.GB: Size
  get() = Size(Math.multiplyExact(this, 1_000_000_000L))

/** This many TB (1000⁴ bytes). */
val Long.TB: Size
  get() = Size(Math.multiplyExact(this, 1_000_000_000_000L))

/** This many KiB, to the byte. */
val Double.KiB: Size
  get() = 1.KiB * this

/** This many MiB, to the byte. */
val Double.MiB: Size
  get() = 1.MiB * this

/** This many GiB, to the byte. */
val Double.GiB: Size
  get() = 1.GiB * this

/** This many TiB, to the byte. */
val Double.TiB: Size
  get() = 1.TiB * this

/** So many times a size. */
operator fun Int.times(size: Size): Size = size * this

/** So many times a size. */
operator fun Long.times(size: Size): Size = size * this

/** So many times a size, to the byte. */
operator fun Double.times(size: Size): Size = size * this

/** This many percent. */
val Int.percent: Percent
  get() = Percent(toDouble())

/** This many percent. */
val Double.percent: Percent
  get() = Percent(this)
