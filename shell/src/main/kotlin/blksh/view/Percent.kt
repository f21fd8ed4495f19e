package blksh.view

/** A share of a whole, in percent; write one as `5.percent`. */
data class Percent(val value: Double) : Comparable<Percent> {

  override fun compareTo(other: Percent): Int = value.compareTo(other.value)

  override fun toString(): String = Words.of(value) + " %"
}
