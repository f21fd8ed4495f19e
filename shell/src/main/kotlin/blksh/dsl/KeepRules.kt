package blksh.dsl

import blksh.BlkshException
import blksh.retention.Age
import blksh.retention.Period
import blksh.retention.Policy

/**
 * What `keep…` says, for versions and snapshots alike.
 *
 * @param action what is to be done with it, for people
 * @param tags each a rule of its own: words with commas between, all of which a thing must have
 */
internal fun keepRules(
  action: String,
  counts: List<Pair<Period, Int?>>,
  within: String?,
  tags: List<String>,
): Policy {
  val policy =
    reading(action) {
      var policy = Policy.keeping()
      counts.forEach { (period, count) -> if (count != null) policy = policy.and(period, count) }
      if (within != null) policy = policy.andWithin(Period.LAST, Age.parse(within))
      tags.forEach { each ->
        policy = policy.andTagged(each.split(',').map { it.trim() }.filter { it.isNotEmpty() })
      }
      policy
    }
  if (policy.isEmpty)
    throw BlkshException(action, "no rule says what stays")
      .suggest("say one, such as keepDaily = 7")
  return policy
}

/** Turns what a value is refused for into a message. */
internal fun <T> reading(action: String, read: () -> T): T =
  try {
    read()
  } catch (refused: IllegalArgumentException) {
    throw BlkshException(action, refused.message ?: "a value makes no sense", refused)
  }
