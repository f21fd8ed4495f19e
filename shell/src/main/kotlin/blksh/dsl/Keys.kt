package blksh.dsl

import blksh.BlkshException
import blksh.io.IoFailure
import blksh.io.PartFile
import blksh.io.WholeFile
import blksh.session.Session
import blksh.session.StoreSecrets
import blksh.store.StoreOptions
import blksh.store.sealed.KeySecret
import blksh.store.sealed.MasterKey
import blksh.store.sealed.RecoverySheet
import blksh.store.sealed.StoreKeys
import blksh.view.Described
import blksh.view.Field
import java.io.IOException
import java.nio.file.FileAlreadyExistsException
import java.nio.file.Files
import java.nio.file.LinkOption
import java.nio.file.Path
import java.time.Instant

/** The keys of an encrypted store, in the order in which they were made: each opens it. */
class Keys internal constructor(private val session: Session, private val place: Place) :
  AbstractList<Key>() {

  private val opened: StoreKeys by lazy { session.workspace().keys(place) }

  private var known: List<Key>? = null

  override val size: Int
    get() = all().size

  override fun get(index: Int): Key = all()[index]

  private fun all(): List<Key> =
    known
      ?: told("list the keys of store $place") { opened.list().map { Key(it) } }.also { known = it }

  private fun <T> told(action: String, work: () -> T): T =
    try {
      work()
    } catch (failure: IOException) {
      throw BlkshException(action, IoFailure.reason(failure), failure)
    }

  /**
   * Adds one: a passphrase that is asked for, or what is named.
   *
   * @param label what it is called, which everybody can read who sees the files of the store
   * @param file a key file, 32 bytes to 1 MiB
   * @param command a line for the shell that prints a passphrase
   */
  fun add(label: String, file: Path? = null, command: String? = null): KeyChanged =
    changed("added", label, file, command) { opened.add(it, label) }

  /**
   * Puts another secret in the place of a key's; the old one opens nothing here any more.
   *
   * @param key its id or its label
   * @param file as of [add]
   * @param command as of [add]
   */
  fun change(key: String, file: Path? = null, command: String? = null): KeyChanged =
    changed("changed", key, file, command) { opened.change(key, it) }

  private fun changed(
    what: String,
    key: String,
    file: Path?,
    command: String?,
    work: (KeySecret) -> String,
  ): KeyChanged {
    all() // who may not open it is not asked for more
    if (session.options().dryRun()) return KeyChanged(what, key, null, true)
    val secret = session.secrets().forNew("$place", StoreSecrets.Named(file, command))
    try {
      return session.run("keys", "$place") {
        KeyChanged(what, key, told("change the keys of store $place") { work(secret) }, false)
      }
    } finally {
      secret.clear()
      known = null
    }
  }

  /**
   * Removes one. Who had it may have kept what it opened.
   *
   * @param key its id or its label; not the one by which the store was opened
   */
  fun remove(key: String): KeyChanged {
    all()
    if (session.options().dryRun()) return KeyChanged("removed", key, null, true)
    return session
      .run("keys", "$place") {
        told("change the keys of store $place") { opened.remove(key) }
        KeyChanged("removed", key, null, false)
      }
      .also { known = null }
  }

  /**
   * Shows the recovery sheet, which opens the store when all keys are lost.
   *
   * @param to a new file; else it is shown, if a terminal is there to show it
   */
  fun sheet(to: Path? = null) {
    val sheet = opened.recovery()
    if (to == null || !session.options().dryRun()) showSheet(session, "$place", sheet, to)
  }
}

/** One of the keys of an encrypted store. */
class Key internal constructor(private val entry: StoreKeys.Entry) : Described {

  /** By which it is changed or removed, as by its [label]. */
  val id: String
    get() = entry.id()

  /** What it is called. */
  val label: String
    get() = entry.label()

  /** `passphrase` or `key file`. */
  val kind: String
    get() = entry.kind()

  /** When it was made; null when that cannot be read. */
  val made: Instant?
    get() = entry.made().takeIf { it != Instant.EPOCH }

  /** Why it opens nothing; null when it does. */
  val problem: String?
    get() = entry.problem()

  override fun title(): String = "key $id"

  override fun fields(): List<Field> =
    listOf(
      Field.of("id", id),
      Field.of("label", label),
      Field.of("kind", kind),
      Field.of("made", made),
      Field.of("problem", problem),
    )

  override fun toString(): String = id
}

/** That a key of a store was added, changed or removed. */
class KeyChanged
internal constructor(
  private val what: String,
  private val key: String,
  /** The id that it has now; null when it is gone. */
  val id: String?,
  private val dryRun: Boolean,
) : Result() {

  override fun title(): String = if (dryRun) "would be $what" else what

  override fun fields(): List<Field> =
    listOf(Field.of("key", key), Field.of("id", id), Field.of("dry run", dryRun))
}

/** Whether a sheet can be shown: not in a journal, nor in a mail. */
private fun canShowSheet(session: Session, to: Path?): Boolean =
  to != null || session.console().liveErr()

/** Makes an encrypted store, and gives its recovery sheet to who makes it. */
internal fun makeEncrypted(
  session: Session,
  place: String,
  plain: StoreOptions,
  sheet: Path?,
  make: (StoreOptions) -> Unit,
) {
  mustBeNewSheet(place, sheet)
  val key = MasterKey.random()
  val secret = session.secrets().forNew(place)
  try {
    make(plain.withEncryption(StoreOptions.Encryption(key, secret, "first")))
  } finally {
    secret.clear()
  }
  if (canShowSheet(session, sheet)) showSheet(session, place, RecoverySheet.text(key), sheet)
  else
    session
      .console()
      .tell(
        "no terminal is there to show the recovery sheet of store $place: show it at one with " +
          "run keys --show-sheet, and keep it apart"
      )
}

/** Before a store is made whose sheet could not be written then. */
private fun mustBeNewSheet(place: String, to: Path?) {
  if (to != null && Files.exists(to, LinkOption.NOFOLLOW_LINKS))
    throw BlkshException("show the recovery sheet of store $place", "$to exists")
      .suggest("name another file")
}

internal fun showSheet(session: Session, place: String, sheet: String, to: Path?) {
  val action = "show the recovery sheet of store $place"
  val about =
    "recovery sheet of store $place: typed in the place of the passphrase it opens the store when " +
      "all keys are lost\n\n$sheet"
  if (to == null) {
    if (!canShowSheet(session, to))
      throw BlkshException(action, "no terminal is there to show it").suggest("name a file for it")
    session.console().tell("$about\nprint it and keep it apart")
    return
  }
  try {
    WholeFile.create(to, PartFile.Durability.DURABLE, sheet.toByteArray())
  } catch (there: FileAlreadyExistsException) {
    throw BlkshException(action, "$to exists", there).suggest("name another file")
  } catch (failure: IOException) {
    throw BlkshException(action, IoFailure.reason(failure), failure)
  }
  session.console().tell("the recovery sheet of store $place is in $to: print it and remove that")
}
