package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.io.IoFailure
import blksh.io.PartFile
import blksh.io.WholeFile
import blksh.view.Field
import blksh.view.Json
import blksh.view.Percent
import blksh.view.Size
import blksh.view.Views
import blksh.view.Words
import java.io.IOException
import java.nio.file.FileAlreadyExistsException
import java.nio.file.Path
import java.time.Duration

/**
 * Things as rows under columns: to be sorted, limited, and written as CSV or JSON lines. It is the
 * list of its rows, each a map by the names of the columns.
 */
class Table
private constructor(private val rows: List<List<Field>>, private val chosen: List<String>?) :
  AbstractList<Map<String, Any?>>() {

  override val size: Int
    get() = rows.size

  override fun get(index: Int): Map<String, Any?> =
    rows[index].associateTo(LinkedHashMap()) { it.label() to it.value() }

  /** The names of the columns, in order. */
  val columns: List<String> by lazy {
    chosen ?: rows.flatMap { row -> row.map { it.label() } }.distinct()
  }

  /**
   * Some of the columns, in that order. Where nothing is there and no columns are known, any name
   * will do.
   *
   * Example: `table(sampleStore().manifests).columns("reference", "size")`
   */
  fun columns(vararg names: String): Table {
    val labels = if (rows.isEmpty() && chosen == null) names.toList() else names.map { named(it) }
    val cells =
      rows.map { row ->
        labels.map { label -> row.find { it.label() == label } ?: Field.of(label, null) }
      }
    return Table(cells, labels)
  }

  /**
   * Sorted by a column; rows that have nothing there come last.
   *
   * @param by its name
   *
   * Example: `table(sampleStore().manifests).sorted("new", descending = true)`
   */
  fun sorted(by: String, descending: Boolean = false): Table {
    if (rows.isEmpty()) return this
    val label = named(by)
    val (there, without) = rows.partition { value(it, label) != null }
    val order = Comparator<List<Field>> { a, b -> compare(value(a, label)!!, value(b, label)!!) }
    val sorted = there.sortedWith(if (descending) order.reversed() else order) + without
    return Table(sorted, columns)
  }

  /** The first rows. */
  fun limit(count: Int): Table = Table(rows.take(count), columns.ifEmpty { null })

  /**
   * As CSV (RFC 4180), with a line of headings. Sizes are bytes, lengths of time seconds, times
   * ISO 8601. Where there are no rows, only the columns that were named are known, and without them
   * there is nothing.
   *
   * Example: `table(sampleStore().manifests).csv()`
   */
  fun csv(): String {
    val labels = columns
    if (labels.isEmpty()) return ""
    return (listOf(labels) + rows.map { row -> labels.map { bare(value(row, it)) } }).joinToString(
      ""
    ) { cells ->
      if (cells.size == 1 && cells[0].isEmpty()) "\"\"\n" // an empty line would be no record
      else cells.joinToString(",", postfix = "\n") { quoted(it) }
    }
  }

  /**
   * As JSON, an object a line.
   *
   * Example: `table(sampleStore().manifests).jsonLines()`
   */
  fun jsonLines(): String =
    rows.joinToString("") { row ->
      Json.`object`(row.associateTo(LinkedHashMap()) { it.key() to it.value() }, listOf()) + "\n"
    }

  /**
   * Writes it to a file that does not exist yet, whole or not at all.
   *
   * @param to ends in `.csv`, or in `.jsonl` for JSON lines
   */
  fun save(to: String): Path {
    val text =
      when (to.substringAfterLast('.')) {
        "csv" -> csv()
        "jsonl" -> jsonLines()
        else ->
          throw BlkshException("save a table as $to", "how is not clear by its name")
            .suggest("end it in .csv or .jsonl")
      }
    val file = Path.of(to)
    try {
      WholeFile.create(file, PartFile.Durability.DURABLE, text.toByteArray())
    } catch (there: FileAlreadyExistsException) {
      throw BlkshException("save a table as $to", "it exists", there).suggest("name another file")
    } catch (failure: IOException) {
      throw IoFailure.told("save a table as $to", failure)
    }
    return file
  }

  private fun named(name: String): String {
    fun plain(text: String) = text.replace(" ", "").lowercase()
    return columns.find { it == name }
      ?: columns.find { plain(it) == plain(name) }
      ?: throw BlkshException("find column $name", "there is none")
        .suggest(Nearest.among(name, columns, "there are none"))
  }

  internal companion object {

    /** Any value as a table: the members of a collection, the entries of a map, or itself. */
    @JvmStatic
    fun of(value: Any?): Table {
      val members =
        when (value) {
          is Table -> return value
          is Map<*, *> -> value.entries
          is Array<*> -> value.asList()
          is Iterable<*> -> if (value is Path) listOf(value) else value
          else -> listOf(value)
        }
      return Table(members.map { Views.row(it) ?: listOf(Field.of("value", it)) }, null)
    }

    private fun value(row: List<Field>, label: String): Any? =
      row.find { it.label() == label }?.value()

    @Suppress("UNCHECKED_CAST")
    private fun compare(a: Any, b: Any): Int =
      if (a is Comparable<*> && a.javaClass == b.javaClass) (a as Comparable<Any>).compareTo(b)
      else if (a is Number && b is Number) a.toDouble().compareTo(b.toDouble())
      else Words.of(a).compareTo(Words.of(b))

    /** A value as programs read it. */
    private fun bare(value: Any?): String =
      when (value) {
        null -> ""
        is Size -> "${value.bytes}"
        is Percent -> "${value.value}"
        is Duration -> "${value.toMillis() / 1000.0}"
        is Enum<*> -> value.name.lowercase()
        is Collection<*> -> value.joinToString("; ") { bare(it) }
        else -> "$value"
      }

    private fun quoted(cell: String): String =
      if (cell.none { it in ",\"\n\r" }) cell else "\"" + cell.replace("\"", "\"\"") + "\""
  }
}
