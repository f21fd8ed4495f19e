package blksh.dsl

import blksh.shell.view.Words

/** A share of a whole, in percent; write one as `5.percent`. */
data class Percent(val value: Double) : Comparable<Percent> {

  override fun compareTo(other: Percent): Int = value.compareTo(other.value)

  override fun toString(): String = Words.of(value) + " %"
}

/** This many percent. */
val Int.percent: Percent
  get() = Percent(toDouble())

/** This many percent. */
val Double.percent: Percent
  get() = Percent(this)
