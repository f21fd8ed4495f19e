package blksh.dsl

import blksh.BlkshException
import java.util.Locale

/** What a server of buckets takes for its work, as its owner says it. */
internal class BucketPrices
private constructor(
  private val dear: Double,
  private val cheap: Double,
  private val received: Double,
) {

  /** What traffic costs, as [blksh.store.Store.traffic] has it. */
  fun cost(traffic: Map<String, Long>): String {
    fun count(what: String) = (traffic[what] ?: 0).toDouble()
    val sum =
      dear * count("dear") / MILLION +
        cheap * (count("requests") - count("dear")) / MILLION +
        received * count("received") / TERABYTE
    return String.format(Locale.ROOT, "%.6f", sum)
  }

  companion object {
    private const val VARIABLE = "BLKSH_S3_PRICES"
    private const val MILLION = 1e6
    private const val TERABYTE = 1e12

    /**
     * What `BLKSH_S3_PRICES` says: for a million puts, copies and lists, for a million other
     * requests, and for a terabyte received, such as `5,0.4,90`; null when it is not set.
     *
     * @throws BlkshException when it says something else
     */
    fun of(environment: Map<String, String>): BucketPrices? {
      val text = environment[VARIABLE].orEmpty()
      if (text.isEmpty()) return null
      val prices = text.split(",").map { it.trim().toDoubleOrNull() ?: -1.0 }
      if (prices.size != 3 || prices.any { it < 0 || !it.isFinite() })
        throw BlkshException("take $VARIABLE=$text for prices", "there must be three numbers")
          .suggest("write 5,0.4,90: for a million puts, a million other requests, a TB received")
      return BucketPrices(prices[0], prices[1], prices[2])
    }
  }
}
