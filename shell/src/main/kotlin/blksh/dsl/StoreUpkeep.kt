package blksh.dsl

import blksh.BlkshException
import blksh.retention.Age
import blksh.retention.Period
import blksh.session.Session
import blksh.store.CompactOptions
import blksh.store.ManifestKind
import blksh.store.Store as Engine
import blksh.store.VersionMarks
import blksh.view.Described
import blksh.view.Percent

/** What keeps a store in shape over years: which versions stay, and the space of the others. */
abstract class StoreUpkeep internal constructor(private val user: Session) : Described {

  /** Where it is. */
  abstract val place: Place

  internal abstract val engine: Engine

  /** The store that is there, or a new one where none can have been. */
  internal abstract fun engineToFill(): Engine

  internal val dryRun: Boolean
    get() = user.options().dryRun()

  /** One captured version. */
  abstract fun manifest(reference: String): Manifest

  /** Removes a version; until the store is compacted it can be taken back with [undelete]. */
  fun delete(manifest: Manifest): Deleted = delete(manifest.reference)

  /** Removes a version by its reference; it need not be whole. */
  fun delete(reference: String): Deleted = engine.resolve(reference).let { delete(listOf(it), it) }

  /**
   * Removes all but the newest versions of a name.
   *
   * @param count how many to keep, at least 1
   *
   * Example: `sampleStore().keepLast("disk", 10)`
   */
  fun keepLast(name: String, count: Int): Deleted =
    delete(engine.expendable(name, count).map { it.reference() }, name)

  private fun delete(references: List<String>, subject: String): Deleted {
    if (references.isEmpty() || dryRun) return Deleted(references, dryRun)
    return user.run("delete", subject) { task ->
      for (reference in references) {
        task.checkCancelled()
        engine.delete(reference)
      }
      Deleted(references, dryRun)
    }
  }

  /**
   * Removes the versions of images that no rule keeps, each name by itself. To keep 7 daily ones is
   * to keep the last of each of the 7 most recent days that have one, by this machine's calendar;
   * -1 keeps all. Pinned ones stay, the newest of each name does, and no version with unreadable
   * ranges makes a whole one go.
   *
   * @param names which are judged: `*` stands for any characters, `?` for one, `\\*` for itself
   * @param keepWithin an age such as `7d` or `1y6m`, counted back from the newest version
   * @param keepTags those that have one of these tags stay; of `"a,b"` both
   * @param trees whether snapshots of file trees are judged, in place of images
   *
   * Example: `sampleStore().forget("disk", keepLast = 3, keepMonthly = 12)`
   */
  fun forget(
    names: String = "*",
    keepLast: Int? = null,
    keepHourly: Int? = null,
    keepDaily: Int? = null,
    keepWeekly: Int? = null,
    keepMonthly: Int? = null,
    keepYearly: Int? = null,
    keepWithin: String? = null,
    keepTags: List<String> = emptyList(),
    trees: Boolean = false,
  ): Forgotten {
    val policy =
      keepRules(
        "forget versions in $place",
        listOf(
          Period.LAST to keepLast,
          Period.HOURLY to keepHourly,
          Period.DAILY to keepDaily,
          Period.WEEKLY to keepWeekly,
          Period.MONTHLY to keepMonthly,
          Period.YEARLY to keepYearly,
        ),
        keepWithin,
        keepTags,
      )
    val kind = if (trees) ManifestKind.TREE else ManifestKind.IMAGE
    return user.run("forget", "$place") { task ->
      Forgotten(
        engine.upkeep().forget(names, { it.kind() == kind }, policy, dryRun, task).map {
          Judged(it.thing().reference(), it.thing().started(), it.reasons())
        },
        dryRun,
      )
    }
  }

  /**
   * Gives back the space of what no version needs, and empties the trash. Others may use the store
   * meanwhile.
   *
   * @param threshold how much of a pack nobody may need before it is written anew
   * @param grace how long deleted versions can still be taken back: an age such as `7d`
   * @param recompress whether all of a pack that is written anew is compressed as the store now
   *   compresses, where that may be smaller
   *
   * Example: `sampleStore().compact()`
   */
  fun compact(
    threshold: Percent = 25.percent,
    grace: String? = null,
    recompress: Boolean = false,
  ): Compacted {
    val options =
      reading("compact $place") {
        CompactOptions(threshold.value, grace?.let { Age.parse(it) }, recompress, dryRun)
      }
    return user.run("compact", "$place") { Compacted(engine.upkeep().compact(options, it)) }
  }

  /**
   * Copies versions to another store, of each what that does not have: proven, with dates, numbers
   * and what was said of them. What is there already is not copied again, so a copy that was
   * interrupted goes on. A version that is damaged here is not copied, and makes the exit status 3.
   *
   * @param other another store, of any codec; made where none can have been
   * @param names which: `*` stands for any characters, `?` for one
   *
   * Example: `sampleStore().copyTo(store(home.resolve("samples/copies")))`
   */
  fun copyTo(other: Store, names: String = "*"): Copied {
    // Opened first: what is refused leaves no new store behind.
    val from = engine
    if (names != "*" && from.upkeep().namesLike(names).isEmpty())
      throw BlkshException("copy $names", "store $place has no such name")
    return user.run("copy", "$place to ${other.place}") {
      Copied(from.upkeep().copyTo(other.engineToFill(), names, dryRun, it))
    }
  }

