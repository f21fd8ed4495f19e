@file:OptIn(kotlin.experimental.ExperimentalTypeInference::class)

package blksh.dsl

import java.math.BigDecimal
import java.math.BigInteger

// Sums of sizes, beside those of numbers that Kotlin has: scripts see these first, so all are here.

/** The sum of sizes: `drives.map { it.size }.sum()`. */
@JvmName("sumOfSizes") fun Iterable<Size>.sum(): Size = fold(Size(0)) { sum, size -> sum + size }

/** The average of sizes, to the byte; 0 of none. */
@JvmName("averageOfSizes")
fun Iterable<Size>.average(): Size {
  val count = count()
  return if (count == 0) Size(0) else sum() / count
}

/** The sum of what sizes there are: `drives.sumOf { it.size }`. */
@OverloadResolutionByLambdaReturnType
@JvmName("sumOfSize")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> Size): Size {
  var sum = Size(0)
  for (element in this) sum += selector(element)
  return sum
}

/** The average of what sizes there are, to the byte; 0 of none. */
inline fun <T> Iterable<T>.averageOf(selector: (T) -> Size): Size = map(selector).average()

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfInt")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> Int): Int {
  var sum = 0
  for (element in this) sum += selector(element)
  return sum
}

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfLong")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> Long): Long {
  var sum = 0L
  for (element in this) sum += selector(element)
  return sum
}

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfDouble")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> Double): Double {
  var sum = 0.0
  for (element in this) sum += selector(element)
  return sum
}

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfUInt")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> UInt): UInt {
  var sum = 0u
  for (element in this) sum += selector(element)
  return sum
}

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfULong")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> ULong): ULong {
  var sum = 0uL
  for (element in this) sum += selector(element)
  return sum
}

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfBigDecimal")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> BigDecimal): BigDecimal {
  var sum = BigDecimal.ZERO
  for (element in this) sum += selector(element)
  return sum
}

@OverloadResolutionByLambdaReturnType
@JvmName("sumOfBigInteger")
inline fun <T> Iterable<T>.sumOf(selector: (T) -> BigInteger): BigInteger {
  var sum = BigInteger.ZERO
  for (element in this) sum += selector(element)
  return sum
}
