package blksh.dsl

import java.time.Duration

/** This many seconds. */
val Int.seconds: Duration
  get() = Duration.ofSeconds(toLong())

/** This many minutes. */
val Int.minutes: Duration
  get() = Duration.ofMinutes(toLong())

/** This many hours. */
val Int.hours: Duration
  get() = Duration.ofHours(toLong())

/** This many days of 24 hours. */
val Int.days: Duration
  get() = Duration.ofDays(toLong())