  /**
   * What the store takes, and each version of it: its own and what it shares with others, what it
   * brought, and what changed since the one before. No page is read for it.
   *
   * @param names of which: `*` stands for any characters, `?` for one
   *
   * Example: `sampleStore().figures("disk")`
   */
  fun figures(names: String = "*"): Measured {
    if (names != "*" && engine.upkeep().namesLike(names).isEmpty())
      throw BlkshException("measure $names", "store $place has no such name")
    return user.run("figures", "$place") { Measured(engine.upkeep().figures(names, it)) }
  }

  /**
   * Compresses what is captured from now on in another way. What is there stays as it is; what
   * [compact] takes apart for its dead pages is compressed anew.
   *
   * Example: `sampleStore().compressBy(Codec.zstd(9))`
   */
  fun compressBy(codec: Codec): Recoded {
    val before = engine.codec()
    if (!dryRun) engine.upkeep().compressBy(codec)
    return Recoded(place, before, codec, dryRun)
  }

  /**
   * How well the store is: what of it was verified lately, which damage is not healed, how much
   * nobody needs, when each name was captured last. What is overdue makes the exit status 3.
   *
   * Example: `sampleStore().health`
   */
  val health: Health
    get() = health()

  /**
   * As [health], and whether all names are still captured.
   *
   * @param captured within which age each name should have been: `2d`
   *
   * Example: `sampleStore().health(captured = "10y").overdue`
   */
  fun health(captured: String? = null): Health {
    val age = reading("look at the health of $place") { captured?.let { Age.parse(it) } }
    return user.run("health", "$place") { Health("$place", engine.upkeep().health(age, it)) }
  }

  /**
   * Has packs and manifests parity, by which [repair] makes again what was lost of them: what is
   * written from now on, and what is there. Others may use the store meanwhile; when it is
   * interrupted the next goes on. What is damaged gets none, and makes the exit status 3.
   *
   * @param parity how much of each may be lost: 1 to 50 percent, or 0, which removes what there is;
   *   null for what is missing of that which the store has
   *
   * Example: `store(home.resolve("samples/protected")).create(parity = 10.percent).protect()`
   */
  fun protect(parity: Percent? = null): Protected {
    val percent = reading("protect $place") { parity?.let { wholePercent(it) } ?: -1 }
    return user.run("protect", "$place") {
      Protected("$place", engine.upkeep().protect(percent, dryRun, it), dryRun)
    }
  }

  /**
   * Makes again what [Store.verify] found damaged: by parity, where there is some ([protect]), and
   * of the rest what versions need from the same pages in another store. Each is proven by its
   * digest; what is still lost makes the exit status 3. Others may use the store meanwhile.
   *
   * @param from a store that has some of the same contents; it is only read
   *
   * Example: `sampleStore().repair()`
   */
  fun repair(from: Store? = null): Repaired =
    user.run("repair", "$place") {
      Repaired(engine.upkeep().repair(listOfNotNull(from?.engine), dryRun, it))
    }

  /** Its keys, if it is encrypted: each of them opens it. */
  val keys: Keys
    get() = Keys(user, place)

  /**
   * The versions that were deleted and can be taken back, until the store is compacted.
   *
   * Example: `sampleStore().trash`
   */
  val trash: List<Trashed>
    get() = engine.upkeep().trash().map { Trashed(it) }

  /**
   * Takes a deleted version back.
   *
   * @param reference `NAME@VERSION`
   */
  fun undelete(reference: String): Undeleted {
    if (dryRun) {
      if (trash.none { it.reference == reference })
        throw BlkshException("bring back $reference", "it is not in the trash of store $place")
      return Undeleted(reference, true)
    }
    return user.run("undelete", reference) {
      engine.upkeep().undelete(reference)
      Undeleted(reference, false)
    }
  }

  /**
   * Removes a deleted version for good, whatever a grace keeps; it need not be whole.
   *
   * @param reference `NAME@VERSION`
   */
  fun purge(reference: String): Deleted {
    if (dryRun) {
      if (trash.none { it.reference == reference })
        throw BlkshException("remove $reference for good", "it is not in the trash of store $place")
      return Deleted(listOf(reference), true)
    }
    return user.run("purge", reference) {
      engine.upkeep().purge(reference)
      Deleted(listOf(reference), false)
    }
  }

  /**
   * Has a version stay, whatever rules say, until it is [unpin]ned; it cannot be deleted.
   *
   * Example: `sampleStore().pin("disk@1")`
   */
  fun pin(reference: String): Manifest = mark(reference) { it.withPinned(true) }

  /** Takes back that a version is pinned. */
  fun unpin(reference: String): Manifest = mark(reference) { it.withPinned(false) }

  /**
   * Says something of a version, for people; an empty text takes it back.
   *
   * Example: `sampleStore().note("disk@1", "before the upgrade")`
   */
  fun note(reference: String, text: String): Manifest = mark(reference) { it.withNote(text) }

  /**
   * Gives a version words it can be kept by.
   *
   * Example: `sampleStore().tag("disk@1", "monthly")`
   */
  fun tag(reference: String, vararg tags: String): Manifest =
    mark(reference) { it.withTags(it.tags() + tags) }

  /** Takes words from a version. */
  fun untag(reference: String, vararg tags: String): Manifest =
    mark(reference) { it.withTags(it.tags() - tags.toSet()) }

  private fun mark(reference: String, change: (VersionMarks) -> VersionMarks): Manifest {
    if (!dryRun) engine.upkeep().mark(reference) { change(it) }
    return manifest(reference)
  }
}
